"""Results: all outcomes at once are those of one at a time, and no figure without a value gets out."""

import numpy as np
import pytest

from edumetrics.results import Estimate, Estimates, Reason


@pytest.mark.parametrize("with_se", [True, False])
def test_outcomes_are_those_of_at(with_se: bool) -> None:
    value = np.array([0.1 + 0.2, np.nan, -1e-300, 0.5])
    many = Estimates.build(
        value,
        np.abs(value) if with_se else None,
        value - 0.1,
        value + 0.1,
        np.array([3, 0, 7, 1]),
        "mean/t",
        refuse=((np.isnan(value), Reason.NO_RESPONSES), (np.array([3, 0, 7, 1]) < 2, Reason.TOO_FEW_PUPILS)),
        level=0.9,
    )
    outcomes = many.outcomes()
    assert outcomes == [many.at(index) for index in range(4)]
    # Plain numbers: results are stored as JSON.
    assert {type(part) for one in outcomes if isinstance(one, Estimate) for part in (one.value, one.n)} == {
        float,
        int,
    }


@pytest.mark.parametrize(
    "parts", [(np.nan, 0.1, 0.0, 1.0), (0.5, np.inf, 0.0, 1.0), (0.5, None, np.nan, 1.0)]
)
def test_an_estimate_is_finite(parts: tuple[float, float | None, float, float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        Estimate(*parts, 3, "mean/t")
