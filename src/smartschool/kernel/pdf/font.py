"""Owns the one font of our PDF forms, and what happens to a character that it lacks."""

import unicodedata
from functools import lru_cache
from pathlib import Path

from fontTools.ttLib import TTFont

PATH = Path(__file__).resolve().parent / "fonts" / "SmartSchoolHan-Regular.ttf"
FAMILY = "han"

# The printer's sign for "a character stood here that we have no type for".
GETA = "〓"


@lru_cache(maxsize=1)
def characters() -> frozenset[int]:
    """Code points that the font can draw."""
    with TTFont(PATH, lazy=True) as font:
        return frozenset(font.getBestCmap())


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
        elif unicodedata.category(character) in ("Cc", "Cf", "Mn") and ord(character) not in characters():
            continue  # marks without a shape of their own: joiners, variation selectors, controls
        elif ord(character) in characters():
            kept.append(character)
        else:
            kept.append(GETA)
            missing.append(character)
    return "".join(kept), missing
