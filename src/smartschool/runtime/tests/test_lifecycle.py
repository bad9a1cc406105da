"""The life of `up` with real processes, as root and as a plain user: kills, refusals, remedies."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.harness import cluster

from smartschool.runtime import program, roles
from smartschool.runtime.account import child_account
from smartschool.runtime.process import Identity
from smartschool.runtime.program import ROOT
from smartschool.runtime.supervisor import worker_names
from smartschool.runtime.tests.product import Product, command, share_of_load

pytestmark = pytest.mark.slow


def _closed_to_the_plain_user() -> bool:
    done = subprocess.run(
        [sys.executable, "-c", ""], cwd="/", check=False, capture_output=True, **child_account().switch
    )
    return done.returncode != 0


def _reachable_python() -> bool:
    try:
        return not _closed_to_the_plain_user()
    except OSError:
        return False


if not _reachable_python():
    pytest.skip("this Python lies in a folder closed to the plain user", allow_module_level=True)

PEOPLE = [pytest.param(True, id="plain")]
if os.geteuid() == 0:
    PEOPLE.append(pytest.param(False, id="root"))


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """A data folder after its first start and stop."""
    parent = Path(tempfile.mkdtemp(prefix="smartschool-life-"))
    parent.chmod(0o711)
    child_account().folder(parent / "first")
    product = Product(parent / "first", plain=True)
    try:
        product.up()
        product.down()
        yield product.home
    finally:
        product.kill_everything()
        shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def home(prepared: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A copy of it, owners kept."""
    copy = prepared.parent / f"copy-{os.urandom(4).hex()}"
    subprocess.run(["cp", "-a", prepared, copy], check=True)
    yield copy
    shutil.rmtree(copy, ignore_errors=True)


@pytest.fixture(params=PEOPLE)
def product(home: Path, request: pytest.FixtureRequest) -> Iterator[Product]:
    """Stopped; the test starts it."""
    product = Product(home, plain=request.param)
    yield product
    product.kill_everything()


def _gone(victim: Identity) -> None:
    """A killed process is gone a moment later; meanwhile its twin may serve."""
    limit = time.monotonic() + 15 * share_of_load()
    while victim.alive():
        assert time.monotonic() < limit, victim
        time.sleep(0.05)


@pytest.mark.serial
def test_serves_again_after_each_killed_child_and_a_killed_supervisor(product: Product) -> None:
    assert product.up() < 5 * share_of_load()
    plain = child_account().uid
    for name in ("postgres", "web", *worker_names()):
        for member in product.members(name):
            assert Path(f"/proc/{member.pid}").stat().st_uid == plain
    victims = [*product.members("web"), product.children()["worker"], product.children()["postgres"]]
    for victim in victims:
        victim.send(signal.SIGKILL)
        _gone(victim)
        product.seconds_until_it_serves(15 * share_of_load())

    refused = command("up", "--port", "0", "--data", str(product.home), plain=product.plain)
    words, _ = refused.communicate(timeout=30)
    assert refused.returncode == 1
    assert words.count("\n") == 1
    assert "已有一个服务在运行" in words

    orphans = [member for name in product.children() for member in product.members(name)]
    assert product.supervisor is not None
    product.supervisor.kill()
    product.supervisor.communicate()
    assert product.children()["postgres"].alive()
    assert product.up() < 15 * share_of_load()
    assert not [orphan for orphan in orphans if orphan.alive()]
    assert product.serves()
    assert "已停止上次遗留的进程" in product.down()
    assert not (product.home / "run" / "children.json").exists()


