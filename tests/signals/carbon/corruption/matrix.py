"""One case of the matrix: a source that was well, a corruption that lasts for a quarter of an hour, recovery.

Everything goes through a real HTTP server on this machine, the operator's own client and its ZoneWatcher.
"""

from __future__ import annotations

import copy
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from tests.signals.builders import HERE, HOUR, StandingClock, no_wait, zone_spec
from tests.signals.carbon.corruption.families import Documents, Family, Grid
from tests.signals.carbon.corruption.kinds import BODY, DOCUMENT, WIRE
from tests.signals.carbon.corruption.server import Server, Wire, response
from tests.signals.carbon.harness import KEY
from voltaire.api.values import ZoneSignal
from voltaire.signals.build import SignalDeps, build_zone_watcher
from voltaire.signals.http import new_client
from voltaire.signals.zone import ZoneWatcher

START = HERE + timedelta(minutes=2)
REFRESH = timedelta(minutes=5)
KINDS = (*BODY, *WIRE, *DOCUMENT)
# Nothing here speaks TLS, and reading the authorities for each case takes most of its time.
TRUST = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
UNSEEN = "unseen"
SLOW = ("silence", "slow drip", "endless body")
PATIENCE = 0.2  # seconds an answer gets that would take for ever
FROZEN = "frozen feed"
POLLS = 3


@dataclass(frozen=True)
class Outcome:
    """`driven`: a value was used that came out of the corruption. `reason`: how the status names the refusal;
    empty when the true value was still there, and used; None when the family has nothing of this kind."""

    driven: bool
    reason: str | None
    detail: str = ""


class Stage:
    """A zone with one source in front of the server, and what the server is to do."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.clock = StandingClock(START)
        self.kind = ""
        self.applied = True
        self.server = Server(self._answer)

    async def _read_secret(self, *_: str) -> str:
        return KEY

    async def _read_config_map(self, *_: str) -> Mapping[str, str]:
        body = self._body(self.family.documents(self.clock.now()), "data")
        return {
            "lastHeartbeatTime": f"{HERE - 2 * HOUR:%Y-%m-%d %H:%M}:26.04 +0000 UTC m=+10.86",
            "message": "",
            "data": body.decode(errors="replace"),
        }

    def watcher(self) -> ZoneWatcher:
        """As the operator builds it."""
        source = copy.deepcopy(self.family.source)
        ((name, member),) = source.items()
        if self.family.http:
            member["url"] = self.server.url + ("/api" if name == "entsoe" else "")
        spec = zone_spec([source], basis=self.family.basis, zone=self.family.zone, staleAfter="4h")
        shared = SignalDeps(
            self.clock,
            self._read_secret,
            self._read_config_map,
            allow_private_urls=True,
            http_client=partial(new_client, trust=TRUST),
        )
        shared.web.sleep = no_wait
        self.shared = shared
        return build_zone_watcher(spec, shared)

    def _answer(self, target: str) -> bytes | Wire:
        path, _, query = target.partition("?")
        if path.endswith("/login"):
            return response(b'{"token": "t0ken"}')
        documents = self.family.documents(self.clock.now())
        past = "?past" if "%5B12h" in query or "[12h" in query else ""
        end = next(end for end in documents if f"{path}{past}".endswith(end))
        if self.kind in WIRE:
            return WIRE[self.kind](self.family.render(documents[end]))
        return response(self._body(documents, end))

    def _body(self, documents: Documents, end: str) -> bytes:
        tree = documents[end]
        if self.kind in DOCUMENT:
            self.applied = DOCUMENT[self.kind](self.family, tree) or self.applied
        body = self.family.render(tree)
        return BODY[self.kind](body) if self.kind in BODY else body


def expected(family: Family, now: datetime) -> float:
    return float(family.value(now))


async def play(family: Family, kind: str) -> Outcome:
    """Play one case to its end."""
    if kind in WIRE and not family.http:
        return Outcome(False, None)
    stage = Stage(family)
    async with stage.server:
        watcher = stage.watcher()
        try:
            return await _play(stage, watcher, kind)
        finally:
            await stage.shared.aclose()


async def _play(stage: Stage, watcher: ZoneWatcher, kind: str) -> Outcome:
    family, clock = stage.family, stage.clock
    good = [await watcher.poll()]
    assert _near(good[0].grams_per_kwh, expected(family, START)), good[0].message
    was = _believed(good[0])
    clock.time += 8 * HOUR if kind == FROZEN else max(family.step, timedelta(minutes=15))
    since = clock.time
    stage.kind, stage.applied = kind, kind not in DOCUMENT
    if kind in SLOW:
        stage.shared.web.total_seconds = PATIENCE
    seen = []
    for _ in range(POLLS):
        Grid.stands = HERE if kind == FROZEN else None
        seen.append(await watcher.poll(force=True))
        Grid.stands = None
        clock.time += REFRESH
    if not stage.applied:
        return Outcome(False, None)
    known = was | {expected(family, since - i * REFRESH) for i in range(-POLLS, 7)}
    used = [signal.grams_per_kwh for signal in seen if signal.grams_per_kwh is not None]
    driven = [value for value in used if not any(_near(value, other) for other in known)]
    told = seen[-1]
    true = _near(told.grams_per_kwh, expected(family, since + (POLLS - 1) * REFRESH))
    reason = _refusal(told, since)
    if driven or (reason == UNSEEN and not used):
        return Outcome(True, reason, f"used {driven}: {told.message}")
    harmless = true and reason in (UNSEEN, "Noted", "Aged")
    return Outcome(False, "" if harmless else reason.replace(UNSEEN, "Aged"))


def _refusal(signal: ZoneSignal, since: datetime) -> str:
    """How the source's status shows that something was refused; `Aged`: the value before is used, with its
    time."""
    health = signal.sources[0]
    if health.reason:
        return health.reason
    if health.refusals:
        return health.refusals[0][0]
    if health.message:
        return "Noted"
    return UNSEEN if signal.observed_at is None or signal.observed_at >= since else "Aged"


def _believed(signal: ZoneSignal) -> set[float]:
    """What the zone knew before: it may go on using that."""
    values: set[float] = set()
    for series in (signal.history, signal.forecast):
        values |= {value for value in (series.values if series else ()) if value is not None}
    return values


def _near(one: float | None, other: float) -> bool:
    return one is not None and abs(one - other) < 0.6
