"""`make bench`: how good the joint planner's plans are, how long they take, and how that grows.

Five tables from seeded instances (`tests.planner.joint.instances`): the certified gap over a spread of
fleets, loads and slots; speed beside HiGHS, which gets the same instances as linear relaxation and as
mixed-integer program; growth with workloads; large fleets; planning anew after a change of 1 %.

Time is what passes, on all cores; CPU time stands beside it, so that a busy machine shows.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median, quantiles

from tests.planner.joint.instances import instance
from voltaire.planner.joint import Effort, Problem, Solution, solve, warm_up
from voltaire.planner.joint.exact import solve_exact


@dataclass(frozen=True)
class Case:
    """An instance: `slots` of `slot_hours`, `load` as work over capacity."""

    workloads: int
    clusters: int
    slots: int
    slot_hours: float
    load: float
    batteries: bool = False
    seed: int = 0

    def problem(self) -> Problem:
        """It."""
        return instance(self.workloads, self.clusters, self.slots, self.slot_hours, self.load, self.seed,
                        self.batteries)  # fmt: skip


QUICK_SPREAD = (
    Case(200, 10, 96, 0.25, 0.3), Case(500, 10, 48, 1.0, 0.3), Case(1_000, 10, 96, 0.25, 0.3),
    Case(300, 8, 96, 0.25, 0.6), Case(1_000, 10, 48, 1.0, 0.6), Case(300, 10, 48, 1.0, 0.3, True),
)  # fmt: skip
FULL_SPREAD = (
    *QUICK_SPREAD, Case(2_000, 20, 192, 0.25, 0.3), Case(2_000, 20, 192, 0.25, 0.6),
    Case(2_000, 20, 48, 1.0, 0.3),
    Case(1_000, 20, 192, 0.25, 0.3, False, 1), Case(500, 4, 96, 0.5, 0.3, False, 1),
    Case(500, 4, 96, 0.5, 0.85, False, 1), Case(1_000, 10, 48, 1.0, 0.85, False, 1),
)  # fmt: skip

AGAINST = (Case(20, 4, 24, 1.0, 0.3), Case(200, 4, 24, 1.0, 0.3), Case(300, 6, 24, 1.0, 0.3))
"""What HiGHS can be asked for: the linear relaxation, and of the first the program."""

GROWTH = (100, 1_000, 10_000, 100_000)
# The largest takes up to 0.2 s longer than it is given, and is to end within a minute.
LARGE = ((Case(10_000, 20, 192, 0.25, 0.6), 15.0), (Case(100_000, 100, 168, 1.0, 0.6), 59.5))


@dataclass(frozen=True)
class Measured:
    """A plan of one instance. `gap`: certified, as a fraction. `peak_mb`: of the process so far."""

    case: Case
    cpu_seconds: float
    wall_seconds: float
    gap: float
    price_rounds: int
    moves: int
    unfinished: int
    peak_mb: int


def planned(case: Case, problem: Problem, effort: Effort, last: Solution | None = None,
            ) -> tuple[Measured, Solution]:  # fmt: skip
    """Plan it, and measure."""
    wall, cpu = time.monotonic(), time.process_time()
    plan = solve(problem, effort, last)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    made = Measured(case, round(cpu, 3), round(wall, 3), plan.gap, plan.rounds, plan.neighbourhoods,
                    len(plan.unfinished), peak)  # fmt: skip
    return made, plan


def within(seconds: float, cores: int = 0) -> Effort:
    """So much time, on so many cores (0: all)."""
    return Effort(seconds=seconds, threads=cores)


def say(text: str) -> None:
    """A line at once."""
    print(text, flush=True)  # noqa: T201


def show(m: Measured) -> None:
    """One line of a table."""
    c = m.case
    say(f"| {c.workloads:,} x {c.clusters} x {c.slots} | {c.slot_hours * 60:g} min | {c.load:.0%} | "
        f"{'yes' if c.batteries else 'no'} | {m.gap:.2%} | {m.unfinished} | {m.wall_seconds:.1f} s | "
        f"{m.cpu_seconds:.1f} s | {m.peak_mb:,} MB |")  # fmt: skip


HEAD = "| workloads x clusters x slots | slot | load | batteries | gap | unfinished | time | CPU | peak |"


def spread(quick: bool) -> dict[str, object]:
    """The certified gap, with its median and 95th percentile."""
    say(f"\nCertified gap\n{HEAD}")
    found = []
    for case in QUICK_SPREAD if quick else FULL_SPREAD:
        found.append(planned(case, case.problem(), within(5.0 if quick else 20.0))[0])
        show(found[-1])
    gaps = [m.gap for m in found]
    high = quantiles(gaps, n=20, method="inclusive")[-1]
    say(f"median {median(gaps):.2%}, 95th percentile {high:.2%}")
    return {"cases": [asdict(m) for m in found], "median": median(gaps), "p95": high}


def against(quick: bool, seconds: float) -> list[dict[str, object]]:
    """HiGHS' relaxation and program on the same instances, in one run, one thread each."""
    say("\nBeside HiGHS\n| instance | ours | our gap | LP | variables | our bound / LP | our cost / LP | "
        "MILP, our cost / its |")  # fmt: skip
    found: list[dict[str, object]] = []
    for case in AGAINST[:1] if quick else AGAINST:
        problem = case.problem()
        m, plan = planned(case, problem, within(0.4, cores=1))
        began = time.process_time()
        relaxed = solve_exact(problem, seconds, relaxed=True)
        lp = time.process_time() - began
        row: dict[str, object] = {"ours": asdict(m), "lp_seconds": lp, "lp_status": relaxed.status,
                                  "variables": relaxed.variables}  # fmt: skip
        beside = "- | -"
        if relaxed.status == "Optimal":  # what it found when its time was over is no optimum
            bound, cost = plan.bound / relaxed.grams, plan.grams / relaxed.grams
            row |= {"bound_to_lp": bound, "cost_to_lp": cost}
            beside = f"{bound:.4f} | {cost:.4f}"
        milp = "-"
        if case is AGAINST[0]:
            began = time.process_time()
            whole = solve_exact(problem, seconds)
            took = time.process_time() - began
            row |= {"milp_seconds": took, "milp_status": whole.status}
            milp = f"{took:.1f} s {whole.status}"
            if whole.status == "Optimal":
                row["cost_to_milp"] = plan.grams / whole.grams
                milp += f", {plan.grams / whole.grams:.4f}"
        found.append(row)
        say(f"| {case.workloads} x {case.clusters} x {case.slots} | {m.cpu_seconds:.2f} s | {m.gap:.2%} | "
            f"{lp:.1f} s {relaxed.status} | {relaxed.variables:,} | {beside} | {milp} |")  # fmt: skip
    return found


