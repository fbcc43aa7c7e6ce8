"""The proof weighs few pools by themselves and the others as bundles: that never claims too much."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tests.planner.joint.instances import instance
from voltaire.planner.joint.arrays import Floats
from voltaire.planner.joint.build import build
from voltaire.planner.joint.kernel import scratch_size
from voltaire.planner.joint.visits import PROVE, visit


def least(jobs: int, most: int, two_types: bool) -> Floats:
    """What each workload pays at least at some random prices, weighing `most` pools by themselves."""
    problem = instance(jobs, 9, 24, 1.0, load=0.5, seed=3)
    if two_types:
        clusters = tuple(dataclasses.replace(c, capacity={**c.capacity, "h100": 32},
                                             accelerator_kw={"a100": 0.7, "h100": 1.2})
                         for c in problem.clusters)  # fmt: skip
        works = tuple(dataclasses.replace(w, throughput={"h100": 2.0}) for w in problem.workloads)
        problem = dataclasses.replace(problem, clusters=clusters, workloads=works)
    a = build(problem).arrays
    rng = np.random.default_rng(1)
    hold, draw = rng.uniform(0, 60, a.capacity.shape), np.zeros(a.grid.shape)
    values = np.zeros(a.jobs)
    visit(a, PROVE, np.arange(a.jobs), 1.0, hold, draw, a.grid, np.empty(scratch_size(a)),
          np.empty((0, a.slots), dtype=np.int16), a.capacity, a.limit, a.grid, values, most)  # fmt: skip
    return values


@pytest.mark.parametrize("two_types", [False, True])
def test_bundles_ask_no_more_than_all_pools_do_and_hardly_less(two_types: bool) -> None:
    true, few, one = (least(60, most, two_types) for most in (1 << 30, 6, 1))
    close = 1e-9 * true
    assert (few <= true + close).all()
    assert (one <= few + close).mean() > 0.9
    assert (one <= true + close).all()
    assert few.sum() >= 0.97 * true.sum()
    assert one.sum() < true.sum()
