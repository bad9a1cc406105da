"""A block of attempts of one paper on its way into the database."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


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

    def columns(self) -> dict[str, Any]:
        """The block as columns of `Attempt`, one value a row."""
        return {
            "enrolment_id": self.enrolment_ids.tolist(),
            "home_class_id": self.class_ids.tolist(),
            "class_number": self.class_numbers.tolist(),
            "status": self.statuses.tolist(),
            "marks": self.marks,
            "states": self.states,
            "choices": [[]] * len(self) if self.choices is None else self.choices,
            "stated_total": self.stated_totals.tolist(),
        }
