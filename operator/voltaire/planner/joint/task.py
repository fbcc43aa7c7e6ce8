"""What the stages of a plan share: the problem as arrays, its sites, how much time is left, how plans are
weighed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field

import numpy as np

from voltaire.planner.joint.arrays import Arrays, Floats, Ints, Rows
from voltaire.planner.joint.batteries import Sites, open_sites
from voltaire.planner.joint.build import Built, build
from voltaire.planner.joint.problem import Problem
from voltaire.planner.joint.sites import Dispatch
from voltaire.planner.joint.state import State, open_state, totals

FOLLOW = 0.1
"""How far energy prices move towards those of the last plan, from sweep to sweep and where a site has several
batteries."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to try: `seconds` of wall time (with `cpu`, of this process's CPU time, so that a busy machine
    plans as well as an idle one), or exactly `rounds` price rounds and `neighbourhoods` moves of search, by
    each core where two search alone."""

    seconds: float = 10.0
    rounds: int | None = None
    neighbourhoods: int | None = None
    seed: int = 0
    threads: int = 0
    cpu: bool = False


@dataclass(frozen=True, slots=True)
class Best:
    """The best plan so far, with its exact cost."""

    rows: Rows
    grams: float
    left: Ints
    dispatch: dict[int, Dispatch]
    load: Floats


def weighed(a: Arrays, sites: Sites, rows: Rows) -> Best:
    """A plan with what it costs, exactly."""
    load, other, left = totals(a, rows)
    served = sites.serve(load)
    grams = sites.grams(load, served) + float(other.sum())
    return Best(rows.copy(), grams, left, served, load)


def better(old: Best, new: Best) -> Best:
    """The cheaper of two plans; the old one if both cost the same."""
    return new if new.grams < old.grams else old


@dataclass(frozen=True, slots=True)
class Timer:
    """How much of an effort's time is over; never any, where it counts rounds."""

    effort: Effort
    clock: Callable[[], float]
    began: float

    def spent(self) -> float:
        """s."""
        return self.clock() - self.began

    def over(self, share: float = 1.0) -> bool:
        """Whether this share of all time is over."""
        return self.effort.rounds is None and self.spent() >= share * self.effort.seconds


def started(effort: Effort) -> Timer:
    """A timer that begins now."""
    clock = time.process_time if effort.cpu else time.monotonic
    return Timer(effort, clock, clock())


@dataclass(slots=True)
class Task:
    """A problem that is being planned. `rng` is drawn from by one stage after the other."""

    built: Built
    sites: Sites
    timer: Timer
    threads: int
    pool: Executor
    rng: np.random.Generator = field(init=False)

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.effort.seed)

    @property
    def a(self) -> Arrays:
        """The problem as arrays."""
        return self.built.arrays

    @property
    def effort(self) -> Effort:
        """How long to try."""
        return self.timer.effort

    def weigh(self, rows: Rows) -> Best:
        """What a plan costs, exactly."""
        return weighed(self.a, self.sites, rows)

    def repriced(self, state: State, best: Best, weight: float) -> State:
        """The state with its sites' prices brought up to date by `weight`; nothing to do where all energy is
        the grid's."""
        if not self.sites.dispatched:
            return state
        energy = self.sites.prices(best.dispatch, state.energy, weight)
        return open_state(self.a, state.rows, energy)


def cores(effort: Effort) -> int:
    """Threads that plan."""
    return effort.threads or min(4, os.cpu_count() or 1)


def open_task(problem: Problem, timer: Timer, threads: int, pool: Executor) -> Task:
    """Build the problem's arrays and sites."""
    built = build(problem)
    return Task(built, open_sites(problem, built.arrays), timer, threads, pool)
