"""How far a sheet reaches is read from its addresses; a quick look says what a slow one says."""

import random
import re

import pytest

from smartschool.contexts.exchange.reading.archive import _says_where, _widest, column_letters, column_number

ADDRESS = re.compile(rb"\br=[\"']([A-Za-z]{1,3})\d")


def test_the_widest_address_is_found_whatever_the_order() -> None:
    draw = random.Random(1)
    forms = [
        '<c r="%s5"/>',
        "<c s=\"1\" r='%s12'>",
        '<c xr="%s5"/>',
        '<c r="%s"/>',
        ' r="%s7',
        '<x:c r="%s3">',
    ]
    for _ in range(500):
        names = [column_letters(draw.randrange(draw.choice((30, 800, 18_000)))) for _ in range(9)]
        names = [name.lower() if draw.random() < 0.3 else name for name in names]
        data = "".join(draw.choice(forms) % name for name in names).encode()
        for known in (0, 1, 26, 27, 702, 703):
            reached = [column_number(name.decode()) + 1 for name in ADDRESS.findall(data)]
            assert _widest(data, known) == max([known, *reached]), data


CELL, ROW = b'<c r="B2" t="s"><v>1</v></c>', b'<row r="2" spans="1:3">'


@pytest.mark.parametrize(
    ("piece", "near", "far"),
    [
        (b"", True, True),
        (b'<cols><col min="1"/></cols><cfRule a="1"/><customFilter/><cellWatch r="A1"/>', True, True),
        (b'<rowBreaks count="1"/>', True, True),
        (b'<c r="A12345"/>', False, True),  # no row has said so
        (b'<c t="s" r="A1"/>', False, False),
        (b"<c><v>5</v></c>", False, False),
        (b'<row spans="1" r="4">', False, False),
        (b"<row>", False, False),
        (b'<x:c r="A1">', False, False),
        (b'<x:row r="1">', False, False),
        (b"<\0c\0", False, False),
    ],
)
def test_addresses_stand_first_or_the_span_is_in_doubt(piece: bytes, near: bool, far: bool) -> None:
    data = ROW + CELL + piece + CELL + b"</row>"
    assert (_says_where(data, near=True), _says_where(data, near=False)) == (near, far)
