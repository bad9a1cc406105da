"""Functions that other rooms may call. Each runs in the caller's open scope."""

from smartschool.contexts.assessment.queries import answers_of, items_of, paper, paper_for_analysis, papers

__all__ = ["answers_of", "items_of", "paper", "paper_for_analysis", "papers"]
