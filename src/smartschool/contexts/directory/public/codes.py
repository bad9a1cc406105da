"""National code tables (性别, 民族, 办学类型 …) as versioned data: what a code means on a given day.

The tables are TOML files in `directory/codes/`, each with its source and one section a version.
A version holds from `valid_from` until the next one begins.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from smartschool.kernel.cells import narrow
from smartschool.kernel.tabular import Bad, Cell, Value

FOLDER = Path(__file__).resolve().parent.parent / "codes"


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One version of one table. `names` maps code to official name; `words` maps what people write."""

    key: str
    title: str
    source: str
    valid_from: date
    valid_to: date | None
    names: dict[str, str]
    words: dict[str, str]

    def name(self, code: str) -> str:
        """Official name of a code; the code itself where an older version knew it and this does not."""
        return self.names.get(code, code)

    def find(self, text: str) -> str | None:
        """Code of a name, a known other spelling, or the code itself; None where nothing fits."""
        return self.words.get(_key(text))

    def choices(self) -> list[tuple[str, str]]:
        """(code, name) in the order of the standard, for forms."""
        return list(self.names.items())


def _key(text: str) -> str:
    return "".join(narrow(text).split()).replace("(", "（").replace(")", "）")


@cache
def table(key: str, on: date | None = None) -> CodeTable:
    """The version of table `key` in force on a day (default: the newest)."""
    versions = _versions(key)
    if on is None:
        return versions[-1]
    for version in reversed(versions):
        if version.valid_from <= on:
            return version
    return versions[0]


@cache
def _versions(key: str) -> tuple[CodeTable, ...]:
    content = tomllib.loads((FOLDER / f"{key}.toml").read_text(encoding="utf-8"))
    raw = sorted(content["version"], key=lambda version: version["valid_from"])
    made = []
    for place, version in enumerate(raw):
        names: dict[str, str] = version["codes"]
        words = {_key(word): code for word, code in version.get("synonyms", {}).items()}
        words |= {_key(code): code for code in names}
        # A short numeric code is often written without its leading zero (民族 1 for 01).
        words |= {
            code.lstrip("0"): code for code in names if code.lstrip("0") and code.lstrip("0") not in words
        }
        words |= {_key(name): code for code, name in names.items()}
        if key == "ethnicity":  # 汉 for 汉族: every name may lose its last character
            words |= {name[:-1]: code for code, name in names.items() if name.endswith("族")}
        following = raw[place + 1]["valid_from"] if place + 1 < len(raw) else None
        made.append(
            CodeTable(
                key, content["title"], content["source"], version["valid_from"], following, names, words
            )
        )
    return tuple(made)


def all_tables() -> tuple[str, ...]:
    """Keys of every table that ships."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


def coded(key: str) -> Callable[[Cell], Value | Bad]:
    """Cell check for a coded column: answers the code, or `unknown_code` with the allowed words."""

    def check(cell: Cell) -> Value | Bad:
        found = table(key)
        if isinstance(cell, float | int) and not isinstance(cell, bool):
            text = str(int(cell)) if cell == int(cell) else str(cell)
        elif isinstance(cell, bool):
            text = "是" if cell else "否"
        else:
            text = str(cell)
        code = found.find(text)
        if code is None:
            allowed = list(found.names.values())
            shown = "、".join(allowed[:9]) + ("等" if len(allowed) > 9 else "")
            return Bad(
                "unknown_code", f"“{narrow(text)[:20]}”不在{found.title}的国家代码表里，应为：{shown}。"
            )
        return code

    return check
