"""The planner task: one plan for the whole fleet, at each slot boundary and soon after anything material.

The plan is made in a process of its own (`plan_process`), so that watches, probes and status writes never
wait for it, nor for the compilation of its kernels.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from functools import partial

import structlog

from voltaire import metrics
from voltaire.clock import Clock
from voltaire.fleet.build import fleet_policy, slot_start
from voltaire.fleet.picture import Picture
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner.plan import Plan
from voltaire.runtime import plan_process

log = structlog.get_logger(__name__)
COALESCE = 0.3  # seconds: what happens together is planned together
REST = 3.0  # times a plan's own time before the next one: a large fleet leaves the cores to its API servers
LONGEST_REST = 15.0  # seconds
BUDGET = 300.0  # seconds after which a plan is given up: until it is made, the last one holds anyway
FAILURES = (
    TimeoutError, ArithmeticError, LookupError, ValueError, TypeError, RuntimeError, MemoryError, OSError,
    AttributeError,
)  # fmt: skip
"""What may come of a plan; a broken process is a RuntimeError too."""


class Planning:
    """Makes plans while `may_plan` says so; `current` is the latest, None before the first."""

    def __init__(
        self,
        picture: Picture,
        clock: Clock,
        gather: Callable[[datetime], Awaitable[Snapshot]],
        may_plan: Callable[[], bool],
        on_plan: Callable[[Plan], None],
        seconds: float,
        dump: str,
    ) -> None:
        self._begin = partial(plan_process.begin, seconds, dump)
        self._picture = picture
        self._clock = clock
        self._gather = gather
        self._may_plan = may_plan
        self._on_plan = on_plan
        self._pool: ProcessPoolExecutor | None = None
        self.current: Plan | None = None
        self.snapshot: Snapshot | None = None
        self.failure = ""
        self._rested = 0.0

    async def run(self) -> None:
        """Plan for ever."""
        loop = asyncio.get_running_loop()
        try:
            self._workers().submit(callable, None)  # the process starts, imports and compiles meanwhile
            while True:
                await self._wait()
                if self._may_plan():  # else what changed waits for the moment when it may
                    self._picture.changed.clear()
                    began = loop.time()
                    await self._plan()
                    ended = loop.time()
                    self._rested = ended + min(REST * (ended - began), LONGEST_REST)
        finally:
            self.close()

    def close(self) -> None:
        """End the worker process, in the middle of a plan too: nobody waits for that any more."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
            for process in multiprocessing.active_children():  # there are no others than planners
                process.kill()

    async def _wait(self) -> None:
        """Until something changed, the next slot begins or something may start, and a moment more."""
        slot, now = fleet_policy(self._picture).slot, self._clock.now()
        starts = (d.next_start for d in self.current.decisions.values()) if self.current else ()
        moment = min([slot_start(now, slot) + slot, *(t for t in starts if t is not None and t > now)])
        boundary = (moment - now).total_seconds() / self._clock.rate
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(boundary, 0.05)):
                await self._picture.changed.wait()
        await asyncio.sleep(max(COALESCE, self._rested - asyncio.get_running_loop().time()))

    async def _plan(self) -> None:
        now = self._clock.now()
        snapshot = await self._gather(now)
        try:
            with metrics.PLAN_SECONDS.time():
                async with asyncio.timeout(BUDGET):
                    made = await asyncio.get_running_loop().run_in_executor(
                        self._workers(), plan_process.make, snapshot, now
                    )
        except FAILURES as error:
            metrics.PLAN_FAILURES.inc()
            self.failure = f"{type(error).__name__}: {error}"
            log.exception("planning failed: the last plan stays in force")
            self.close()
            return
        self.failure = ""
        _count(made)
        self.current, self.snapshot = made, snapshot
        self._on_plan(made)

    def _workers(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=self._begin)
        return self._pool


def _count(made: Plan) -> None:
    unknown = float("nan")
    metrics.PLAN_GRAMS.set(unknown if made.grams is None else made.grams)
    metrics.PLAN_BOUND.set(unknown if made.bound_grams is None else made.bound_grams)
    metrics.PLAN_GAP.set(unknown if made.gap is None else made.gap)
