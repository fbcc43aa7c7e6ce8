"""Cases for the machinery, and functions that stand in for the simulator: importable in other processes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from voltaire.twin.sweep.case import Case, Workload


def case(policy: str = "voltaire", start: str = "2022-03-14T00:00:00Z", **changes: Any) -> Case:
    """One whose files are not there."""
    fields: dict[str, Any] = {"fleet": ("a.yaml",), "carbon": "m.csv", "jobs": Workload(load=0.5), **changes}
    return Case(policy, start, **fields)


def many(count: int) -> list[Case]:
    """Cases of different seeds."""
    return [case(seed=seed) for seed in range(count)]


def echo(one: Case) -> dict[str, Any]:
    """A summary that tells its case."""
    return {"policy": one.policy, "seed": one.seed}


def counted(one: Case) -> dict[str, Any]:
    """As `echo`, and leaves a file that tells that it ran: `carbon` is the folder."""
    with (Path(one.carbon) / f"ran-{one.seed}").open("a") as handle:
        handle.write("x")
    return echo(one)


def bad_third(one: Case) -> dict[str, Any]:
    """Fails for one of the cases."""
    if one.seed == 3:
        raise ValueError("the third is bad")
    return echo(one)


def interrupted_at_two(one: Case) -> dict[str, Any]:
    """Ctrl-C in the midst."""
    if one.seed == 2:
        raise KeyboardInterrupt
    return echo(one)
