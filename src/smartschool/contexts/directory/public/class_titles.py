"""The class that the name or the title of a sheet says: 三（2）班, 七年级1班学生名单, 2班."""

import re

from smartschool.kernel.cells import narrow

_GRADE = r"(?:小?[一二三四五六七八九]|初[一二三]|[1-9]|20\d{2}级)(?:年级|级)?"
_NUMBER = r"(?:\d{1,2}|[一二三四五六七八九]?十[一二三四五六七八九]?|[一二三四五六七八九])"
_WITH_GRADE = re.compile(rf"{_GRADE}[(\[.．·-]?{_NUMBER}[)\]]?班")
_ALONE = re.compile(rf"(?:{_GRADE}[(\[.．·-]{_NUMBER}[)\]]?|[(\[]?{_NUMBER}[)\]]?班)")


def class_in_title(text: str) -> str | None:
    """The one class that a text names, as it is written; None where it names none or several.

    >>> [class_in_title(t) for t in ("三（2）班", "七年级1班学生名单", "2班", "三、四班", "Sheet1", "期末")]
    ['三(2)班', '七年级1班', '2班', None, None, None]
    """
    plain = "".join(narrow(text).split())
    if _ALONE.fullmatch(plain):
        return plain
    found = set(_WITH_GRADE.findall(plain))
    return found.pop() if len(found) == 1 and plain.count("班") == 1 else None
