"""Owns the runners of one machine: threads (the default) and processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from typing import Protocol

import numpy as np

from edumetrics.errors import EmptyMatrix
from edumetrics.runners.packing import Layout, Shard
from edumetrics.runners.stats import NodeModel, Statistics, add, prepare, stats

# Below this many persons a second thread costs more than it saves.
PERSONS_PER_THREAD = 3000


class Runner(Protocol):
    """What an estimator needs of an engine."""

    @property
    def layout(self) -> Layout:
        """Layout shared by all shards."""

    @property
    def n(self) -> int:
        """Persons in all shards."""

    def total(self, model: NodeModel) -> Statistics:
        """Statistics summed over all shards."""

    def sample(self, at_most: int) -> Shard | None:
        """Evenly spread persons, at most so many; None where answers must stay where they are."""


class ThreadRunner:
    """Runs shards in threads of this process; the compiled step releases the interpreter lock."""

    def __init__(
        self, shards: Sequence[Shard], workers: int | None = None, per_thread: int = PERSONS_PER_THREAD
    ) -> None:
        if not shards:
            raise EmptyMatrix(value="a runner needs at least one shard")
        wanted = workers or os.cpu_count() or 1
        self.layout = shards[0].layout
        self.n = sum(s.n for s in shards)
        if len(shards) == 1:
            parts = max(1, min(wanted, self.n // per_thread))
            shards = shards[0].split(parts)
        self.shards = list(shards)
        self._workers = min(wanted, len(self.shards))
        self._pool = ThreadPoolExecutor(self._workers) if self._workers > 1 else None

    def total(self, model: NodeModel) -> Statistics:
        """Statistics summed over all shards, always in the order of the shards."""
        tables = prepare(model, self.layout)
        if self._pool is None:
            return add(stats(s, model, tables) for s in self.shards)
        waiting = [self._pool.submit(stats, s, model, tables) for s in self.shards[1:]]
        first = stats(self.shards[0], model, tables)
        return add([first, *(w.result() for w in waiting)])

    def sample(self, at_most: int) -> Shard:
        """Evenly spread persons, at most so many."""
        return spread(self.shards, self.n, at_most)

    def close(self) -> None:
        """Stop the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def __enter__(self) -> ThreadRunner:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def spread(shards: Sequence[Shard], n: int, at_most: int) -> Shard:
    """Every k-th person of all shards taken one after another, so that about ``at_most`` remain."""
    every = max(1, -(-n // at_most))
    offset, codes, population = 0, [], []
    for s in shards:
        rows = slice((-offset) % every, None, every)
        codes.append(s.codes[rows])
        population.append(s.population[rows])
        offset += s.n
    return Shard(np.concatenate(codes), np.concatenate(population), shards[0].layout)


_mine: dict[int, Shard] = {}


def _keep(shards: dict[int, Shard]) -> None:
    _mine.update(shards)


def _stats_of(index: int, model: NodeModel) -> Statistics:
    return stats(_mine[index], model)


class ProcessRunner:
    """Runs shards in worker processes; each worker receives all shards once, then only models.

    Meant for engines where threads are not to be had; answers travel to the workers at the start.
    """

    def __init__(self, shards: Sequence[Shard], workers: int | None = None) -> None:
        if not shards:
            raise EmptyMatrix(value="a runner needs at least one shard")
        self.layout = shards[0].layout
        self.n = sum(s.n for s in shards)
        self._shards = list(shards)
        self._pool = ProcessPoolExecutor(
            max_workers=min(workers or os.cpu_count() or 1, len(shards)),
            mp_context=get_context("spawn"),
            initializer=_keep,
            initargs=(dict(enumerate(shards)),),
        )

    def total(self, model: NodeModel) -> Statistics:
        """Statistics summed over all shards, always in the order of the shards."""
        waiting: list[Future[Statistics]] = [
            self._pool.submit(_stats_of, index, model) for index in range(len(self._shards))
        ]
        return add(w.result() for w in waiting)

    def sample(self, at_most: int) -> Shard:
        """Evenly spread persons, at most so many."""
        return spread(self._shards, self.n, at_most)

    def close(self) -> None:
        """Stop the workers."""
        self._pool.shutdown()

    def __enter__(self) -> ProcessRunner:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