def test_data_is_closed_to_others(prepared: Path) -> None:
    assert stat.S_IMODE(prepared.stat().st_mode) == 0o700
    secrets = list((prepared / "secrets").iterdir())
    assert {path.name for path in secrets} >= {"django-key", "field-keys.json", "database.json"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert {path.stat().st_uid for path in secrets} == {child_account().uid}


def _fails(*words: str, environment: dict[str, str] | None = None, plain: bool = True) -> str:
    process = command(*words, plain=plain, environment=environment)
    said, _ = process.communicate(timeout=300)  # five starts that fail: 13 s on an idle machine
    assert process.returncode == 1, said
    assert "Traceback" not in said
    return said.strip().splitlines()[-1] if "最后的记录" not in said else said


def test_taken_port_is_named_with_a_remedy(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = _fails("up", "--no-demo", "--data", str(home), "--port", str(port))
    assert said == f"端口 {port} 已被占用：请换一个，例如 --port {port + 1}。"


def test_crash_loop_stops_everything_with_the_last_words(home: Path) -> None:
    said = _fails(
        "up", "--no-demo", "--data", str(home), "--port", "0", environment={"SMARTSCHOOL_POOL": "many"}
    )
    assert "web 已退出 5 次，每次重启后都不到 60 秒，已停止全部服务" in said
    assert said.count("web 意外退出，正在重新启动") == 4
    assert "invalid literal for int() with base 10: 'many'" in said
    assert not (home / "postgres" / "pgdata" / "postmaster.pid").exists()


def test_folder_without_permission_is_named(home: Path) -> None:
    said = _fails("up", "--data", "/proc/nowhere", "--port", "0")
    assert "/proc/nowhere" in said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a user to whom its own folder is closed")
def test_root_is_told_which_folder_is_closed_to_the_service(home: Path) -> None:
    with tempfile.TemporaryDirectory() as closed:  # 0700 root
        said = _fails("up", "--data", f"{closed}/data", "--port", "0", plain=False)
    assert said.startswith(f"普通用户无法进入目录 {closed}")


def test_external_database_is_served_and_a_powerful_role_refused(home: Path) -> None:
    handle = cluster.CLUSTER.handle()
    name = cluster.clone(f"external_{os.getpid()}_{os.urandom(3).hex()}")
    owner, app = handle.owner_url(name), handle.app_url(name)
    try:
        said = _fails(
            "up", "--no-demo", "--data", str(home), "--port", "0",
            environment={"DATABASE_URL": owner, "DATABASE_OWNER_URL": owner},
        )  # fmt: skip
        assert said.startswith("拒绝启动：DATABASE_URL 的数据库角色拥有")
        product = Product(home, plain=True, environment={"DATABASE_URL": app, "DATABASE_OWNER_URL": owner})
        try:
            product.up()
            assert set(product.children()) == {"web", *worker_names()}
            assert product.down().strip().endswith("已全部停止。")
        finally:
            product.kill_everything()
    finally:
        roles.drop_database(handle.cluster(), name)


def test_background_start_doctor_and_down(home: Path) -> None:
    def say(*words: str) -> str:
        process = command(*words, "--data", str(home), plain=True)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
        return said

    assert "大通智慧学校已启动：http://127.0.0.1:" in say("up", "--detach", "--no-demo", "--port", "0")
    try:
        report = say("doctor")
    finally:
        assert say("down") == "已全部停止。\n"
    assert "审计链：完整" in report
    assert "行级隔离有效" in report
    assert say("down") == "没有正在运行的服务。\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a user to whom its own folder is closed")
def test_root_serves_from_a_closed_checkout(prepared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = child_account()
    with tempfile.TemporaryDirectory() as closed:  # 0700 root
        checkout, state = Path(closed) / "project", prepared.parent / "state"
        subprocess.run(["cp", "-al", sys.prefix, f"{closed}/environment"], check=True)
        shutil.copytree(ROOT / "src", checkout / "src", ignore=shutil.ignore_patterns("__pycache__"))
        (checkout / "requirements.lock").write_text("")
        monkeypatch.setattr(program, "ROOT", checkout)
        monkeypatch.setattr(program, "STATE", state)
        monkeypatch.setattr(program.sys, "executable", f"{closed}/environment/bin/python")
        assert program.checkout_closed(account)
        found = program.program_for(account)
        code = "import smartschool.settings, django; print(smartschool.settings.__file__, django.__file__)"
        said = subprocess.run(
            [found.python, "-c", code],
            cwd="/",
            env={"PYTHONPATH": str(found.source)},
            capture_output=True,
            text=True,
            check=True,
            **account.switch,
        ).stdout.split()
    assert [Path(path).is_relative_to(state) for path in said] == [True, True]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_full_disk_is_named_with_a_remedy(prepared: Path) -> None:
    small = prepared.parent / "small"
    small.mkdir(mode=0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=50m", "none", small], check=False).returncode:
        pytest.skip("this machine allows no mounts")
    try:
        said = _fails("up", "--no-demo", "--data", str(small / "data"), "--port", "0", plain=False)
    finally:
        subprocess.run(["umount", small], check=True)
    assert said.startswith("磁盘已满")
    assert "请腾出空间" in said
