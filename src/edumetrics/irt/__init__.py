"""Item response models: calibration, scores, fit.

>>> import numpy as np
>>> from edumetrics.arrays import response_matrix
>>> from edumetrics.irt import calibrate
>>> rng = np.random.default_rng(1)
>>> ability = rng.normal(size=(400, 1))
>>> right = rng.random((400, 6)) < 1 / (1 + np.exp(-ability - np.linspace(-1, 1, 6)))
>>> exam = calibrate(response_matrix(right.astype(float), 1.0))
>>> exam.model, len(exam.items)
('2pl', 6)
"""

from edumetrics.irt.again import recalibrate
from edumetrics.irt.calibration import calibrate
from edumetrics.irt.expected import ExpectedShares, expected_shares
from edumetrics.irt.fit import DependentPair, ExamFit, ItemFit, exam_fit
from edumetrics.irt.fixed import calibrate_on_scale
from edumetrics.irt.information import exam_information, item_information
from edumetrics.irt.results import Calibration, Classical, ItemCalibration, Population
from edumetrics.irt.robust import with_robust_errors
from edumetrics.irt.scores import PlausibleValues, Scores, plausible_values, score
from edumetrics.irt.settings import LogNormal, Settings
from edumetrics.irt.sum_score_fit import SumScoreFit
from edumetrics.irt.testlets import Testlet, TestletCalibration, calibrate_testlets

__all__ = [
    "Calibration",
    "Classical",
    "DependentPair",
    "ExamFit",
    "ExpectedShares",
    "ItemCalibration",
    "ItemFit",
    "LogNormal",
    "PlausibleValues",
    "Population",
    "Scores",
    "Settings",
    "SumScoreFit",
    "Testlet",
    "TestletCalibration",
    "calibrate",
    "calibrate_on_scale",
    "calibrate_testlets",
    "exam_fit",
    "exam_information",
    "expected_shares",
    "item_information",
    "plausible_values",
    "recalibrate",
    "score",
    "with_robust_errors",
]
