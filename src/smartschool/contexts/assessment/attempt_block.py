"""A block of attempts of one paper on its way into the database, and its form on the wire."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# COPY … (FORMAT BINARY): signature, flags, header extension; each row is a field count, then per field its
# length and its bytes, big-endian; a count of -1 ends it (PostgreSQL manual, COPY, file formats).
_OPENING = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_CLOSING = b"\xff\xff"
_FLOAT4, _INT2, _TEXT = 700, 21, 25
_FIELDS = 8


@dataclass(frozen=True, slots=True, eq=False)
class AttemptBlock:
    """P attempts of a paper with I items; the shapes and codes are those of `PaperData`."""

    enrolment_ids: NDArray[np.int64]
    class_ids: NDArray[np.int64]
    class_numbers: NDArray[np.int16]
    statuses: NDArray[np.int8]
    marks: NDArray[np.float64]
    states: NDArray[np.int8]
    choices: NDArray[np.str_] | None
    stated_totals: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.enrolment_ids)

    def wire(self) -> bytes:
        """The whole block as binary COPY, with the columns of `store`.

        Every row but its choices has the same width, so NumPy lays out all rows at once.
        """
        pupils, items = self.marks.shape
        fixed = np.zeros(pupils, dtype=_row_type(items))
        fixed["fields"] = _FIELDS
        for name, values in (
            ("enrolment", self.enrolment_ids),
            ("home_class", self.class_ids),
            ("number", self.class_numbers),
            ("status", self.statuses),
            ("total", self.stated_totals),
        ):
            fixed[name]["length"] = fixed.dtype[name]["value"].itemsize
            fixed[name]["value"] = values
        for name, element, values in (("marks", _FLOAT4, self.marks), ("states", _INT2, self.states)):
            _fill_array(fixed[name], element, values, items)
        if self.choices is None:
            empty = (12).to_bytes(4, "big") + bytes(8) + _TEXT.to_bytes(4, "big")
            tail = np.frombuffer(empty * pupils, dtype=f"V{len(empty)}")
            rows = np.empty(pupils, dtype=[("fixed", fixed.dtype), ("tail", tail.dtype)])
            rows["fixed"], rows["tail"] = fixed, tail
            body = rows.tobytes()
        else:
            body = b"".join(
                row.tobytes() + tail for row, tail in zip(fixed, _choice_fields(self.choices), strict=True)
            )
        return _OPENING + body + _CLOSING


def _row_type(items: int) -> np.dtype[np.void]:
    def single(kind: str) -> np.dtype[np.void]:
        return np.dtype([("length", ">i4"), ("value", kind)])

    def array(kind: str) -> np.dtype[np.void]:
        head = [("length", ">i4"), ("dimensions", ">i4"), ("has_null", ">i4"), ("element", ">i4")]
        if not items:
            return np.dtype(head)
        element = np.dtype([("length", ">i4"), ("value", kind)])
        return np.dtype([*head, ("size", ">i4"), ("bound", ">i4"), ("body", element, (items,))])

    return np.dtype(
        [
            ("fields", ">i2"),
            ("enrolment", single(">i8")),
            ("home_class", single(">i8")),
            ("number", single(">i2")),
            ("status", single(">i2")),
            ("total", single(">f4")),
            ("marks", array(">f4")),
            ("states", array(">i2")),
        ]
    )


def _fill_array(field: NDArray[np.void], element: int, values: NDArray[np.generic], items: int) -> None:
    field["length"] = field.dtype.itemsize - 4
    field["element"] = element
    if items:
        field["dimensions"], field["size"], field["bound"] = 1, items, 1
        field["body"]["length"] = field.dtype["body"].base["value"].itemsize
        field["body"]["value"] = values


def _choice_fields(choices: NDArray[np.str_]) -> list[bytes]:
    """The text[] field of each pupil; each distinct option is encoded once."""
    words = {str(word) for word in np.unique(choices)}
    encoded = {word: len(word.encode()).to_bytes(4, "big") + word.encode() for word in words}
    head = b"".join(number.to_bytes(4, "big") for number in (1, 0, _TEXT, choices.shape[1], 1))
    fields = []
    for row in choices.tolist():
        body = head + b"".join([encoded[word] for word in row])
        fields.append(len(body).to_bytes(4, "big") + body)
    return fields
