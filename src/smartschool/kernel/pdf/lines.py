"""Owns the breaking of Chinese text into lines: between characters, but no comma at a line's head."""

import re
from collections.abc import Callable, Iterator

# GB/T 15834 (punctuation): these never begin a line, those never end one.
NOT_AT_HEAD = frozenset("，。、：；？！）》〉」』】〕”’％%·—…～,.:;?!)]}°℃")
NOT_AT_END = frozenset("（《〈「『【〔“‘([{＄￥$¥")

# A run of Latin letters, digits and what holds them together stays whole; any other character stands alone.
_UNIT = re.compile(r"[0-9A-Za-zÀ-ɏͰ-Ͽ'’\-–−+/.,%@_=]+(?<![,.])|\s+|.", re.DOTALL)


def _units(text: str) -> Iterator[str]:
    return iter(_UNIT.findall(text))


def break_lines(text: str, room: float, width: Callable[[str], float]) -> list[str]:
    """Break text into lines no wider than `room` (same unit as `width` answers in).

    A unit wider than the room is cut by force. Newlines in the text begin a new line. Blank input
    gives one blank line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += _paragraph(paragraph, room, width)
    return lines


def _paragraph(text: str, room: float, width: Callable[[str], float]) -> list[str]:
    lines: list[str] = []
    current: list[str] = []
    used = 0.0
    for unit in _units(text):
        size = width(unit)
        if used + size <= room or not current:
            if not current and unit.isspace():
                continue
            for piece in _forced(unit, room, width) if size > room else [unit]:
                if current and used + width(piece) > room:
                    lines.append("".join(current).rstrip())
                    current, used = [], 0.0
                current.append(piece)
                used += width(piece)
            continue
        if unit.isspace():
            lines.append("".join(current).rstrip())
            current, used = [], 0.0
            continue
        carried = _carried(current, unit)
        lines.append("".join(current[: len(current) - len(carried)]).rstrip())
        current = [piece for piece in carried if not piece.isspace()]
        for piece in _forced(unit, room, width) if size > room else [unit]:
            if current and width("".join(current)) + width(piece) > room:
                lines.append("".join(current).rstrip())
                current = []
            current.append(piece)
        used = width("".join(current))
    lines.append("".join(current).rstrip())
    return lines


def _carried(current: list[str], unit: str) -> list[str]:
    """The tail of the line that must go down together with `unit`; never the whole line."""
    take = 0
    head = unit
    while take < len(current) - 1 and (head[0] in NOT_AT_HEAD or current[-take - 1][-1] in NOT_AT_END):
        take += 1
        head = current[-take]
    return current[len(current) - take :] if take else []


def _forced(unit: str, room: float, width: Callable[[str], float]) -> list[str]:
    """Cut a unit that is wider than a whole line."""
    pieces, piece = [], ""
    for character in unit:
        if piece and width(piece + character) > room:
            pieces.append(piece)
            piece = ""
        piece += character
    return [*pieces, piece]
