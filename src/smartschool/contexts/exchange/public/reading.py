"""Reads one small table for another room: the same guards, formats and header search as an import has."""

from collections.abc import Sequence

from smartschool.contexts.exchange.reading.limits import DEFAULT
from smartschool.contexts.exchange.reading.table import read_table
from smartschool.kernel.tabular import Checked, Column, check_frame

MOST_BYTES = DEFAULT.file_bytes  # of a file that is read at all


def read_frame(content: bytes, columns: Sequence[Column]) -> Checked:
    """A workbook or CSV as checked columns; raises `FileRefused` with what to do."""
    return check_frame(read_table(content, columns).frame, columns)
