"""Runs the sheet parser: here, or in a child process whose memory and time are bounded.

The parser allocates what a file claims, and an allocation that fails ends the whole process; in a damaged
.xls it may also stop in mid-air. So only an .xlsx whose span is known beforehand is parsed in the process
that asks (`archive.Archive.plain`).
"""

import os
import pickle
import resource
import subprocess
import sys
from io import BytesIO
from typing import NamedTuple

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from smartschool.contexts.exchange.reading import archive
from smartschool.contexts.exchange.reading.limits import Limits
from smartschool.kernel.tabular import Cell, FileRefused

# An .xls of 65,536 × 80 filled cells needs 500 MB; a wrong claim is one of many gigabytes.
CHILD_MEMORY = 1 << 30
CHILD_SECONDS = 60


class Page(NamedTuple):
    """One visible sheet: its rows from Excel's row 1 on, its merged ranges (zero-based, inclusive)."""

    name: str
    rows: list[list[Cell]]
    merged: list[tuple[tuple[int, int], tuple[int, int]]]


def parse(content: bytes, limits: Limits) -> list[Page]:
    """Visible worksheets of an Excel file."""
    pages = []
    span = 0
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
            for meta in book.sheets_metadata:
                if meta.visible != SheetVisibleEnum.Visible or meta.typ != SheetTypeEnum.WorkSheet:
                    continue
                sheet = book.get_sheet_by_name(meta.name)
                span += sheet.total_height * sheet.total_width
                if sheet.total_height > limits.rows + 1000:
                    raise archive.too_many_rows(limits)
                if sheet.total_width > limits.columns:
                    raise archive.too_many_columns(limits)
                if span > limits.cells:
                    raise archive.too_many_cells(limits)
                rows = sheet.to_python(skip_empty_area=False)
                pages.append(Page(meta.name, rows, list(sheet.merged_cell_ranges or ())))
    except PasswordError as problem:
        raise password() from problem
    except (CalamineError, OSError, ValueError) as problem:
        raise archive.damaged() from problem
    return pages


def parse_apart(content: bytes, limits: Limits) -> list[Page]:
    """The same in a child: whatever the file does there, here it is a refusal."""
    path = os.pathsep.join(filter(None, sys.path))
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"from {__name__} import answer; answer()"],
            input=pickle.dumps((content, limits)),
            capture_output=True,
            timeout=CHILD_SECONDS,
            env={**os.environ, "PYTHONPATH": path, "RUST_BACKTRACE": "0"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise archive.damaged() from None
    if done.returncode < 0:  # what it claims to hold does not fit
        raise archive.too_many_cells(limits)
    if done.returncode:
        raise archive.damaged()
    pages, refused = pickle.loads(done.stdout)  # noqa: S301 - written by our own child
    if refused is not None:
        raise FileRefused(*refused)
    return list(pages)


def password() -> FileRefused:
    return FileRefused("password", "文件加了密码。请在 Excel 里去掉密码后再上传。")


def answer() -> None:
    """The child: reads a file from its input, writes the pages or the refusal to its output."""
    resource.setrlimit(resource.RLIMIT_AS, (CHILD_MEMORY, CHILD_MEMORY))
    content, limits = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    pages: list[Page] = []
    refused: FileRefused | None = None
    try:
        pages = parse(content, limits)
    except FileRefused as problem:
        refused = problem
    except MemoryError:
        refused = archive.too_many_cells(limits)
    told = None if refused is None else (refused.code, refused.message)
    pickle.dump((pages, told), sys.stdout.buffer, protocol=5)
