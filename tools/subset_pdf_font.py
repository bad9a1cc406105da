"""Makes the font of our PDF forms: Noto Sans CJK SC cut to the characters of Chinese names and texts.

Outlines become TrueType: every reader knows them under Identity-H, while a CFF font needs an embedded
encoding table that some readers and text extractors get wrong.

Run once when Debian's fonts-noto-cjk changes: `python tools/subset_pdf_font.py`. The result and the font's
licence (OFL 1.1) are kept in the repository, so that nobody who runs the product needs the source font.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont, newTable

SOURCE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
FACE = "Noto Sans CJK SC"
TARGET = (
    Path(__file__).resolve().parent.parent / "src/smartschool/kernel/pdf/fonts/SmartSchoolHan-Regular.ttf"
)
# The name must not be the original's: OFL reserves "Source"; the file says where it comes from.
NAME = "SmartSchool Han"

RANGES = [
    (0x20, 0x7E),
    (0xA0, 0x17F),  # Latin with the accents of foreign names
    (0x1CD, 0x1DC),  # pinyin
    (0x2B0, 0x2FF),
    (0x370, 0x3FF),  # Greek
    (0x400, 0x45F),  # Cyrillic
    (0x2000, 0x206F),
    (0x2070, 0x209F),
    (0x20A0, 0x20BF),
    (0x2100, 0x218F),
    (0x2190, 0x21FF),
    (0x2200, 0x22FF),  # mathematics
    (0x2460, 0x24FF),  # circled numbers
    (0x2500, 0x257F),
    (0x25A0, 0x25FF),
    (0x2600, 0x267F),
    (0x2713, 0x2717),
    (0x2E80, 0x2FDF),
    (0x2FF0, 0x303F),
    (0x3040, 0x30FF),
    (0x3100, 0x312F),
    (0x3200, 0x33FF),
    (0x3400, 0x4DBF),  # extension A
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x323AF),  # extensions B–H, as far as the source has them
]


# Largest deviation of a converted curve, in 1/1000 em: less than half a dot at 12 pt, 600 dpi.
TOLERANCE = 2.0


def to_truetype(font: TTFont) -> None:
    """Replace the CFF outlines by quadratic ones, in place."""
    glyphs = font.getGlyphSet()
    order = font.getGlyphOrder()
    made = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, TOLERANCE, reverse_direction=True))
        made[name] = pen.glyph()
    font["loca"] = newTable("loca")
    font["glyf"] = glyf = newTable("glyf")
    glyf.glyphOrder, glyf.glyphs = order, made
    for name in order:
        made[name].recalcBounds(glyf)
        width, _ = font["hmtx"][name]
        font["hmtx"][name] = (width, getattr(made[name], "xMin", 0))
    font["maxp"] = maxp = newTable("maxp")
    maxp.tableVersion = 0x00010000
    maxp.numGlyphs = len(order)
    maxp.maxZones = 1
    for field in (
        *("maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements"),
        *("maxSizeOfInstructions", "maxComponentElements", "maxComponentDepth", "maxPoints"),
        *("maxContours", "maxCompositePoints", "maxCompositeContours"),
    ):
        setattr(maxp, field, 0)
    font["post"].formatType = 3.0
    font["post"].mapping, font["post"].extraNames = {}, []
    del font["CFF "]
    font.sfntVersion = "\000\001\000\000"


def main() -> int:
    """Write the subset; print its size and coverage."""
    if not SOURCE.exists():
        print("apt-get install fonts-noto-cjk first", file=sys.stderr)
        return 1
    collection = TTCollection(str(SOURCE))
    font = next(f for f in collection.fonts if f["name"].getDebugName(4) == FACE)
    wanted = {code for low, high in RANGES for code in range(low, high + 1)}
    options = subset.Options(
        layout_features=[],
        hinting=False,
        desubroutinize=False,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14],
        name_languages=[0x409],
        notdef_outline=True,
        recalc_timestamp=False,
        drop_tables=["BASE", "GDEF", "GPOS", "GSUB", "VORG", "vhea", "vmtx", "DSIG"],
    )
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted & set(font.getBestCmap()))
    cutter.subset(font)
    to_truetype(font)
    for record in font["name"].names:
        if record.nameID in (1, 4):
            record.string = NAME
        if record.nameID == 6:
            record.string = NAME.replace(" ", "") + "-Regular"
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(TARGET), options)
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.1f} MB, {len(font.getBestCmap())} characters")
    return 0


if __name__ == "__main__":
    sys.exit(main())
