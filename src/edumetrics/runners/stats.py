"""Owns the engine-free step of every latent model: ``stats(shard, model) -> Statistics``, and its sum.

Only `Statistics` ever leaves a shard: expected counts per item, category and node, never an answer.
Any engine that can map and add (threads, processes, a cluster, districts that keep their own
answers) can therefore run a calibration.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from edumetrics.errors import EmptyMatrix
from edumetrics.runners.by_score import Bins, Line, make_bins, total_by_score
from edumetrics.runners.kernel import accumulate, build_tables, fold_counts, posteriors
from edumetrics.runners.packing import Floats, Layout, Shard
from edumetrics.runners.vectors import new_rows, row_width


@dataclass(frozen=True, eq=False)
class NodeModel:
    """A latent model at its nodes: all that the step needs to know of it.

    Attributes
    ----------
    logp : (J, M, Q) float
        Log-probability of category m of item j at node q. Unused categories hold anything finite.
    log_prior : (H, Q) float
        Log-weight of the nodes in each population.
    line : Line, optional
        The same log-odds as straight lines in ability, where they are and where persons are so many that
        their statistics are worth a sort by score.
    """

    logp: Floats
    log_prior: Floats
    line: Line | None = None


@dataclass(frozen=True, eq=False)
class Tables:
    """Products of probabilities per byte value and node, rows scaled to one (see `kernel`).

    Below them one row a population: its weights. Rows are padded with zeros to whole vectors. In double
    precision, because products of single-precision rows would be denormal numbers, which cost a processor
    a hundred steps each.
    """

    rows: Floats
    log_scale: Floats
    bins: Bins | None = None


@dataclass(frozen=True, eq=False)
class Summed:
    """Figures of persons; those of disjoint persons add up field by field."""

    def __add__(self, other: Self) -> Self:
        """The figures of both."""
        return type(self)(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True, eq=False)
class Statistics(Summed):
    """Expected counts of one or more shards.

    Attributes
    ----------
    counts : (J, M, Q) float
        Expected number of persons per item, category and node.
    nodes : (H, Q) float
        Expected number of persons per population and node.
    loglik : float
        Marginal log-likelihood.
    n : int
        Persons.
    """

    counts: Floats
    nodes: Floats
    loglik: float
    n: int


def prepare(model: NodeModel, layout: Layout) -> Tables:
    """Build the tables of one step; shards that share memory share them."""
    n_nodes = model.logp.shape[2]
    rows: Floats = new_rows(layout.n_rows + len(model.log_prior), row_width(n_nodes))
    log_scale = np.zeros(len(rows))
    build_tables(
        model.logp, layout.n_categories, layout.base, layout.first_item, layout.first_row, rows, log_scale
    )
    np.exp(model.log_prior, out=rows[layout.n_rows :, :n_nodes])
    rows[layout.n_rows :, n_nodes:] = 0.0
    bins = None if model.line is None else make_bins(model.line, model.log_prior, layout)
    return Tables(rows, log_scale, bins)


def stats(shard: Shard, model: NodeModel, tables: Tables | None = None) -> Statistics:
    """Expected counts of one shard under the model.

    Parameters
    ----------
    shard : Shard
    model : NodeModel
    tables : Tables, optional
        The result of `prepare`, to share it between shards.
    """
    lay = shard.layout
    tab = prepare(model, lay) if tables is None else tables
    if tab.bins is not None:
        counts, nodes, value, others = total_by_score(shard, tab.bins)
        found = Statistics(counts, nodes, value, shard.n - len(others))
        if not len(others):
            return found
        return found + stats(shard.take(others), model, replace(tab, bins=None))
    n_items, n_cats, n_nodes = model.logp.shape
    by_row = _scratch(*tab.rows.shape)
    loglik = accumulate(
        shard.codes, shard.population, tab.rows, tab.log_scale, lay.first_row, model.log_prior,
        model.logp, lay.n_categories, lay.base, lay.first_item, by_row,
    )  # fmt: skip
    counts = np.zeros((n_items, n_cats, n_nodes))
    fold_counts(by_row, lay.n_categories, lay.base, lay.first_item, lay.first_row, counts)
    return Statistics(counts, by_row[lay.n_rows :, :n_nodes].copy(), float(loglik), shard.n)


_own = threading.local()


def _scratch(rows: int, nodes: int) -> Floats:
    """Zeros (rows, nodes), kept per thread: fresh pages cost more than the sums written into them."""
    kept: Floats | None = getattr(_own, "kept", None)
    if kept is None or kept.size < rows * nodes:
        kept = _own.kept = new_rows(1, rows * nodes).ravel()
    view = kept[: rows * nodes]
    view.fill(0.0)
    return view.reshape(rows, nodes)


def add(parts: Iterable[Statistics]) -> Statistics:
    """Sum of statistics, in the order given.

    Raises
    ------
    EmptyMatrix
        If there is nothing to add.
    """
    total: Statistics | None = None
    for part in parts:
        total = part if total is None else total + part
    if total is None:
        raise EmptyMatrix(value="no shard gave statistics")
    return total


def posterior(shard: Shard, model: NodeModel, tables: Tables | None = None) -> tuple[Floats, Floats]:
    """Posterior over nodes (N, Q) and log-likelihood (N,) of every person of the shard."""
    lay = shard.layout
    tab = prepare(model, lay) if tables is None else tables
    out = np.empty((shard.n, model.logp.shape[2]))
    loglik = np.empty(shard.n)
    posteriors(
        shard.codes, shard.population, tab.rows, tab.log_scale, lay.first_row, model.log_prior,
        model.logp, lay.n_categories, lay.base, lay.first_item, out, loglik,
    )  # fmt: skip
    return out, loglik
