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

from edumetrics.irt.calibration import calibrate
from edumetrics.irt.results import Calibration, Classical, ItemCalibration, Population
from edumetrics.irt.settings import LogNormal, Settings

__all__ = ["Calibration", "Classical", "ItemCalibration", "LogNormal", "Population", "Settings", "calibrate"]
