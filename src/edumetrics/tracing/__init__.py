"""Practice over time: knowledge tracing, spacing and adaptive re-test."""

from edumetrics.tracing.adaptive import AdaptivePlan, next_item
from edumetrics.tracing.bkt import KnowledgeTracing, fit_bkt, trace_bkt
from edumetrics.tracing.log import PracticeLog, practice_log
from edumetrics.tracing.performance import PerformanceModel, fit_performance, predict_performance
from edumetrics.tracing.spacing import Review, next_review

__all__ = [
    "AdaptivePlan",
    "KnowledgeTracing",
    "PerformanceModel",
    "PracticeLog",
    "Review",
    "fit_bkt",
    "fit_performance",
    "next_item",
    "next_review",
    "practice_log",
    "predict_performance",
    "trace_bkt",
]
