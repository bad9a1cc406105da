"""Owns the one font of our PDF forms, and what happens to a character that it lacks."""

import unicodedata
from functools import lru_cache
from pathlib import Path

PATH = Path(__file__).resolve().parent / "fonts" / "SmartSchoolHan-Regular.ttf"
FAMILY = "han"

# The printer's sign for "a character stood here that we have no type for".
GETA = "〓"


@lru_cache(maxsize=1)
def advances() -> dict[str, float]:
    """Width of each character that the font can draw, in em."""
    from fontTools.ttLib import TTFont  # only who prints pays for it

    with TTFont(PATH, lazy=True) as font:
        em, widths = font["head"].unitsPerEm, font["hmtx"].metrics
        return {chr(code): widths[name][0] / em for code, name in font.getBestCmap().items()}


def width(text: str, size: float) -> float:
    """Width in mm of printable text at a size in points; fpdf's own measure costs 40 times as much."""
    table = advances()
    return sum(table[character] for character in text) * size * 25.4 / 72


def printable(text: str) -> tuple[str, list[str]]:
    """Make a text printable.

    Returns
    -------
    text
        Composed (NFC), without control and variation characters, tabs as spaces; each character
        that the font lacks is replaced by 〓.
    missing
        The replaced characters in order, for the note at the foot of the page.
    """
    kept: list[str] = []
    missing: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        if character in "\t\u00a0\u3000":
            kept.append(" " if character != "\u3000" else character)
        elif character == "\n":
            kept.append(character)
        elif unicodedata.category(character) in ("Cc", "Cf", "Mn") and character not in advances():
            continue  # marks without a shape of their own: joiners, variation selectors, controls
        elif character in advances():
            kept.append(character)
        else:
            kept.append(GETA)
            missing.append(character)
    return "".join(kept), missing
