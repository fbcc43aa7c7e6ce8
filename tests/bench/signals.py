"""`python -m tests.bench.signals`: what watching 200 grid zones costs, and how often providers are asked.

Zones take the kinds of sources in turn, with documents as large as the provider's, from a local server in a
process of its own. Time is played: zones are polled at every refresh of five minutes, as the operator polls
them, and their status is computed. Measured is the CPU time of this process against the time that was played.
"""

from __future__ import annotations

import asyncio
import json
import logging
import multiprocessing
import sys
import time
from collections import Counter
from copy import deepcopy
from datetime import timedelta
from typing import Any

import click
import httpx
import structlog

from tests.bench.signals_server import serve
from tests.signals.builders import HERE, StandingClock, zone_spec
from tests.signals.carbon.corruption.families import FAMILIES, Family
from tests.signals.carbon.corruption.matrix import TRUST
from voltaire.api.resources import GRIDZONE
from voltaire.fleet.status import zone_status
from voltaire.signals.addresses import UrlRules
from voltaire.signals.build import SignalDeps, build_zone_watcher
from voltaire.signals.http import new_client
from voltaire.signals.zone import ZoneWatcher

REFRESH = timedelta(minutes=5)
KINDS = {name: family for name, family in FAMILIES.items() if family.http}
LIMIT = 0.05
PATIENCE_SECONDS = 300.0


class Fleet:
    """Zones, their watchers, and the objects that statuses are computed for."""

    def __init__(self, count: int, url: str, clock: StandingClock) -> None:
        async def secret(*_: str) -> str:
            return "key"

        async def config_map(*_: str) -> dict[str, str]:
            return {}

        def client(rules: UrlRules) -> httpx.AsyncClient:
            made = new_client(rules, TRUST)
            made.timeout = httpx.Timeout(PATIENCE_SECONDS)
            return made

        self.clock = clock
        self.deps = SignalDeps(clock, secret, config_map, allow_private_urls=True, http_client=client)
        self.deps.web.total_seconds = PATIENCE_SECONDS
        self.watchers: dict[str, ZoneWatcher] = {}
        self.zones: dict[str, Any] = {}
        names = list(KINDS)
        for number in range(count):
            family = names[number % len(names)]
            self._add(f"Z{number}", family, KINDS[family], url)

    def _add(self, zone: str, name: str, family: Family, url: str) -> None:
        source = deepcopy(family.source)
        ((kind, member),) = source.items()
        member["url"] = f"{url}/{zone}/{name.replace(' ', '_')}" + ("/api" if kind == "entsoe" else "")
        # RTE is France's and answers for no other zone.
        of = "FR" if kind in ("rte", "electricityMaps") else zone
        spec = zone_spec([source], basis=family.basis, zone=of, staleAfter="6h")
        self.watchers[zone] = build_zone_watcher(spec, self.deps)
        # A machine that is busy with other things is not to look like a provider that fails: what failed is
        # made up for in the next step.
        for state in self.watchers[zone]._states:
            state.timeout_seconds = PATIENCE_SECONDS
        self.zones[zone] = GRIDZONE.parse({"metadata": {"name": zone.lower()}, "spec": spec.to_wire()})

    async def step(self) -> int:
        """Poll every zone once and compute its status; how many are known."""
        signals = await asyncio.gather(*(watcher.poll() for watcher in self.watchers.values()))
        now = self.clock.now()
        for zone, signal in zip(self.zones.values(), signals, strict=True):
            zone_status(zone, signal, now)
        return sum(signal.fresh for signal in signals)


async def measure(url: str, zones: int, steps: int) -> dict[str, Any]:
    """Play the steps. The first poll fills histories and is told by itself."""
    clock = StandingClock(HERE + timedelta(minutes=2))
    fleet = Fleet(zones, url, clock)
    control = httpx.AsyncClient(timeout=PATIENCE_SECONDS)
    known, cpu, counts = [], [], []
    for _ in range(steps + 1):
        await control.get(f"{url}/_time/{clock.now().isoformat()}")
        began = time.process_time()
        known.append(await fleet.step())
        cpu.append(time.process_time() - began)
        counts.append(Counter((await control.get(f"{url}/_counts")).json()))
        clock.time += REFRESH
    await control.aclose()
    await fleet.deps.aclose()
    played = steps * REFRESH.total_seconds()
    return {
        "zones": zones,
        "steps": steps,
        "playedHours": played / 3600,
        "cpuSeconds": round(sum(cpu[1:]), 2),
        "shareOfCore": round(sum(cpu[1:]) / played, 5),
        "firstPollCpuSeconds": round(cpu[0], 2),
        "requests": sum(sum(count.values()) for count in counts[1:]),
        "requestsPerZoneAndStep": round(sum(sum(c.values()) for c in counts[1:]) / (zones * steps), 3),
        "mostRequestsOfAZoneInAStep": max(max(count.values(), default=0) for count in counts[1:]),
        "askedTwice": sorted(
            {list(KINDS)[int(z[1:]) % len(KINDS)] for c in counts[1:] for z in c if c[z] > 1}
        ),
        "zonesKnownAtLeast": min(known),
    }


def run(zones: int, steps: int) -> dict[str, Any]:
    """With a server of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        return asyncio.run(measure(ours.recv(), zones, steps))
    finally:
        process.terminate()
        process.join()


@click.command()
@click.option("--zones", default=200, show_default=True, help="How many grid zones.")
@click.option("--hours", default=4.0, show_default=True, help="How many hours to play.")
def main(zones: int, hours: float) -> None:
    """Watch many grid zones on a played clock; fails when it takes more than 5 % of one core."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    found = run(zones, round(hours * 12))
    click.echo(json.dumps(found, indent=1))
    if found["shareOfCore"] > LIMIT or found["mostRequestsOfAZoneInAStep"] > 1:
        sys.exit("more than 5 % of one core, or more than one request of a zone in a step")


if __name__ == "__main__":
    main()
