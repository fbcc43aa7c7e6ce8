"""A whole demo in one call: lab up, play, files written, lab down, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from voltaire.demo import day as builtin
from voltaire.demo.errors import ScenarioError
from voltaire.demo.play import Plot, perform
from voltaire.demo.report import render
from voltaire.demo.result import build
from voltaire.demo.scenario import load_samples, read_scenario
from voltaire.demo.screen import Screen
from voltaire.demo.trace import Day, modelled, read_matrix
from voltaire.lab import Lab, assets
from voltaire.lab.fleet import fleet_of

_BUILD = "this happens once and takes about ten minutes on two cores"


@dataclass(frozen=True)
class Options:
    """What the user asked for. `carbon` None plays the built-in day."""

    carbon: Path | None
    start: datetime | None
    seconds_per_hour: float
    hours: float
    out: Path
    keep: bool
    manifests: Path

    @property
    def length(self) -> timedelta:
        """How long the day is."""
        return timedelta(hours=self.hours)


@dataclass(frozen=True)
class Outcome:
    """What came of it: the document, and where it lies."""

    result: dict[str, Any]
    result_path: Path
    report_path: Path


def find_manifests(folder: Path) -> Path:
    """The folder with `default`, `member` and `samples`. Raises ScenarioError where it is not."""
    if (folder / "samples" / "kustomization.yaml").exists():
        return folder
    raise ScenarioError(
        f"{folder} does not hold Voltaire's manifests: run this in the repository, or name them with "
        "--manifests"
    )


def demo(options: Options, screen: Screen, done: Callable[[Outcome], None]) -> Outcome:
    """Play a day. `done` gets the outcome while the lab is still up (and stays up, with `keep`, until
    Ctrl-C).

    Raises DemoError and LabError; KeyboardInterrupt once everything has been ended.
    """
    manifests = find_manifests(options.manifests)
    documents = load_samples(manifests / "samples")
    scenario = read_scenario(documents)
    day = _day(options, scenario.zone_ids)
    with _ends_by_any_signal():
        if assets.locate("kube-apiserver") is None:
            screen.say(f"building Kubernetes for the lab: {_BUILD}")
        binaries = assets.ensure(progress=screen.say)
        options.out.mkdir(parents=True, exist_ok=True)
        plot = Plot(
            scenario=scenario,
            day=day,
            seconds_per_hour=options.seconds_per_hour,
            length=options.length,
            manifests=manifests,
            folder=options.out,
            kubectl=binaries["kubectl"],
        )
        lab = Lab.up(
            fleet_of(documents),
            options.out / "lab",
            plot.rate,
            screen.say,
            binaries=binaries,
        )
        try:
            return asyncio.run(_perform(lab, plot, options, screen, done))
        finally:
            with _undisturbed():
                lab.down()


async def _perform(
    lab: Lab, plot: Plot, options: Options, screen: Screen, done: Callable[[Outcome], None]
) -> Outcome:
    async with AsyncExitStack() as stack:
        run = await perform(lab, plot, screen, stack, clean=not options.keep)
        outcome = _write(build(run), options.out)
        done(outcome)
        if options.keep:
            screen.say(f"everything is still up; look around with: export KUBECONFIG={lab.kubeconfig}")
            screen.say("Ctrl-C ends it")
            await asyncio.Event().wait()
        return outcome


def _day(options: Options, zones: list[str]) -> Day:
    if options.carbon is None:
        return modelled(zones, options.start or builtin.DEFAULT_START)
    if options.start is None:
        raise ScenarioError(f"say which day of {options.carbon} is played: --start 2022-03-14")
    return read_matrix(options.carbon, zones, options.start, options.length)


def _write(result: dict[str, Any], folder: Path) -> Outcome:
    result_path, report_path = folder / "result.json", folder / "report.html"
    result_path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    report_path.write_text(render(result), encoding="utf-8")
    return Outcome(result, result_path, report_path)


@contextmanager
def _ends_by_any_signal() -> Iterator[None]:
    """SIGTERM and SIGHUP end the demo as Ctrl-C does: in order. Ctrl-C works even where a script that put us
    into the background had it ignored.
    """

    def interrupt(_number: int, _frame: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Cleaning up takes seconds and leaves nothing if it is let."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
