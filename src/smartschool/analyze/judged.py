"""Items judged right or wrong (判断题): key and answers in one spelling, √ meets 对, T meets 正确."""

from __future__ import annotations

import re
from collections.abc import Sequence

from smartschool.analyze.tables import half_width
from smartschool.kernel.judgements import judgement, written_pair

_KINDS = ("判断", "对错", "是非", "true/false")
_ALTERNATIVES = re.compile(r"[/|]")


def one_spelling(key: str, kind: str, answers: Sequence[str], pupils: Sequence[int]) -> tuple[str, list[str]]:
    """Key and answers as the key writes right and wrong; both unchanged where the item is no judgement.

    A key of a lone letter may name an option: F among A–G. It is a judgement where the type says so, or where
    more pupils wrote another judgement than something that is none.

    Parameters
    ----------
    key, kind
        As items.csv has them.
    answers, pupils
        The different answers, and how many pupils gave each.

    Examples
    --------
    >>> one_spelling("√", "", ["对", "F", "A", ""], [5, 2, 1, 1])
    ('√', ['√', '×', 'A', ''])
    >>> one_spelling("F", "", ["×", "A", "F"], [1, 4, 9])
    ('F', ['×', 'A', 'F'])
    """
    parts = [part for part in _ALTERNATIVES.split(half_width(key)) if part]
    letters = _typed(kind) or any(judgement(part, letters=False) is not None for part in parts)
    if not letters:
        own = {part.upper() for part in parts if len(part) == 1}
        given = [
            (text, n) for text, n in zip(answers, pupils, strict=True) if text and text.upper() not in own
        ]
        said = sum(n for text, n in given if judgement(text, letters=True) is not None)
        letters = 2 * said > sum(n for _, n in given)
    if not parts or any(judgement(part, letters=letters) is None for part in parts):
        return key, list(answers)
    right, wrong = written_pair(parts[0])

    def spelled(text: str) -> str:
        said = judgement(text, letters=True)
        return text if said is None else right if said else wrong

    return "/".join(spelled(part) for part in parts), [spelled(text) for text in answers]


def _typed(kind: str) -> bool:
    return kind.lower().startswith(_KINDS)
