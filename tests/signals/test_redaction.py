"""No key is seen anywhere: not in logs at their loudest, statuses, metrics or tracebacks, in no spelling."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from datetime import datetime
from io import StringIO

import httpx
import pytest
import structlog
from prometheus_client import generate_latest

from tests.signals.builders import NOW, StandingClock, json_page, zone_spec
from tests.signals.carbon.cases import CASES, Case
from tests.signals.carbon.harness import KEY, Api, deps, watch
from voltaire import logs
from voltaire.api.resources import GRIDZONE
from voltaire.fleet.status import zone_status
from voltaire.signals.build import build_source
from voltaire.signals.errors import SignalError

WITH_KEY = {name: case for name, case in CASES.items() if case.secrets}
OUTCOMES: dict[str, httpx.Response | Exception] = {
    "refused": json_page({"error": f"no such key: {KEY}"}, 403),
    "unknown": json_page({"message": f"https://api.example.org/?api_key={KEY} is nowhere"}, 404),
    "broken": httpx.ConnectError(f"cannot connect to https://api.example.org/?securityToken={KEY}"),
    "slow": httpx.ReadTimeout(f"https://api.example.org/?api_key={KEY}"),
    "elsewhere": httpx.Response(302, headers={"location": f"https://evil.example.org/?k={KEY}"}),
    "odd": json_page([KEY, {"zone": KEY}]),
}


@pytest.fixture
def loud(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Everything the operator's own logging writes, at the level DEBUG."""
    written = StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure("json", "DEBUG")
    yield written
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("case", WITH_KEY.values(), ids=WITH_KEY)
@pytest.mark.parametrize("outcome", [None, *OUTCOMES.values()], ids=["well", *OUTCOMES])
async def test_a_key_is_seen_nowhere(
    case: Case, outcome: httpx.Response | Exception | None, loud: StringIO
) -> None:
    answers = case.answers if outcome is None else {**case.answers, case.main: outcome}
    shared = deps(Api(answers), StandingClock())
    signal = await watch(case.source, case.basis, shared).poll()
    zone = GRIDZONE.parse(
        {"metadata": {"name": "z"}, "spec": zone_spec([case.source], basis=case.basis).to_wire()}
    )
    seen = [
        str(zone_status(zone, signal, NOW)),
        repr(signal),
        generate_latest().decode(),
        loud.getvalue(),
        await _traceback(case, answers, NOW),
        repr(shared.watt_time),
    ]
    for secret in case.secrets:
        assert not [text for text in seen if secret in text]
    if outcome is not None:
        assert "source failed" in loud.getvalue()


async def _traceback(case: Case, answers: dict[str, object], now: datetime) -> str:
    """What a traceback of the failure would show."""
    source = build_source(zone_spec([case.source], basis=case.basis), 0, deps(Api(answers)))
    try:
        await source.fetch(now)
    except SignalError as error:
        return "".join(traceback.format_exception(error))
    return ""
