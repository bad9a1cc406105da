"""Owns the runner on a Dask cluster. Optional: it needs `distributed` only where a client is made.

Each shard is loaded by a task, so a shard that dies with its worker is loaded again elsewhere.
Models go out with every pass, sums come back; answers stay where they were loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from edumetrics.errors import EmptyMatrix, ShapeMismatch
from edumetrics.runners.packing import Layout, Shard
from edumetrics.runners.stats import NodeModel, Statistics, add, stats

RETRIES = 3  # times that a task may die with its worker before the pass fails

Loader = Callable[[], Shard]


class Future(Protocol):
    """What a client's `submit` gives."""

    def result(self) -> Any:
        """Wait for the value."""


class Client(Protocol):
    """The one method of ``distributed.Client`` that is used."""

    def submit(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Future:
        """Run a function on some worker."""


@dataclass(frozen=True, slots=True)
class ParquetPart:
    """Loader of a run of rows of a Parquet file that every worker can read; columns hold categories."""

    path: str
    items: tuple[str, ...]
    layout: Layout
    first: int
    rows: int

    def __call__(self) -> Shard:
        """Read and pack."""
        from edumetrics.runners.parquet import read_rows  # polars is loaded on the workers only

        return read_rows(self.path, self.items, self.layout, self.first, self.rows)


class DaskRunner:
    """Runs shards on the workers of a cluster.

    Parameters
    ----------
    client : distributed.Client
    loaders : sequence of callable
        Each gives its shard, every time the same; must be picklable.
    layout : Layout
    n : int
        Persons of all shards.
    """

    def __init__(self, client: Client, loaders: Sequence[Loader], layout: Layout, n: int) -> None:
        if not loaders:
            raise EmptyMatrix(value="a runner needs at least one shard")
        self.layout = layout
        self.n = n
        self._client = client
        self._shards = [client.submit(_load, one, pure=False, retries=RETRIES) for one in loaders]

    def submit(self, model: NodeModel) -> list[Future]:
        """Start one pass."""
        return [self._client.submit(stats, s, model, pure=False, retries=RETRIES) for s in self._shards]

    def total(self, model: NodeModel) -> Statistics:
        """Statistics summed over all shards, always in their order.

        Raises
        ------
        ShapeMismatch
            If the shards together hold other persons than said.
        """
        total = add(one.result() for one in self.submit(model))
        if total.n != self.n:
            raise ShapeMismatch(value=f"the shards hold {total.n} persons, not {self.n}")
        return total

    def sample(self, at_most: int) -> None:
        """Answers stay on their workers."""


def _load(loader: Loader) -> Shard:
    return loader()
