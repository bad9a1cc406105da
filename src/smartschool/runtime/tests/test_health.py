"""doctor sees what is wrong: a changed audit record, a powerful role, missing tables, loose secrets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.harness import cluster

from smartschool.kernel import audit
from smartschool.kernel.actor import system_actor
from smartschool.runtime import health
from smartschool.runtime.account import child_account
from smartschool.runtime.database import Place
from smartschool.runtime.folder import DataFolder


@pytest.fixture
def place(fresh_database: str) -> Place:
    handle = cluster.CLUSTER.handle()
    return Place(handle.app_url(fresh_database), handle.owner_url(fresh_database), None)


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    with tempfile.TemporaryDirectory() as parent:
        Path(parent).chmod(0o755)
        folder = DataFolder(Path(parent) / "data", child_account())
        folder.prepare()
        yield folder


@pytest.mark.serial
def test_a_changed_audit_record_is_found(place: Place) -> None:
    for verb in ("one", "two"):
        audit.record(actor=system_actor("test"), verb=verb, subject=("a", "b"), organisation_id=None)
    audit.seal()
    assert [finding.well for finding in health.look_at_audit()] == [True]
    with psycopg.connect(place.owner_url) as owner:
        owner.execute("ALTER TABLE kernel_auditrecord DISABLE TRIGGER USER")
        owner.execute("UPDATE kernel_auditrecord SET verb = 'three' WHERE verb = 'one'")
        owner.execute("ALTER TABLE kernel_auditrecord ENABLE TRIGGER USER")
    (finding,) = health.look_at_audit()
    assert "被改动过" in finding.seen
    assert "立即报告网络安全负责人" in finding.remedy


def test_powerful_role_and_missing_tables_are_found(place: Place) -> None:
    assert all(finding.well for finding in health.look_at_database(place))
    with psycopg.connect(place.owner_url) as owner:
        owner.execute("DELETE FROM django_migrations WHERE app = 'kernel'")
    powerful = Place(place.owner_url, place.owner_url, None)
    wrong = {
        finding.name: finding.remedy for finding in health.look_at_database(powerful) if not finding.well
    }
    assert set(wrong) == {"数据库角色", "数据表"}
    assert wrong["数据表"] == "请运行 ./smartschool migrate。"


def test_loose_secrets_are_found(folder: DataFolder) -> None:
    def finding() -> health.Finding:
        return next(one for one in health.look_at_folder(folder) if one.name == "密钥与口令文件")

    assert finding().well
    (folder.secrets / "django-key").chmod(0o644)
    assert finding().remedy.endswith("django-key。")
