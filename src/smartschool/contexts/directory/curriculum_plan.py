"""Subjects that each grade has to be taught: 义务教育课程方案（2022 年版）, the sciences apart (分科)."""

from collections.abc import Iterable

# Subject code (codes/subject.toml) → grades, in the order of a time table's head.
REQUIRED: dict[str, range] = {
    "13": range(1, 10),  # 语文
    "14": range(1, 10),  # 数学
    "41": range(3, 10),  # 英语
    "12": range(1, 10),  # 道德与法治
    "21": range(7, 10),  # 历史
    "15": range(1, 7),  # 科学
    "16": range(8, 10),  # 物理
    "17": range(9, 10),  # 化学
    "18": range(7, 9),  # 生物
    "20": range(7, 9),  # 地理
    "22": range(1, 10),  # 体育与健康
    "24": range(1, 10),  # 音乐
    "25": range(1, 10),  # 美术
    "61": range(3, 9),  # 信息科技
    "62": range(1, 10),  # 劳动
}
_ORDER = {subject: place for place, subject in enumerate(REQUIRED)}


def required(grades: Iterable[int]) -> set[str]:
    """Subjects of a class in which these grades sit."""
    sitting = set(grades)
    return {subject for subject, taught in REQUIRED.items() if sitting & set(taught)}


def in_order(subjects: Iterable[str]) -> list[str]:
    """The usual order of a time table's head, others after by code."""
    return sorted(set(subjects), key=lambda subject: (_ORDER.get(subject, len(_ORDER)), subject))
