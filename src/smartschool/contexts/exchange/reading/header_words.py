"""The words of a header: in which form texts are compared, and which column of an importer one names."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from smartschool.kernel.cells import as_text, narrow
from smartschool.kernel.tabular import Cell, Column

_HINT = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_NOISE = re.compile(r"[\s*＊:：_、,，]+")
# A figure about a class (班级均分), a place among others or a count of times is no class.
_FIGURE = re.compile(r"均分|平均|最高|最低|等级|排|[次比率]$")
# Whose column it is: 母亲身份证号 is not the pupil's, though it has the word.
_SOMEBODY = re.compile("父|母|家长|监护|班主任|校长|[爷奶]|成员")
_WHOLE = {float(number): str(number) for number in range(1000)}


class Words:
    """Every word under which the columns of an importer are known, in a comparable form."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.exact: dict[str, tuple[str, int]] = {}
        for column in columns:
            for rank, word in enumerate((column.name, *column.synonyms)):
                self.exact.setdefault(comparable(word), (column.key, rank))

    def find(self, text: str) -> tuple[str, int] | None:
        """(key, rank) of an exact word; rank 0 is the official name."""
        found = self.exact.get(comparable(text))
        if found is not None or text.isalnum():  # no hint in brackets to take away
            return found
        return self.exact.get(comparable(_HINT.sub("", text)))

    def resembling(self, text: str) -> str | None:
        """The only column whose longest word is part of the text (学生姓名拼写 is 姓名)."""
        form = comparable(_HINT.sub("", text))
        if not 2 <= len(form) <= 16 or _FIGURE.search(form):
            return None
        inside = {word: key for word, (key, _) in self.exact.items() if len(word) >= 2 and word in form}
        if not inside:
            return None
        longest = max(map(len, inside))
        if any(_SOMEBODY.search(form.replace(word, "")) for word in inside if len(word) == longest):
            return None
        keys = {key for word, key in inside.items() if len(word) == longest}
        return keys.pop() if len(keys) == 1 and 2 * longest >= len(form) else None


class Keys(dict[str, str | None]):
    """Header text → the column it names, each looked up once: lines of figures repeat the same few texts."""

    def __init__(self, words: Words, saved: Mapping[str, str]) -> None:
        super().__init__({"": None})
        self._words, self._saved = words, saved

    def __missing__(self, text: str) -> str | None:
        form = comparable(text)
        if form in self._saved:
            key = self._saved[form] or None
        else:
            found = self._words.find(text)
            key = found[0] if found else None
        self[text] = key
        return key


@lru_cache(maxsize=16384)  # the first lines of a sheet are looked at again and again
def comparable(text: str) -> str:
    """Header text without spaces, stars, colons and case; full-width narrowed."""
    if text.isascii() and text.isalnum():
        return text.lower()
    return _NOISE.sub("", narrow(text)).lower()


def header_text(cell: Cell) -> str:
    """Text of a header cell; line breaks inside become nothing."""
    if type(cell) is float:  # a sheet of marks has little else
        known = _WHOLE.get(cell)
        if known is not None:
            return known
    elif type(cell) is str and cell.isalnum():
        return cell
    found = as_text(cell)
    return "".join(found.split()) if isinstance(found, str) else ""
