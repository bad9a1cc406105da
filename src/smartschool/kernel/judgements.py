"""How people write that a statement is right or wrong: √ ×, 对 错, T F, Y N. Keys and answers are read alike.

A lone letter may be the name of an option as well (F among A–G): who asks says whether letters count.
"""

import unicodedata

# Right and wrong as they stand together in a key.
_PAIRS = (("√", "×"), ("对", "错"), ("正确", "错误"), ("是", "否"), ("真", "假"))
_LETTER_PAIRS = (("T", "F"), ("Y", "N"))
_LIKE = {
    **dict.fromkeys("✓✔☑✅", "√"),
    **dict.fromkeys("✗✘✕✖╳☒❌⨯", "×"),
    **{"对的": "对", "错的": "错", "不对": "错", "不正确": "错误", "不是": "否"},
}
# V and X stand on keyboards in place of the signs.
_LIKE_LETTERS = {
    **{"V": "√", "X": "×", "TRUE": "T", "FALSE": "F", "YES": "Y", "NO": "N"},
    **{"RIGHT": "T", "WRONG": "F", "CORRECT": "T", "INCORRECT": "F"},
}
_AROUND = "()[]【】〔〕 \ufe0e\ufe0f"

_Found = tuple[tuple[str, str], bool]
_SIGNS: dict[str, _Found] = {word: (pair, word == pair[0]) for pair in _PAIRS for word in pair}
_SIGNS |= {word: _SIGNS[usual] for word, usual in _LIKE.items()}
_ALL = _SIGNS | {word: (pair, word == pair[0]) for pair in _LETTER_PAIRS for word in pair}
_ALL |= {word: _ALL[usual] for word, usual in _LIKE_LETTERS.items()}


def _find(text: str, *, letters: bool) -> _Found | None:
    plain = unicodedata.normalize("NFKC", text).strip(_AROUND).upper()
    return (_ALL if letters else _SIGNS).get(plain)


def judgement(text: str, *, letters: bool) -> bool | None:
    """Whether `text` says right (True) or wrong (False); None where it says neither.

    Parameters
    ----------
    letters
        Whether T F, Y N, √ × typed as V X, and words in Latin letters count: they may be options.

    Examples
    --------
    >>> judgement("✔", letters=False), judgement("（错）", letters=False), judgement("F", letters=False)
    (True, False, None)
    >>> judgement("Ｔ", letters=True), judgement("x", letters=True), judgement("A", letters=True)
    (True, False, None)
    """
    found = _find(text, letters=letters)
    return None if found is None else found[1]


def written_pair(text: str) -> tuple[str, str]:
    """How right and wrong are written beside a judgement written like `text`.

    >>> written_pair("错"), written_pair("false"), written_pair("✓")
    (('对', '错'), ('T', 'F'), ('√', '×'))
    """
    found = _find(text, letters=True)
    return _PAIRS[0] if found is None else found[0]
