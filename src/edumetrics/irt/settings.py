"""Owns the settings of a calibration and what they default to, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from edumetrics.errors import BadSetting

VERSION = "irt-11"  # raised when a change can move a figure

MODELS = ("auto", "rasch", "2pl", "3pl", "gpcm", "graded")


@dataclass(frozen=True, slots=True)
class LogNormal:
    """Prior of a slope: log a ~ N(mean, sd²)."""

    mean: float = 0.0
    sd: float = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """How to calibrate.

    Attributes
    ----------
    minimum_rasch, minimum_2pl, minimum_3pl : int
        Below so many pupils the next simpler model is taken: a Rasch difficulty has se ≈ 2.2/√n, a
        slope ≈ 3/√n, and a lower asymptote cannot be told from an easy item with fewer.
    minimum_items : int
        With two items ability cannot be told from dependence.
    slope_prior : LogNormal, None or "auto"
        "auto": below ``weak_data`` pupils LogNormal(m, 0.5), which has 95 % of its mass between 0.4 and 2.7
        times the exam's own level m, the mean log slope, and wider where the exam's slopes are (see
        `edumetrics.irt.learnt_priors`); above, none (maximum likelihood). Items that correlate negatively
        with the rest never get one: it would hide them.
    intercept_sd : float or None
        Standard deviation of a normal prior on the intercepts.
    guessing_prior : (float, float)
        Beta(α, β) on c of 3PL items; mean α/(α + β), here 0.23 as for four options. A first guess: mean
        and spread are learnt from the exam, the spread never smaller. Intervals reach over what answers say
        without it (see `edumetrics.irt.answers_alone`).
    max_categories : int
    tolerance : float
        Distance from the maximum at which to stop, in units of the parameters.
    max_evaluations : int
    standard_errors : bool
    """

    minimum_rasch: int = 50
    minimum_2pl: int = 200
    minimum_3pl: int = 1000
    minimum_items: int = 3
    weak_data: int = 1000
    slope_prior: LogNormal | str | None = "auto"
    intercept_sd: float | None = None
    guessing_prior: tuple[float, float] = (5.0, 17.0)
    max_categories: int = 10
    tolerance: float = 1e-4
    max_evaluations: int = 2000
    standard_errors: bool = True

    def __post_init__(self) -> None:
        if isinstance(self.slope_prior, str) and self.slope_prior != "auto":
            raise BadSetting(value=f"slope_prior is a LogNormal, None or 'auto', not {self.slope_prior!r}")
        if not self.tolerance > 0:
            raise BadSetting(value="tolerance must be positive")

    def as_mapping(self) -> Mapping[str, Any]:
        """Every setting by name, for the provenance of a result."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        if isinstance(self.slope_prior, LogNormal):
            values["slope_prior"] = asdict(self.slope_prior)
        return MappingProxyType(values)
