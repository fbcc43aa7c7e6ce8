"""The carbon of these tests: series in ConfigMaps, rewritten whenever a test wants another world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from tests.integration.operator.samples import SYSTEM, ZONES
from voltaire.api.values import Series
from voltaire.clock import Clock
from voltaire.demo.trace import Day, series_csv
from voltaire.kube.client import Kube

STEP = timedelta(minutes=5)
PAST, FUTURE = timedelta(hours=1), timedelta(hours=30)
Course = float | Callable[[timedelta], float]
"""g/kWh, or how it develops: a function of the time from now on."""
ORDINARY: Mapping[str, Course] = {"paris": 50.0, "virginia": 300.0, "california": 400.0}


def series(course: Course, now: datetime) -> Series:
    """A series around `now` in steps of five minutes."""
    start = _step_start(now) - PAST
    count = (PAST + FUTURE) // STEP
    ahead = [start + i * STEP - _step_start(now) for i in range(count)]
    return Series(start, STEP, tuple(course if isinstance(course, float) else course(t) for t in ahead))


def day(now: datetime) -> Day:
    """The ordinary world, for the installation."""
    return Day("tests", now, {ZONES[name]: series(course, now) for name, course in ORDINARY.items()})


async def write(hub: Kube, clock: Clock, courses: Mapping[str, Course]) -> None:
    """Rewrite the series of these members."""
    for name, course in courses.items():
        await write_text(hub, name, series_csv(ZONES[name], series(course, clock.now())))


async def write_text(hub: Kube, cluster: str, text: str) -> None:
    """Put any text where a series should be."""
    path = f"/api/v1/namespaces/{SYSTEM}/configmaps/carbon-{cluster}"
    await hub.merge(path, {"data": {"series.csv": text}})


def _step_start(now: datetime) -> datetime:
    return now - (now - datetime(2000, 1, 1, tzinfo=now.tzinfo)) % STEP
