"""What is wrong with the data handed in: one type per fault, naming the pupil and the item."""

from __future__ import annotations

from collections.abc import Callable


class ResponseError(ValueError):
    """Data that no analysis may accept.

    Attributes
    ----------
    code : str
        Stable code of the fault.
    pupil, item : str or None
        Whose answer and which item, where there is one.
    value : object
        What was found there.
    """

    code = "bad_responses"

    def __init__(self, *, pupil: str | None = None, item: str | None = None, value: object = None) -> None:
        self.pupil = pupil
        self.item = item
        self.value = value
        where = ", ".join(
            f"{name} {key!r}" for name, key in (("pupil", pupil), ("item", item)) if key is not None
        )
        super().__init__(f"{self.code}: {where or 'data'}" + (f": {value!r}" if value is not None else ""))

    def __reduce__(self) -> tuple[Callable[..., ResponseError], tuple[object, ...]]:
        """Workers of a cluster send their errors home."""
        return _again, (type(self), self.pupil, self.item, self.value)


def _again(kind: type[ResponseError], pupil: str | None, item: str | None, value: object) -> ResponseError:
    return kind(pupil=pupil, item=item, value=value)


class EmptyMatrix(ResponseError):
    """No pupil or no item."""

    code = "empty_matrix"


class ShapeMismatch(ResponseError):
    """Arrays that should describe the same pupils and items differ in size."""

    code = "shape_mismatch"


class DuplicatePupil(ResponseError):
    """The same pupil id twice."""

    code = "duplicate_pupil"


class DuplicateItem(ResponseError):
    """The same item id twice."""

    code = "duplicate_item"


class BadFullMark(ResponseError):
    """A full mark that is not a positive number, or above a thousand million."""

    code = "bad_full_mark"


class NegativeMark(ResponseError):
    """A mark below zero."""

    code = "negative_mark"


class MarkOverFull(ResponseError):
    """A mark above the full mark of its item."""

    code = "mark_over_full"


class InfiniteMark(ResponseError):
    """A mark that is infinite."""

    code = "infinite_mark"


class MarkWithoutAnswer(ResponseError):
    """State and mark contradict each other: answered without a mark, or absent with one."""

    code = "mark_without_answer"


class BadKey(ResponseError):
    """A key that names no option."""

    code = "bad_key"


class BadWeights(ResponseError):
    """A Q-matrix with a negative or non-finite weight, or an item or point without any."""

    code = "bad_weights"


class BadCount(ResponseError):
    """A number of pupils that is negative, not whole or no number."""

    code = "bad_count"


class BadParameter(ResponseError):
    """An item parameter, a standard error or a likelihood that is no usable number."""

    code = "bad_parameter"


class BadSetting(ResponseError):
    """A setting outside its range, or a choice that there is not."""

    code = "bad_setting"


class BadCode(ResponseError):
    """A code of a learner or a skill that is no whole number."""

    code = "bad_code"


class BadAnswer(ResponseError):
    """An answer neither right nor wrong, of a category that there is not, or before the one it follows."""

    code = "bad_answer"


class UnknownName(ResponseError):
    """An item, a group or a skill that the other side does not have."""

    code = "unknown_name"


class TooFewPupils(ResponseError):
    """Fewer pupils than what was asked for needs; another function takes them."""

    code = "too_few_pupils"


class GroupTooSmall(ResponseError):
    """A group of pupils that is to be the yardstick and has one pupil only."""

    code = "group_too_small"
