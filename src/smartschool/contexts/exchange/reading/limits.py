"""How large a file may be; every limit exists so that a bad file costs bounded memory."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one import.

    A district's roster is 9,054 × 74 cells in 2 MB; ten districts (90,540 rows) still fit.
    `cells` bounds the rectangle that a sheet spans: the reader allocates it densely, 24 bytes a cell.
    """

    file_bytes: int = 60 << 20
    unpacked_bytes: int = 600 << 20
    rows: int = 100_000
    columns: int = 400
    cells: int = 16_000_000
    # A worksheet packs 10 to 30 times; a member above 4 MiB that packs more than 200 times is a bomb.
    pack_ratio: int = 200
    small_member: int = 4 << 20


DEFAULT = Limits()
