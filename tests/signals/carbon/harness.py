"""Sources as the operator builds them, in front of a transport that answers as told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.signals.builders import StandingClock, json_page, no_wait, zone_spec
from voltaire.api.values import ZoneSignal
from voltaire.signals.addresses import UrlRules
from voltaire.signals.build import SignalDeps, build_zone_watcher
from voltaire.signals.zone import ZoneWatcher

KEY = "s3cret/key+1"
REF = {"name": "carbon", "namespace": "voltaire-system", "key": "token"}
AVERAGE = {"signal": "average", "boundary": "lifecycle", "perspective": "consumption"}
PRODUCTION = AVERAGE | {"perspective": "production"}
STACKS = PRODUCTION | {"boundary": "direct"}
DIRECT = AVERAGE | {"boundary": "direct"}
MARGINAL = DIRECT | {"signal": "marginal"}
ConfigMaps = Callable[[], Mapping[str, str]]


@dataclass
class Api:
    """Answers by the end of the path: a document, bytes, a response, an exception, a function of the request.

    Keeps the requests. What has no answer is 404.
    """

    answers: dict[str, Any]
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        path = request.url.path
        answer = next((answer for end, answer in self.answers.items() if path.endswith(end)), None)
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        if isinstance(answer, bytes):
            return httpx.Response(200, content=answer)
        return json_page({"error": "not here"}, 404) if answer is None else json_page(answer)

    def asked(self, end: str) -> int:
        return sum(request.url.path.endswith(end) for request in self.requests)


def deps(
    api: Callable[[httpx.Request], httpx.Response],
    clock: StandingClock | None = None,
    config_map: ConfigMaps = dict,
    key: str = KEY,
) -> SignalDeps:
    """What the operator shares among sources."""

    async def read_secret(namespace: str, name: str, field: str) -> str:
        return key

    async def read_config_map(namespace: str, name: str) -> Mapping[str, str]:
        return config_map()

    def client(rules: UrlRules) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(api))

    made = SignalDeps(clock or StandingClock(), read_secret, read_config_map, http_client=client)
    made.web.sleep = no_wait
    # The tests' clock stands still: quotas by the wall's are tested by themselves.
    made.web.pace.quotas = {}
    return made


def watch(source: dict[str, Any], basis: dict[str, str], shared: SignalDeps, **fields: Any) -> ZoneWatcher:
    """The watcher of a zone with one source."""
    return build_zone_watcher(zone_spec([source], basis=basis, **fields), shared)


async def poll(
    source: dict[str, Any],
    basis: dict[str, str],
    api: Callable[[httpx.Request], httpx.Response],
    **fields: Any,
) -> ZoneSignal:
    """One look at a zone with one source."""
    return await watch(source, basis, deps(api), **fields).poll()


def refused(signal: ZoneSignal, named: str) -> None:
    """Nothing of what came may be used, and the status says why."""
    assert signal.grams_per_kwh is None
    assert not signal.sources[0].healthy
    assert named in signal.message, signal.message
    assert KEY not in signal.message