def growth(quick: bool) -> list[dict[str, object]]:
    """The same effort for each workload: how CPU time grows."""
    say(f"\nGrowth, 24 price rounds and one move for each workload, 20 clusters, 48 hourly slots\n{HEAD}")
    found = []
    for count in GROWTH[:3] if quick else GROWTH:
        case = Case(count, 20, 48, 1.0, 0.3)
        m, _ = planned(case, case.problem(), Effort(rounds=24, neighbourhoods=count, threads=1))
        found.append(asdict(m))
        show(m)
    return found


def large() -> list[dict[str, object]]:
    """Large fleets within their time."""
    say(f"\nLarge fleets\n{HEAD}")
    found = []
    for case, seconds in LARGE:
        m, _ = planned(case, case.problem(), within(seconds))
        found.append(asdict(m))
        show(m)
    return found


def again(quick: bool) -> dict[str, object]:
    """Planning anew when 1 % of the workloads are others: time until the plan is as good as the first."""
    case = Case(500, 10, 48, 1.0, 0.3) if quick else Case(2_000, 20, 192, 0.25, 0.3)
    problem = case.problem()
    first, plan = planned(case, problem, within(5.0 if quick else 15.0))
    count = max(1, case.workloads // 100)
    renamed = tuple(
        dataclasses.replace(w, id=f"new-{w.id}", hours=w.hours * 0.9) for w in problem.workloads[:count]
    )
    changed = dataclasses.replace(problem, workloads=(*problem.workloads[count:], *renamed))
    second, _ = planned(case, changed, within(first.wall_seconds / 10), plan)
    say(f"\nAfter a change of 1 %\nfrom scratch {first.wall_seconds:.2f} s, gap {first.gap:.2%}; anew "
        f"{second.wall_seconds:.2f} s, gap {second.gap:.2%}")  # fmt: skip
    return {"first": asdict(first), "again": asdict(second)}


def main() -> None:
    """Run all, write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few small instances, about two minutes")
    parser.add_argument("--only", choices=("gap", "highs", "growth", "large", "again"), help="one table")
    parser.add_argument("--lp-seconds", type=float, default=300.0, help="what HiGHS may take for each")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    args = parser.parse_args()
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    began = time.process_time()
    warm_up()
    body: dict[str, object] = {"version": 2, "cores": os.cpu_count(), "load": os.getloadavg()[0],
                               "compile_seconds": time.process_time() - began}  # fmt: skip
    tables: dict[str, Callable[[], object]] = {
        "gap": lambda: spread(args.quick),
        "highs": lambda: against(args.quick, args.lp_seconds),
        "growth": lambda: growth(args.quick),
        "again": lambda: again(args.quick),
        "large": large,
    }
    for name, table in tables.items():
        if args.only == name or (args.only is None and not (args.quick and name == "large")):
            body[name] = table()
    if args.json:
        args.json.write_text(json.dumps(body, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
