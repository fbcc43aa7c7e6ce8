"""The search's courses: one for all cores, or one for each of two, until the moves or the time are over."""

from __future__ import annotations

from voltaire.planner.joint.anneal import BATCHES, HOTTER, Course
from voltaire.planner.joint.lots import CLUSTERS_EACH
from voltaire.planner.joint.meters import Meters
from voltaire.planner.joint.prices import Market
from voltaire.planner.joint.state import State, open_state
from voltaire.planner.joint.task import FOLLOW, Best, Task, better

WEIGHED = 8
"""Pools that a workload weighs in a move."""

FIRST_BATCH = 100
"""Moves of the first batch, whose time says how many there will be."""

MOVES_PER_PRICE, STRAY = 40, 0.005
"""Where a site has several batteries: moves between two looks at what their energy is worth, or a fifth of
the workloads if that is more; and how much dearer than the best a plan may become."""


def improve(task: Task, market: Market, state: State, best: Best, warm: bool, cool: bool) -> tuple[Best, int]:
    """The best plan found, and how many moves were tried. `warm`: it began from an earlier plan, `cool`: it
    begins from a good one."""
    alone = 0 if task.sites.dispatched and task.sites.exact else 1
    if task.a.jobs <= alone or task.timer.over():
        return best, 0
    courses = _courses(task, market, warm, cool)
    if len(courses) == 1:
        return follow(task, courses[0], state, best)
    ends = list(task.pool.map(lambda course: follow(task, course, state.copy(), best), courses))
    return min((found for found, _ in ends), key=lambda found: found.grams), sum(n for _, n in ends)


def _courses(task: Task, market: Market, warm: bool, cool: bool) -> list[Course]:
    """One on all cores; from nothing, where clusters are too few to be dealt out, one on each of two."""
    a, prices, values, cores = task.a, market.best, market.values, market.scratch[:2]
    few = len(a.grid) < CLUSTERS_EACH * task.threads
    if warm or len(cores) < 2 or not few or not task.sites.exact:
        return [Course(a, prices, values, market.scratch, task.pool, task.rng, WEIGHED, cool)]
    return [
        Course(a, prices, values, [scratch], task.pool, rng, WEIGHED, cool, hotter)
        for scratch, rng, hotter in zip(cores, task.rng.spawn(2), (1.0, HOTTER), strict=True)
    ]


def follow(task: Task, course: Course, state: State, best: Best) -> tuple[Best, int]:
    """Follow a course to its end: the best plan, and how many moves were tried."""
    timer, seconds, given = task.timer, task.effort.seconds, task.effort.neighbourhoods
    began, pace, tried = timer.spent(), 0.0, 0
    state, best, meters = _compared(task, state, best)
    while not timer.over() and (given is None or tried < given):
        left = seconds - timer.spent()
        # About a fiftieth of the time at once, and never past its end.
        batch = min(4 * tried, pace * seconds / BATCHES, pace * left) or FIRST_BATCH
        moves = tried + max(batch, pace * left)
        if given is not None:
            moves, batch = given, min(max(FIRST_BATCH, given / BATCHES), given - tried)
        if not task.sites.exact:
            batch = min(batch, max(MOVES_PER_PRICE, task.a.jobs // 5))
        course.batch(state, max(1, int(batch)), course.heat(tried / moves, moves), meters)
        tried += max(1, int(batch))
        state, best, meters = _compared(task, state, best)
        pace = tried / max(1e-9, timer.spent() - began)
    return best, tried


def _compared(task: Task, state: State, best: Best) -> tuple[State, Best, Meters]:
    """The state to go on from, the better plan, and the state's meters. Where sites dispatch, their prices
    follow the state, and unless all are metered exactly what has strayed far from the best goes back to
    it."""
    now, exact = task.weigh(state.rows), task.sites.exact
    if not exact and now.grams > best.grams * (1 + STRAY):
        state, now = open_state(task.a, best.rows.copy(), state.energy), best
    meters = task.sites.meters(now.load, now.dispatch)
    return task.repriced(state, now, 1.0 if exact else FOLLOW), better(best, now), meters
