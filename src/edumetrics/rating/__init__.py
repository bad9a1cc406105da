"""Marking by people: agreement of two markers, severity of many, and what to send to arbitration."""

from edumetrics.rating.agreement import Agreement, arbitration, double_marking
from edumetrics.rating.facets import RaterSeverity, rater_severity

__all__ = ["Agreement", "RaterSeverity", "arbitration", "double_marking", "rater_severity"]
