"""Owns the layout of a data folder and its secrets; everything that must survive an upgrade lies in it."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from smartschool.runtime.account import Account, child_account
from smartschool.runtime.compiled import compiled_folder
from smartschool.runtime.failure import Failure
from smartschool.runtime.postgres import new_password, socket_folder
from smartschool.runtime.program import ROOT, Program, checkout_closed, own_state, program_for
from smartschool.runtime.roles import Passwords

LEAST_FREE = 300 * 1024 * 1024  # bytes; below this PostgreSQL soon stops anyway


@dataclass(frozen=True)
class DataFolder:
    """Paths below `home`; `account` is the user that owns them and runs the children."""

    home: Path
    account: Account

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def engine(self) -> Path:
        """A copy of the database's programs, when the account cannot reach those in .venv."""
        return self.home / "engine"

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def demo_logins(self) -> Path:
        return self.secrets / "demo-logins.json"

    @property
    def sockets(self) -> Path:
        return socket_folder(self.run / "pg", str(self.home.stat().st_ino))

    @cached_property
    def program(self) -> Program:
        """What the children execute."""
        return program_for(self.account)

    def prepare(self) -> None:
        """Create the folders and secrets that are missing; refuse a full disk and an unreachable place."""
        try:
            self.account.folder(self.home)
            for part in ("postgres", "run", "logs", "secrets", "files", "cache"):
                self.account.folder(self.home / part)
            if shutil.disk_usage(self.home).free < LEAST_FREE:
                raise Failure(f"磁盘已满：{self.home} 所在磁盘剩余不足 300 MB，请腾出空间后重试。")
            if closed := self.account.closed_at(self.home):
                raise Failure(
                    f"普通用户无法进入目录 {closed}（服务不以 root 运行）："
                    f"请用 --data 指定 /srv 之类的目录，或运行 chmod o+x {closed}。"
                )
            self._secret("django-key", secrets.token_urlsafe(50))
            self._secret("field-keys.json", json.dumps({"k1": secrets.token_hex(32)}))
            passwords = {name: new_password() for name in ("superuser", "owner", "app")}
            self._secret("database.json", json.dumps(passwords))
        except PermissionError as error:
            raise Failure(
                f"没有权限写入 {error.filename}：请用 --data 换一个目录，或修改它的属主。"
            ) from None
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise Failure(f"磁盘已满：请在 {self.home} 所在磁盘腾出空间后重试。") from None
            raise Failure(
                f"不能使用数据目录 {self.home}（{error.strerror}）：请用 --data 换一个目录。"
            ) from None

    def _secret(self, name: str, content: str) -> None:
        """Write once, readable by the account alone; complete or not at all."""
        path = self.secrets / name
        if path.exists():
            return
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self.account.give(draft)
        draft.rename(path)

    def passwords(self) -> tuple[str, Passwords]:
        """The superuser's password and those of the two roles."""
        known = json.loads((self.secrets / "database.json").read_text())
        return known["superuser"], Passwords(known["owner"], known["app"])

    def environment(self, app_url: str) -> dict[str, str]:
        """What a child process knows: never the owner's URL, nothing of the caller's shell but its path."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in {"PATH", "TZ"} or (name.startswith("SMARTSCHOOL_") and "_TEST_" not in name)
        }
        return {
            **kept,
            "LANG": "C.UTF-8",
            "HOME": str(self.home / "cache"),
            "NUMBA_CACHE_DIR": str(compiled_folder(self.program.source / "edumetrics", self.home / "cache")),
            "PYTHONPATH": str(self.program.source),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": app_url,
            "DJANGO_SETTINGS_MODULE": os.environ.get("DJANGO_SETTINGS_MODULE", "smartschool.settings.dev"),
            "SMARTSCHOOL_DATA_DIR": str(self.home),
            "SMARTSCHOOL_SECRET_KEY_FILE": str(self.secrets / "django-key"),
            "SMARTSCHOOL_FIELD_KEYS": str(self.secrets / "field-keys.json"),
        }


def data_folder(place: str | None = None) -> DataFolder:
    """The data folder of --data, SMARTSCHOOL_DATA_DIR or `data` beside the launcher; perhaps absent."""
    beside = own_state() / "data" if checkout_closed(child_account()) else ROOT / "data"
    home = Path(place or os.environ.get("SMARTSCHOOL_DATA_DIR") or beside).expanduser().resolve()
    return DataFolder(home, child_account(home))
