"""The first step without demo data: the bureau and the account of a 区级管理员, from the command line."""

import argparse
import os
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from tests.harness import cluster

from smartschool.cli import setup
from smartschool.contexts.directory.models import Organisation
from smartschool.contexts.identity.models import Account
from smartschool.kernel import clock
from smartschool.kernel.models import AuditRecord
from smartschool.runtime.account import child_account
from smartschool.runtime.failure import Failure
from smartschool.runtime.tests.product import command


def wanted(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    setup.add_arguments(parser)
    return parser.parse_args(words)


def signed_in(printed: str) -> Client:
    login, once = re.findall(r"(?:账号|密码) (\w+)", printed)
    client = Client()
    assert client.post("/login/", {"login": login, "password": once}).status_code == 302
    new = "Huai-he 2027"
    client.post("/account/password/", {"old": once, "new": new, "again": new})
    return client


@pytest.fixture
def nothing(fresh_database: str) -> None:
    """A database without an open bureau."""
    yesterday = clock.today() - timedelta(days=1)
    Organisation.objects.filter(kind="bureau").update(valid_to=yesterday)


def test_a_district_begins(nothing: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.set_up(wanted("--name", "许方舟", "--bureau", "新区教育体育局", "--code", "XQ")) == 0
    printed = capsys.readouterr().out
    assert "新区教育体育局的区级管理员许方舟" in printed
    officer = signed_in(printed)
    for path in ("today/", "schools/", "schools/new/", "terms/", "accounts/"):
        assert officer.get(f"/district/{path}").status_code == 200, path
    verbs = AuditRecord.objects.filter(actor="setup").values_list("verb", flat=True)
    assert {"directory.found_bureau", "directory.appoint", "identity.open_for_people"} <= set(verbs)


def test_without_a_name_for_the_bureau_nothing_is_written(nothing: None) -> None:
    accounts = Account.objects.count()
    with pytest.raises(Failure, match="--bureau"):
        setup.set_up(wanted("--name", "许方舟"))
    assert Account.objects.count() == accounts


def test_a_further_officer_where_nobody_can_sign_in(
    fresh_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bureaus = Organisation.objects.filter(kind="bureau").count()
    with pytest.raises(Failure, match="工号 0001 已有人用"):
        setup.set_up(wanted("--name", "许方舟", "--staff-number", "0001"))
    setup.set_up(wanted("--name", "许方舟", "--staff-number", "99", "--bureau", "不会再建一个"))
    assert signed_in(capsys.readouterr().out).get("/district/accounts/").status_code == 200
    assert Organisation.objects.filter(kind="bureau").count() == bureaus


@pytest.fixture
def home() -> Iterator[Path]:
    """A data folder that the plain user can reach, which tmp_path is not."""
    folder = Path("/tmp") / f"smartschool-setup-{os.urandom(4).hex()}"  # noqa: S108
    child_account().folder(folder)
    yield folder
    shutil.rmtree(folder)


def test_on_a_database_of_somebody_else_s(nothing: None, fresh_database: str, home: Path) -> None:
    """As any verb, with both addresses and the keys of the data folder: never with keys of another place."""
    environment = {"DATABASE_URL": cluster.CLUSTER.handle().app_url(fresh_database)}
    words = ("--name", "许方舟", "--bureau", "新区教育体育局", "--data", str(home))
    refused = command("setup", *words, environment=environment)
    assert "DATABASE_URL 和 DATABASE_OWNER_URL 要同时设置" in refused.communicate()[0]
    assert refused.returncode == 1
    assert not Organisation.objects.filter(kind="bureau", valid_to__isnull=True).exists()
