"""Owns the diagnosis of an exam whose classes are too many: points independent given ability."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from edumetrics.cdm import em
from edumetrics.cdm.classes import TooManyClasses
from edumetrics.cdm.conclusion import conclude
from edumetrics.cdm.network import report
from edumetrics.cdm.network.ability import NODES
from edumetrics.cdm.network.expectation import parts_of
from edumetrics.cdm.network.fit import NO_CLASSES, Threads, affordable, estimate, unpenalised_ridge
from edumetrics.cdm.network.structure import Network, merged_space, network
from edumetrics.cdm.network.told import Told, told
from edumetrics.cdm.network.tree import TooWide
from edumetrics.cdm.pairs import PairFit, residuals
from edumetrics.cdm.preparation import Prepared, make_problem
from edumetrics.cdm.report import mastery_reports, point_reports
from edumetrics.cdm.results import ClassModelResult, Worth
from edumetrics.cdm.uncertainty import Known, of_few_marks
from edumetrics.results import Caution

MOST_CELLS = 120_000_000  # patterns × abilities × states of one step: not quite a second on two cores


def diagnose_network(exam: Prepared) -> tuple[ClassModelResult, PairFit]:
    """Diagnosis, and how pairs of items go together.

    Raises
    ------
    TooManyClasses
        Where items join too many points; ``points`` names them.
    """
    try:
        space = merged_space(exam.q, exam.model, exam.prerequisites)
        net = network(space, exam.model, exam.prerequisites)
    except TooWide as error:
        raise _refusal(exam, error.variables) from error
    settings, categories = exam.settings, exam.answered
    if net.cells * len(NODES) * min(len(categories), 64) > MOST_CELLS:
        raise _refusal(exam, _widest(net))
    parts = parts_of(net, categories)
    cells = sum(part.cells(net) for part in parts)
    if cells > MOST_CELLS:
        raise _refusal(exam, _widest(net))
    climbing = affordable(settings, cells)
    problem = make_problem(space, exam.coding, exam.model, settings, int(exam.matrix.present.sum()))
    with Threads(net, parts) as total:
        best, ridge = estimate(problem, total, exam.shares, net.n_points, climbing)
        if climbing.check_ridge:
            ridge |= unpenalised_ridge(problem, total, best)
    cov, ends = report.covariance_and_ends(net, problem, best.parameters, parts, categories)
    pairs = residuals(report.expected_covariance(net, best.parameters, exam.worth), categories, exam.worth)
    cov = of_few_marks(cov, problem, best.counts) * pairs.widening
    speaking, says = _speaking(exam, net)
    never = np.array([a is None and b is None for a, b in zip(says.sure, says.lack, strict=True)])
    refused = never | exam.alone
    mastery, bounds = mastery_reports(
        report.network_bounds(
            speaking, says.sure, says.lack, problem, best.parameters, cov, exam.categories, settings
        ),
        exam.matrix, exam.categories, exam.q, refused, settings,
    )  # fmt: skip
    cautions = [Caution("points_lean_on_ability", data=MappingProxyType({"points": net.n_points}))]
    at = em.Parameters(best.parameters.probability, NO_CLASSES)
    found = em.Fit(
        at, best.loglik, best.objective, best.counts, best.evaluations, best.converged,
        NO_CLASSES * len(categories),
    )  # fmt: skip
    n_free = len(cov) - 2 * net.n_points
    known = Known(cov[:n_free, :n_free], np.zeros((space.n_classes, 0)))
    groups = problem.pseudo.shape[1]
    worth = Worth(np.repeat(exam.worth[:, None], groups, axis=1), np.zeros((len(exam.worth), groups)))
    errors = report.share_errors(speaking, says.sure, says.lack, best.parameters, cov[n_free:, n_free:])
    result = conclude(
        exam, space, problem, found, known, worth, ends, pairs, never, mastery,
        point_reports(bounds[:, exam.present], refused, errors, exam.names, exam.q),
        ridge, "network", None, 2 * net.n_points, cautions,
    )  # fmt: skip
    return result, pairs


def _speaking(exam: Prepared, net: Network) -> tuple[Network, Told]:
    """The network with statements on points that no item asks alone; without, where it grows too wide."""
    space = merged_space(exam.q, exam.model, exam.prerequisites)
    says = told(space, exam.model, exam.prerequisites)
    try:
        wider = network(space, exam.model, exam.prerequisites, says.statements)
    except TooWide:
        wider = None
    if wider is not None and wider.cells * len(NODES) * len(exam.categories) <= MOST_CELLS:
        return wider, says
    cut = [
        tuple(one if one is not None and one[0] < net.n_points else None for one in ones)
        for ones in (says.sure, says.lack)
    ]
    return net, Told((), cut[0], cut[1])


def _widest(net: Network) -> tuple[int, ...]:
    return max(net.tree.cliques, key=lambda one: one.n_states).variables


def _refusal(exam: Prepared, points: tuple[int, ...]) -> TooManyClasses:
    names = exam.points_where(np.isin(np.arange(len(exam.names)), points))
    return TooManyClasses(f"items join the points {', '.join(names)} too closely", names)
