"""`make bench`: how good the joint planner's plans are, how long they take, and how that grows.

Instances come from a seed: clusters with synthetic intensity (a level, a daily swing, noise), gangs of 1 to
64 accelerators, 1 to 24 h, slack 10 to 300 %. Where HiGHS finishes the linear relaxation of the same instance
in its time, its seconds stand beside ours. Seconds are wall time; CPU time stands beside it, for machines
that are busy.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.planner.joint.instances import instance
from voltaire.planner.joint import Effort, Problem, solve, warm_up
from voltaire.planner.joint.exact import solve_exact

CASES = ((200, 20, 192, 10.0), (1_000, 20, 192, 10.0), (2_000, 20, 192, 15.0), (10_000, 20, 192, 15.0))
"""Workloads, clusters, slots of 15 minutes, seconds to plan in."""

LP_CASES = ((20, 4, 24), (60, 4, 36), (120, 6, 36))
"""Workloads, clusters, hourly slots: what HiGHS' relaxation can be asked for."""


@dataclass(frozen=True)
class Measured:
    """One instance. `gap`: certified, as a fraction. `peak_mb`: of the whole process so far."""

    workloads: int
    clusters: int
    slots: int
    seconds: float
    cpu_seconds: float
    gap: float
    price_rounds: int
    neighbourhoods: int
    unfinished: int
    peak_mb: float
    lp_seconds: float | None = None
    lp_status: str = ""
    bound_to_lp: float | None = None


def measure(problem: Problem, seconds: float, lp_seconds: float = 0.0) -> Measured:
    """Plan it, and give HiGHS `lp_seconds` for its relaxation."""
    wall, cpu = time.monotonic(), time.process_time()
    plan = solve(problem, Effort(seconds=seconds))
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    relaxed = solve_exact(problem, lp_seconds, relaxed=True) if lp_seconds else None
    finished = relaxed is not None and relaxed.status == "Optimal"
    return Measured(
        len(problem.workloads), len(problem.clusters), problem.slots, round(wall, 2), round(cpu, 2), plan.gap,
        plan.rounds, plan.neighbourhoods, len(plan.unfinished),
        round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        None if relaxed is None else round(relaxed.seconds, 2), "" if relaxed is None else relaxed.status,
        plan.bound / relaxed.grams if relaxed is not None and finished else None,
    )  # fmt: skip


def show(m: Measured) -> None:
    """One line."""
    lp = "" if m.lp_seconds is None else f"  HiGHS LP {m.lp_seconds:.1f} s ({m.lp_status})"
    lp += "" if m.bound_to_lp is None else f", our bound / LP {m.bound_to_lp:.4f}"
    print(  # noqa: T201
        f"{m.workloads:>7} x {m.clusters:>3} x {m.slots:>3}: {m.seconds:6.1f} s (CPU {m.cpu_seconds:6.1f}), "
        f"gap {m.gap:7.3%}, {m.price_rounds} rounds, {m.neighbourhoods} neighbourhoods, "
        f"{m.unfinished} unfinished, {m.peak_mb:.0f} MB{lp}",
        flush=True,
    )


def main() -> None:
    """Run all cases, write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=10_000, help="largest number of workloads")
    parser.add_argument(
        "--lp-seconds", type=float, default=60.0, help="what HiGHS may take for each relaxation"
    )
    parser.add_argument("--json", type=Path, help="write the table here too")
    args = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}", flush=True)  # noqa: T201
    warm_up()
    found = []
    for count, clusters, slots in LP_CASES:
        found.append(measure(instance(count, clusters, slots, 1.0, seed=args.seed), 3.0, args.lp_seconds))
        show(found[-1])
    for count, clusters, slots, seconds in CASES:
        if count <= args.most:
            found.append(measure(instance(count, clusters, slots, seed=args.seed), seconds))
            show(found[-1])
    if args.json:
        body = {
            "version": 1,
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "cases": [asdict(m) for m in found],
        }
        args.json.write_text(json.dumps(body, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
