"""Owns the runner of parties that keep their own answers: only models go out, only sums come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edumetrics.errors import EmptyMatrix, ShapeMismatch
from edumetrics.runners.packing import Layout
from edumetrics.runners.stats import NodeModel, Statistics, add

Party = Callable[[NodeModel], Statistics]


class FederatedRunner:
    """Adds the statistics of several parties (districts, cluster workers).

    Parameters
    ----------
    layout : Layout
        Agreed by all.
    n : int
        Persons of all parties.
    parties : sequence of callable
        Each takes the model and gives the `Statistics` of its own persons.
    """

    def __init__(self, layout: Layout, n: int, parties: Sequence[Party]) -> None:
        if not parties:
            raise EmptyMatrix(value="a federation needs at least one party")
        self.layout = layout
        self.n = n
        self._parties = tuple(parties)

    def total(self, model: NodeModel) -> Statistics:
        """Statistics summed over all parties, in their order.

        Raises
        ------
        ShapeMismatch
            If the parties together count other persons than agreed: one of them was left out or asked twice.
        """
        total = add(party(model) for party in self._parties)
        if total.n != self.n:
            raise ShapeMismatch(value=f"the parties counted {total.n} persons, not {self.n}")
        return total

    def sample(self, at_most: int) -> None:
        """No answers leave a party."""
