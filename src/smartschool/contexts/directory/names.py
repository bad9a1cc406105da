"""Sort key of a person's name: pinyin, because PostgreSQL sorts Han characters by code point."""

from functools import lru_cache

# Readings that a surname has and the word list lacks (姓氏人名用字 异读).
_SURNAMES = {
    "曾": "zeng", "单": "shan", "解": "xie", "仇": "qiu", "查": "zha", "朴": "piao", "任": "ren",
    "华": "hua", "区": "ou", "盖": "ge", "尉": "wei", "缪": "miao", "翟": "zhai", "覃": "qin",
}  # fmt: skip


@lru_cache(maxsize=20_000)
def _reading(character: str) -> str:
    from pypinyin import lazy_pinyin  # its word list costs 0.2 s: only who writes names pays

    return lazy_pinyin(character)[0]


def name_key(name: str) -> str:
    """``chen xiao yu`` for 陈小雨; what has no reading stands for itself."""
    if not name:
        return ""
    first = _SURNAMES.get(name[0]) or _reading(name[0])
    return " ".join([first, *(_reading(character) for character in name[1:])]).lower()
