"""Where the reports go: whether the folder can be written is known before an analysis of minutes begins."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from pathlib import Path

REPORTS = ("report.json", "report.xlsx", "report.html")
ADVICE = "请用 --out 换一个可以写入的文件夹，再运行一次。"
_WHY = {
    errno.EACCES: "没有写入的权限",
    errno.EPERM: "没有写入的权限",
    errno.EROFS: "所在的磁盘是只读的",
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘的配额已用完",
    errno.ENOTDIR: "路径里有一段是文件，不是文件夹",
    errno.EEXIST: "它是一个文件或失效的链接，不是文件夹",
    errno.EISDIR: "它是文件夹，占用了报告的文件名",
    errno.ENOENT: "这里不能新建文件夹",
    errno.ENAMETOOLONG: "名称太长",
    errno.ELOOP: "链接绕回了自己",
}


class Unwritable(Exception):
    """Reports cannot be written there; the message says why and what to do."""


def why_not(error: OSError) -> str:
    """Why the system refused to write, for whoever typed the command."""
    return _WHY.get(error.errno or 0, error.strerror or "系统写不进去")


def ensure_writable(out: Path) -> None:
    """Write a file into `out` as the reports will be, and leave everything as it was.

    Raises
    ------
    Unwritable
        The folder cannot be made or written, or a folder bears the name of a report.
    """
    made: list[Path] = []
    place = out
    try:
        for place in [*reversed(out.parents), out]:
            if not place.is_dir():
                place.mkdir()
                made.append(place)
        with tempfile.NamedTemporaryFile(prefix=".report.", dir=out) as draft:
            draft.write(b"\0" * 4096)  # a full disk takes the name, but not the content
            draft.flush()
        for place in (out / name for name in REPORTS):
            if place.is_dir():
                raise IsADirectoryError(errno.EISDIR, "")
    except OSError as error:
        raise Unwritable(f"报告写不到 {out}：{place} {why_not(error)}。{ADVICE}") from None
    finally:
        with contextlib.suppress(OSError):
            for folder in reversed(made):
                folder.rmdir()
