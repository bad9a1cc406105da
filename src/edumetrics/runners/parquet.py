"""Owns the runner that streams answers from Parquet files in bounded memory.

Needs polars. One row a person, one column an item; a batch of rows is read, packed (about ten
bytes a person), used and dropped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from edumetrics.errors import EmptyMatrix
from edumetrics.runners.packing import Layout, Shard, pack
from edumetrics.runners.stats import NodeModel, Statistics, add, prepare, stats

BATCH = 65_536  # rows in memory at once: 31 MB of 60 float columns

Encoder = Callable[[Sequence[NDArray[np.float64]]], NDArray[np.int16]]


class ParquetRunner:
    """Runs the engine-free step over Parquet files, batch by batch.

    Parameters
    ----------
    paths : sequence of path
    items : sequence of str
        Columns, in the order of the layout.
    layout : Layout
        Must allow every item to be missing if any row may lack it.
    encode : callable, optional
        Columns of marks (NaN where missing) → categories (N, J). Left out, the columns hold categories.
    keep : bool
        Hold the packed answers after the first pass (ten bytes a person) instead of reading again.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        items: Sequence[str],
        layout: Layout,
        *,
        encode: Encoder | None = None,
        keep: bool = True,
        batch: int = BATCH,
    ) -> None:
        if not paths:
            raise EmptyMatrix(value="a runner needs at least one file")
        self.layout = layout
        self._paths = [Path(p) for p in paths]
        self._items = list(items)
        self._encode = encode
        self._batch = batch
        self._keep = keep
        self._held: list[Shard] | None = None
        self._sizes = [int(pl.scan_parquet(p).select(pl.len()).collect().item()) for p in self._paths]
        self.n = sum(self._sizes)

    def shards(self) -> Iterator[Shard]:
        """Packed batches, in the order of files and rows."""
        if self._held is not None:
            yield from self._held
            return
        held: list[Shard] = []
        for path, size in zip(self._paths, self._sizes, strict=True):
            frame = pl.scan_parquet(path).select(self._items)
            for at in range(0, size, self._batch):
                shard = self._pack(frame.slice(at, self._batch).collect())
                if self._keep:
                    held.append(shard)
                yield shard
        if self._keep:
            self._held = held

    def total(self, model: NodeModel) -> Statistics:
        """Statistics summed over all batches, in their order; at most two batches are in memory."""
        tables = prepare(model, self.layout)
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            return add(_in_turn(pool, workers, lambda s: stats(s, model, tables), self.shards()))

    def sample(self, at_most: int) -> Shard:
        """Every k-th person, so that about ``at_most`` remain."""
        every = max(1, -(-self.n // at_most))
        offset, codes = 0, []
        for shard in self.shards():
            codes.append(shard.codes[(-offset) % every :: every].copy())
            offset += shard.n
        both = np.concatenate(codes) if codes else np.empty((0, self.layout.n_bytes), np.uint8)
        return Shard(both, np.zeros(len(both), np.uint8), self.layout)

    def _pack(self, frame: pl.DataFrame) -> Shard:
        columns = _columns(frame, self._items)
        if self._encode is not None:
            return pack(self._encode(columns), self.layout)
        return _pack_categories(columns, self.layout)


def read_rows(path: str | Path, items: Sequence[str], layout: Layout, first: int, rows: int) -> Shard:
    """Read and pack a run of rows whose columns hold categories."""
    frame = pl.scan_parquet(Path(path)).select(list(items)).slice(first, rows).collect()
    return _pack_categories(_columns(frame, items), layout)


def _columns(frame: pl.DataFrame, items: Sequence[str]) -> list[NDArray[np.float64]]:
    return [frame[item].cast(pl.Float64).fill_null(np.nan).to_numpy() for item in items]


def _pack_categories(columns: Sequence[NDArray[np.float64]], layout: Layout) -> Shard:
    cats = np.column_stack(columns)
    return pack(np.where(np.isnan(cats), -1.0, cats).astype(np.int16), layout)


def tally_columns(
    paths: Sequence[str | Path], items: Sequence[str]
) -> list[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Values that occur in each column, ascending, and how often (nulls and NaN left out)."""
    frame = pl.scan_parquet([Path(p) for p in paths])
    out = []
    for item in items:
        column = pl.col(item).cast(pl.Float64)
        found = (
            frame.select(column.alias("value"))
            .filter(pl.col("value").is_not_null() & pl.col("value").is_not_nan())
            .group_by("value")
            .len()
            .sort("value")
            .collect(engine="streaming")
        )
        out.append((found["value"].to_numpy(), found["len"].to_numpy().astype(np.int64)))
    return out


def _in_turn(
    pool: ThreadPoolExecutor,
    ahead: int,
    work: Callable[[Shard], Statistics],
    shards: Iterator[Shard],
) -> Iterator[Statistics]:
    """Results in the order of the shards with at most ``ahead`` of them in flight."""
    waiting = []
    for shard in shards:
        waiting.append(pool.submit(work, shard))
        if len(waiting) >= ahead:
            yield waiting.pop(0).result()
    for one in waiting:
        yield one.result()
