"""Differential item functioning: does an item favour one group among pupils of equal attainment?"""

from edumetrics.dif.logistic import LogisticDif, logistic_dif
from edumetrics.dif.mantel_haenszel import DifItem, DifResult, mantel_haenszel

__all__ = ["DifItem", "DifResult", "LogisticDif", "logistic_dif", "mantel_haenszel"]
