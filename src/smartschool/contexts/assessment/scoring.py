"""Marks of objective items from the options that pupils chose, by the item's key. Pure, column by column."""

from collections.abc import Sequence
from functools import lru_cache

from smartschool.contexts.assessment.public.contracts import NO_ANSWER, ItemType
from smartschool.kernel.cells import narrow
from smartschool.kernel.judgements import judgement

TRUE, FALSE = "T", "F"
# What marking services write where no or several options were filled in.
_NO_ANSWER_WORDS = frozenset({"-", "*", "#", "?", ".", "0", "未作答", "未填", "多选", "空"})
_SEPARATORS = str.maketrans("", "", " ,，、;；/|")


@lru_cache(maxsize=4096)
def normal_choice(text: str, type_: ItemType) -> str | None:
    """One cell of chosen options in the form that is stored; "" for blank, None where it is no choice.

    A judgement is T or F however it is written; at items with options a sign is no choice, F is an option.

    >>> [normal_choice(text, ItemType.MULTIPLE) for text in ("c,A", "未作答", "3.5", "×")]
    ['AC', '-', None, None]
    >>> [normal_choice(text, ItemType.TRUE_FALSE) for text in ("√", "错", "yes", "n", "A")]
    ['T', 'F', 'T', 'F', 'A']
    """
    text = narrow(text).upper()
    if not text:
        return ""
    if text in _NO_ANSWER_WORDS:
        return NO_ANSWER
    if type_ is ItemType.TRUE_FALSE and (right := judgement(text, letters=True)) is not None:
        return TRUE if right else FALSE
    text = text.translate(_SEPARATORS)
    if text and text.isascii() and text.isalpha() and len(text) <= 8:
        return "".join(sorted(set(text)))
    return None


def normal_key(text: str, type_: ItemType) -> str | None:
    """A key as people write it → the stored form; answers that are equally right stand between "/"."""
    parts = [
        normal_choice(part, type_) for part in narrow(text).replace("或", "/").split("/") if part.strip()
    ]
    if any(part is None or part == NO_ANSWER for part in parts):
        return None
    return "/".join(sorted({part for part in parts if part}))


def mark_of(choice: str, *, type_: ItemType, key: str, full: float, partial: float) -> float:
    """Marks of one chosen answer. 多选题: all right options give `full`, some and none wrong `partial`."""
    answers = key.split("/")
    if choice in answers:
        return full
    incomplete = choice not in ("", NO_ANSWER) and any(set(choice) < set(answer) for answer in answers)
    return partial if type_ is ItemType.MULTIPLE and incomplete else 0.0


def marks_of(
    choices: Sequence[str], *, type_: ItemType, key: str, full: float, partial: float
) -> list[float | None]:
    """Marks of one column of choices; None where no choice is known. Each distinct answer is judged once."""
    judged: dict[str, float | None] = {"": None}
    for choice in set(choices) - {""}:
        judged[choice] = mark_of(choice, type_=type_, key=key, full=full, partial=partial)
    return [judged[choice] for choice in choices]
