"""How the operator fares when thousands of AIWorkloads are applied at once: `make bench-operator`.

Not a test of time: it reports figures, and what the same API servers do for a client that only writes. It
fails when something was not placed, or when the operator logged an error, restarted a task or failed a plan.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench import fleet_view, objects, report
from tests.bench.machine import Jitter, Use, children, machine_busy_seconds, total, use
from tests.bench.plain import WRITES, PlainClient, create_workloads, until
from tests.bench.stage import Stage, set_stage
from voltaire.lab import Lab
from voltaire.lab.assets import ensure
from voltaire.lab.progress import Stopwatch

POLL = 0.25
_WATCH = Stopwatch()


def say(line: str) -> None:
    """A line of progress."""
    print(f"{_WATCH.seconds:7.1f} s  {line}", file=sys.stderr, flush=True)  # noqa: T201


class Bench:
    """One run."""

    def __init__(self, stage: Stage, options: argparse.Namespace) -> None:
        self._stage = stage
        self._count: int = options.workloads
        self._plain_count: int = options.plain or options.workloads
        self._in_flight: int = options.in_flight
        self._patience: float = options.patience

    async def run(self) -> dict[str, Any]:
        """All figures."""
        found = await self._operated()
        errors = report.errors_in(self._stage.log)
        self._stage.operator.stop()
        found["operator"]["logged_errors"] = len(errors)
        for line in errors[:5]:
            say(f"the operator logged: {line[:600]}")
        say(report.summary(found))
        (self._stage.log.parent / "operated.json").write_text(json.dumps(found, indent=2), encoding="utf-8")
        status = next(s for s in await fleet_view.statuses(self._stage.hub) if s.get("phase") == "Running")
        found["plain"] = await self._plain(status)
        return found

    async def _operated(self) -> dict[str, Any]:
        """Apply everything at once, and wait until all of it runs and is known to run."""
        stage = self._stage
        before, served, jitter = await stage.scrape(), await stage.served(), Jitter()
        cpu, busy, began = self._cpu(), machine_busy_seconds(), time.time()
        creating = asyncio.create_task(
            create_workloads(stage.hub, objects.OPERATED, "job", self._count, self._in_flight)
        )
        placed = await self._until_placed(began)
        created = await creating
        await self._until(partial(fleet_view.all_running, stage.members, self._count), "pods that run")
        running = await fleet_view.last_pod_started(stage.members) - began
        say(f"all pods run after {running:.1f} s")
        known = await self._until_known(began)
        say(f"all statuses say so after {known:.1f} s")
        after, busy = await stage.scrape(), machine_busy_seconds() - busy
        cpu = {name: u.cpu_seconds - cpu[name].cpu_seconds for name, u in self._cpu().items()}
        pid = stage.operator.pid or 0
        return {
            "seconds": {
                "created": created,
                "placed": placed,
                "pods_running": running,
                "known_running": known,
            },
            "placements_per_second": self._count / placed,
            "idle_thread_lag_seconds": jitter.stop(report.QUANTILES),
            "operator": report.operator_figures(after.minus(before), use(pid), total(children(pid)), cpu),
            "writes": report.writes(served, await stage.served()),
            "cpu_seconds": report.by_program(cpu) | {"all of the machine": busy},
        }

    async def _until_placed(self, began: float) -> float:
        """A Job is created only after its placement was announced: so the Jobs tell both."""
        told = 0.0

        async def done() -> bool:
            nonlocal told
            jobs = await fleet_view.count_all(self._stage.members, fleet_view.JOBS)
            if time.time() - told > 5 or jobs >= self._count:
                told = time.time()
                say(f"{jobs} of {self._count} placed")
            return jobs >= self._count

        await self._until(done, "placements", POLL)
        return time.time() - began

    async def _until_known(self, began: float) -> float:
        async def done() -> bool:
            return fleet_view.phases(await fleet_view.statuses(self._stage.hub))["Running"] >= self._count

        await self._until(done, "statuses that say Running")
        return time.time() - began

    async def _until(self, met: Any, what: str, every: float = 1.0) -> None:
        await until(met, self._patience, every, what)

    def _cpu(self) -> dict[str, Use]:
        found = {process.name: use(process.pid) for process in self._stage.lab.processes()}
        pid = self._stage.operator.pid or 0
        return found | {report.OPERATOR: use(pid), report.PLANNER: total(children(pid))}

    async def _plain(self, status: objects.Object) -> dict[str, Any]:
        """The same writes by a plain client: with Jobs that make no pods, and with pods that start."""
        client = PlainClient(self._stage.hub, self._stage.members, status, self._in_flight)
        found: dict[str, Any] = {}
        for name, suspended in (("without_pods", True), ("with_pods", False)):
            await self._clear()
            say(f"the same writes by a plain client, {name.replace('_', ' ')}")
            seconds = await client.run(name.replace("_", "-"), self._plain_count, suspended=suspended)
            found[name] = {
                "seconds": seconds,
                "workloads_per_second": self._plain_count / seconds,
                "writes_per_second": WRITES * self._plain_count / seconds,
            }
        return found

    async def _clear(self) -> None:
        say("removing the Jobs")

        async def gone() -> bool:
            members = self._stage.members
            if await fleet_view.count_all(members, fleet_view.JOBS):
                await fleet_view.remove_jobs(members)
            return not await fleet_view.count_all(members, fleet_view.PODS) + await fleet_view.count_all(
                members, fleet_view.JOBS
            )

        await self._until(gone, "the end of the Jobs")


async def bench(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Lab up, bench, lab down."""
    binaries = await asyncio.to_thread(ensure, progress=say)
    fleet = objects.fleet(options.accelerators, options.per_node)
    async with AsyncExitStack() as stack:
        lab = await asyncio.to_thread(Lab.up, fleet, folder / "lab", 1.0, say)
        stack.push_async_callback(asyncio.to_thread, lab.down)
        say("installing Voltaire, starting its operator")
        stage = await set_stage(lab, binaries["kubectl"], options.out, stack)
        say(f"operator ready, process {stage.operator.pid}; applying {options.workloads} AIWorkloads")
        return await Bench(stage, options).run()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="tests.bench.operator", description=__doc__)
    parser.add_argument("--workloads", type=int, default=2000)
    parser.add_argument("--plain", type=int, help="workloads of the plain client; as many, if not given")
    parser.add_argument("--accelerators", type=int, default=1024, help="in each of three members")
    parser.add_argument("--per-node", type=int, default=64)
    parser.add_argument(
        "--in-flight", type=int, default=32, help="requests at once of administrator and plain client"
    )
    parser.add_argument("--patience", type=float, default=600.0, help="seconds to wait for each stage")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for the operator's log")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    options.out = options.out.absolute()
    with tempfile.TemporaryDirectory(prefix="voltaire-bench-") as folder:
        found = asyncio.run(bench(options, Path(folder)))
    result = report.result(found, options.workloads)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(report.table(result))  # noqa: T201
    sys.exit(1 if result["wrong"] else 0)


if __name__ == "__main__":
    main()
