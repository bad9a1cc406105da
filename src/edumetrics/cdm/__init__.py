"""Cognitive diagnosis: which knowledge points a pupil masters, and where an exam cannot tell.

>>> import numpy as np
>>> from edumetrics.arrays import response_matrix
>>> from edumetrics.cdm import diagnose
>>> rng = np.random.default_rng(1)
>>> q = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [1, 1], [1, 1]])
>>> mastered = rng.random((300, 2)) < 0.6
>>> able = (mastered[:, None, :] >= q).all(axis=2)
>>> marks = rng.random((300, 6)) < np.where(able, 0.9, 0.15)
>>> result = diagnose(response_matrix(marks.astype(float), 1.0), q)
>>> result.space.n_classes, [round(p.prevalence.value, 1) for p in result.points]
(4, [0.6, 0.6])
"""

from edumetrics.cdm.advice import QAdvice, q_advice
from edumetrics.cdm.classes import CircularPrerequisites, ClassSpace, TooManyClasses, class_space
from edumetrics.cdm.diagnosis import diagnose
from edumetrics.cdm.results import ClassModelResult, GroupOnItem, ItemDiagnosis, PointDiagnosis
from edumetrics.cdm.settings import Settings

__all__ = [
    "CircularPrerequisites",
    "ClassModelResult",
    "ClassSpace",
    "GroupOnItem",
    "ItemDiagnosis",
    "PointDiagnosis",
    "QAdvice",
    "Settings",
    "TooManyClasses",
    "class_space",
    "diagnose",
    "q_advice",
]
