"""Mastery: what share of the marks of each knowledge point a pupil can expect, with its interval and state.

>>> import numpy as np
>>> from edumetrics.arrays import response_matrix
>>> from edumetrics.mastery import mastery
>>> marks = np.tril(np.ones((40, 6)), 2)
>>> table = mastery(response_matrix(marks, 1.0), np.repeat(np.eye(2), 3, axis=0), ["a", "b"])
>>> table.share.value.shape
(40, 2)
"""

from edumetrics.mastery.evidence import item_weights
from edumetrics.mastery.posterior import VERSION, mastery
from edumetrics.mastery.results import Mastery, MasteryPrior, MasterySettings, MasteryState, MasteryTable

__all__ = [
    "VERSION",
    "Mastery",
    "MasteryPrior",
    "MasterySettings",
    "MasteryState",
    "MasteryTable",
    "item_weights",
    "mastery",
]
