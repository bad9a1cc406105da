"""CSV text in whatever encoding it really has: the bytes decide, never a label."""

import codecs
import csv
from collections.abc import Iterator
from io import StringIO
from itertools import islice

from smartschool.contexts.exchange.reading.archive import too_many_columns, too_many_rows
from smartschool.contexts.exchange.reading.limits import Limits
from smartschool.kernel.tabular import Cell, FileRefused

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DELIMITERS = (",", "\t", ";", "|", "，")
# A field longer than this is a missing quote that swallowed the rest of the file.
_LONGEST_FIELD = 20_000
# Characters of one line: 400 columns of the longest names and addresses fit many times.
_LONGEST_LINE = 400_000


def decode(content: bytes) -> str:
    """Text of a CSV file. UTF-8 is strict enough that Chinese GB18030 text never passes for it."""
    for bom, encoding in _BOMS:
        if content.startswith(bom):
            return _strictly(content, encoding)
    sample = content[:4096]
    if sample.count(0) > len(sample) // 10:  # text without zero bytes is not UTF-16 of ASCII commas
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        return _strictly(content, "utf-16-le" if odd > even else "utf-16-be")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _strictly(content, "gb18030")


def _strictly(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        raise FileRefused(
            "unknown_encoding", "读不出文件里的文字。请用 Excel 打开后另存为“CSV UTF-8（逗号分隔）”再上传。"
        ) from problem


def rows_of(text: str, limits: Limits) -> list[list[Cell]]:
    """Rows of a delimited text, each padded to the widest row."""
    if "\x00" in text:
        raise FileRefused("not_a_table", "这不是文本表格。请上传 .xlsx、.xls 或 .csv 文件。")
    delimiter = _delimiter(text)
    rows: list[list[Cell]] = []
    width = 0
    csv.field_size_limit(_LONGEST_FIELD)
    try:
        for row in csv.reader(_lines(text, delimiter, limits), delimiter=delimiter, skipinitialspace=True):
            rows.append(list(row))
            width = max(width, len(row))
            if len(rows) > limits.rows + 1000:
                raise too_many_rows(limits)
            if width > limits.columns:
                raise too_many_columns(limits)
    except csv.Error as problem:
        raise FileRefused(
            "broken_csv",
            f"第 {len(rows) + 1} 行附近的引号不成对，后面的内容连成了一格。请用 Excel 打开检查后另存。",
        ) from problem
    for short in rows:
        if len(short) < width:
            short.extend([""] * (width - len(short)))
    return rows


def _lines(text: str, delimiter: str, limits: Limits) -> Iterator[str]:
    """Lines with their ends; one that no table has is refused before it is split."""
    for line in StringIO(text, newline=""):
        if len(line) > _LONGEST_LINE:
            if line.count(delimiter) > limits.columns:
                raise too_many_columns(limits)
            raise csv.Error("line too long")
        yield line


def _delimiter(text: str) -> str:
    """The separator that splits the first lines most evenly: most often, on most lines."""
    lines = [line for line in islice(StringIO(text[:_LONGEST_LINE]), 40) if line.strip()]
    return max(_DELIMITERS, key=lambda mark: sum(min(line.count(mark), 400) for line in lines))
