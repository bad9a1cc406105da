"""Right and wrong in the spellings that schools use."""

import pytest

from smartschool.kernel.judgements import judgement, written_pair


@pytest.mark.parametrize("text", ["√", "✓", "✔️", "对", "（对）", "正确", "是", " ✅ ", "真"])
def test_signs_and_words_need_no_letters(text: str) -> None:
    assert judgement(text, letters=False) is True


@pytest.mark.parametrize("text", ["×", "✗", "✘", "错", "错误", "不对", "否", "【错】", "❌", "不正确"])
def test_so_do_those_of_the_other_side(text: str) -> None:
    assert judgement(text, letters=False) is False


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("T", True),
        ("Ｆ", False),
        ("y", True),
        ("N", False),
        ("True", True),
        ("NO", False),
        ("V", True),
        ("x", False),
    ],
)
def test_letters_count_only_when_asked_for(text: str, right: bool) -> None:
    assert judgement(text, letters=True) is right
    assert judgement(text, letters=False) is None


@pytest.mark.parametrize("text", ["", "A", "TF", "对错", "1", "0", "-", "未作答", "K"])
def test_what_says_neither(text: str) -> None:
    assert judgement(text, letters=True) is None


def test_the_other_side_is_written_in_the_same_way() -> None:
    assert [written_pair(text) for text in ("×", "正确", "n", "FALSE")] == [
        ("√", "×"),
        ("正确", "错误"),
        ("Y", "N"),
        ("T", "F"),
    ]
