"""`solve(problem, effort)`: prices, then a first plan, then search until the time is over.

It returns the best plan that fits whenever it is stopped, with the bound proven so far. Given a count of
rounds instead of a time it is deterministic, whatever the machine does meanwhile.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from voltaire.planner.joint.arrays import empty_rows
from voltaire.planner.joint.first import DIVE_SHARE, first_plan
from voltaire.planner.joint.improve import improve
from voltaire.planner.joint.prices import FIRST_STEP, LAST_QUARTER, SAMPLE, Market, Prices
from voltaire.planner.joint.problem import Cluster, Problem, Workload
from voltaire.planner.joint.solution import Solution
from voltaire.planner.joint.task import Effort, Task, cores, open_task, started
from voltaire.planner.joint.warm import carried

FULL_ROUNDS, WARM_ROUNDS = 160, 12
"""Price rounds from nothing and from the last plan's prices."""

WARM_STEP = 0.02
"""The first step from the last plan's prices."""

FINER_STEPS = (0.05, 0.02)
"""First steps of further runs from the best prices, where half of the time for prices is left. Measured: they
raise the bound by 0.05 to 0.1 % where prices are hard to find, and hardly elsewhere."""

PRICE_SHARE, UNDIVED_SHARE = 0.4, 0.5
"""How much of the time is over, at the most, when prices are found: with a dive after them, and where there
is no time for one."""

DIVE_ROUNDS, FEWEST_DIVE_ROUNDS = 4, 60
"""In a dive everybody is asked so many times as often as there are price rounds, where an effort counts them;
and there is none where everybody could only be asked less than so often: measured, it does more harm than
good then."""

PROOF, LONGER, DIVING = 3.0, 2.0, 1.5
"""How many times longer it takes to prove a bound, to ask with the longer list, and to ask in a dive, than to
ask with the short one."""


WARM_UP = Effort(rounds=FEWEST_DIVE_ROUNDS // DIVE_ROUNDS, neighbourhoods=2, threads=1)
"""The least that runs every kernel, those of a dive too."""


def solve(
    problem: Problem, effort: Effort | None = None, last: Solution | None = None, elapsed: int = 0
) -> Solution:
    """The plan. `last`: an earlier one of much the same problem, whose slot `elapsed` is now slot 0.

    Raises nothing for what cannot be done: workloads without a place have empty rows and are named in
    `Solution.unfinished`, `Built.hopeless` and `Built.unfit`.
    """
    timer = started(effort or Effort())
    threads = cores(timer.effort)
    with ThreadPoolExecutor(threads) as pool:
        return _solve(open_task(problem, timer, threads, pool), last, elapsed)


def _solve(task: Task, last: Solution | None, elapsed: int) -> Solution:
    warm = last is not None
    prices, rows = (None, empty_rows(task.a)) if last is None else carried(task.built, last, elapsed)
    if prices is not None:
        _only_stored_energy_is_priced(task, prices)
    market = Market(task.a, task.sites, task.threads, task.pool, prices)
    rounds, everybody = _price(task, market, warm)
    dive_rounds = 0 if warm else _dive_rounds(task, task.timer.spent() / task.effort.seconds, everybody)
    state, best = first_plan(task, market, rows, warm, dive_rounds)
    best, tried = improve(task, market, state, best, warm, warm or dive_rounds > 0)
    # Nothing that a plan pays is below zero, so zero is proven too.
    bound = min(max(0.0, market.bound), best.grams)
    return Solution(
        task.built, best.rows, best.grams, bound, tuple(int(n) for n in best.left), market.best,
        best.dispatch, best.load, task.timer.spent(), rounds, tried,
    )  # fmt: skip


def _only_stored_energy_is_priced(task: Task, prices: Prices) -> None:
    """Where a site has neither sun nor batteries now, a kWh costs what the grid says, whatever it had."""
    plain = [c for c in range(len(task.a.grid)) if c not in task.sites.dispatched]
    prices.energy[plain] = task.a.grid[plain]


def _price(task: Task, market: Market, warm: bool) -> tuple[int, float]:
    """Move prices; how many rounds it were, and seconds that it takes to ask everybody, where time counts."""
    effort, jobs = task.effort, task.a.jobs
    if jobs == 0:
        # Nobody asks: the prices of little stand.
        market.settle(market.now)
        return 0, np.inf
    rounds, step = (WARM_ROUNDS, WARM_STEP) if warm else (FULL_ROUNDS, FIRST_STEP)
    most_parts = max(1, jobs // SAMPLE)
    if effort.rounds is not None:
        return market.run(effort.rounds, most_parts, task.timer.over, task.rng, step), 0.0
    everybody = _time_to_ask(task, market, most_parts)
    share = PRICE_SHARE if not warm and _dive_rounds(task, PRICE_SHARE, everybody) else UNDIVED_SHARE
    left = share * effort.seconds - task.timer.spent() - PROOF * everybody
    # As large samples as there is time for.
    costs = [everybody / n * (LAST_QUARTER + (1 - LAST_QUARTER) * LONGER * min(4, n))
             for n in range(1, most_parts + 1)]  # fmt: skip
    parts = next((n for n, cost in enumerate(costs, 1) if rounds * cost <= left), most_parts)
    rounds = max(1, min(rounds, int(left / costs[parts - 1])))
    total = market.run(rounds, parts, lambda: task.timer.over(share), task.rng, step)
    for finer in () if warm else FINER_STEPS:
        if task.timer.over(share / 2):
            break
        market.now = market.best
        total += market.run(rounds, parts, lambda: task.timer.over(share), task.rng, finer)
    return total, everybody


def _time_to_ask(task: Task, market: Market, parts: int) -> float:
    """Seconds that it takes to ask everybody, measured with one of `parts` of all."""
    # The first call loads machine code, which says nothing about how long an answer takes.
    market.ask(np.arange(1), 1.0, market.now)
    before = task.timer.spent()
    market.ask(np.arange(task.a.jobs)[::parts], 1.0, market.now)
    return max(1e-5, task.timer.spent() - before) * parts


def _dive_rounds(task: Task, share: float, everybody: float) -> int:
    """How often to ask everybody in a dive, when `share` of all time is over; 0 for no dive. `everybody`:
    seconds that it takes once."""
    if task.a.jobs == 0 or task.effort.neighbourhoods == 0:
        return 0  # whoever wants no search wants the bound
    if task.effort.rounds is not None:
        rounds = DIVE_ROUNDS * task.effort.rounds
    else:
        rounds = int((DIVE_SHARE - share) * task.effort.seconds / (DIVING * everybody))
    return rounds if rounds >= FEWEST_DIVE_ROUNDS else 0


def warm_up() -> None:
    """Compile every kernel, or load what is compiled: half a minute of CPU the first time, then about a
    second. For a worker's start."""
    site = Cluster("x", {"a": 2}, (1.0, 2.0, 3.0), {"a": 1.0}, solar_kw=(1.0, 1.0, 1.0))
    works = tuple(Workload(f"w{i}", 1.0, 1) for i in range(3))
    problem = Problem(3, 1.0, (site,), works)
    first = solve(problem, WARM_UP)
    solve(problem, Effort(rounds=1, neighbourhoods=1, threads=1), first)
