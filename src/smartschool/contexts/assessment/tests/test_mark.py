"""A mark has no order: nothing can sort pupils by it."""

import operator

import pytest

from smartschool.contexts.assessment.public.contracts import Mark


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge])
def test_marks_cannot_be_compared(compare: object) -> None:
    with pytest.raises(TypeError):
        compare(Mark(3, 5), Mark(4, 5))  # type: ignore[operator]
    with pytest.raises(TypeError):
        compare(Mark(3, 5), 4)  # type: ignore[operator]


def test_marks_cannot_be_sorted() -> None:
    for use in (sorted, max, min):
        with pytest.raises(TypeError):
            use([Mark(3, 5), Mark(4, 5)])  # type: ignore[type-var]
    with pytest.raises(TypeError):
        float(Mark(3, 5))  # type: ignore[arg-type]


def test_marks_are_equal_by_value() -> None:
    assert Mark(3, 5) == Mark(3.0, 5)
    assert Mark(3, 5).rate == 0.6
    assert str(Mark(2.5, 5)) == "2.5"
