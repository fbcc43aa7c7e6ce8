"""Builders for the tests of signals: a clock that stands still, specs, documents of the documented shapes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from voltaire.api.battery import BatterySpec
from voltaire.api.gridzone import Basis, GridZoneSpec
from voltaire.signals.addresses import UrlRules
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.http import Web

NOW = datetime(2026, 3, 14, 5, 30, tzinfo=UTC)
HERE = NOW.replace(minute=0)
HOUR = timedelta(hours=1)
Handler = Callable[[httpx.Request], httpx.Response]


class StandingClock:
    """Shows `time` until it is set to another. `rate` and `offset` relate it to the wall clock."""

    def __init__(self, time: datetime = NOW, rate: float = 1.0, offset: timedelta = timedelta(0)) -> None:
        self.time = time
        self.rate = rate
        self.offset = offset

    def now(self) -> datetime:
        return self.time

    def from_wall(self, wall: datetime) -> datetime:
        return wall + self.offset

    async def sleep(self, duration: timedelta) -> None:
        self.time += duration


async def no_wait(seconds: float) -> None:
    """Stands for the pause between retries."""


def web(handler: Handler, rules: UrlRules | None = None) -> Web:
    """A Web whose requests end in `handler`."""
    return Web(
        rules or UrlRules(),
        lambda _: httpx.AsyncClient(transport=httpx.MockTransport(handler)),
        sleep=no_wait,
    )


def zone_spec(sources: list[dict[str, Any]] | None = None, **fields: Any) -> GridZoneSpec:
    """The zone FR; a static source unless others are given."""
    return GridZoneSpec.model_validate(
        {"zone": "FR", "sources": sources or [{"static": {"gramsPerKWh": 400}}], **fields}
    )


def matrix(values: list[object], zone: str = "FR", start: datetime = HERE, step: timedelta = HOUR) -> str:
    """A matrix whose first row is at `start`."""
    rows = [f"{start + i * step:%Y-%m-%dT%H:%MZ},{value},7" for i, value in enumerate(values)]
    return "\n".join([f"datetime_utc,{zone},XX", *rows]) + "\n"


def answer(first: datetime, *values: float | None, basis: Basis | None = None, ahead: int = 0) -> Answer:
    """Hourly samples from `first` on; the last `ahead` of them are the forecast."""
    samples = tuple(Sample(first + i * HOUR, first + (i + 1) * HOUR, value) for i, value in enumerate(values))
    cut = len(samples) - ahead
    return Answer(basis or Basis(), samples[:cut], samples[cut:])


class Scripted:
    """A source that answers with the next of its outcomes, the last one for ever."""

    def __init__(self, *outcomes: Answer | BaseException, name: str = "scripted[0]") -> None:
        self.name = name
        self.outcomes = list(outcomes)
        self.asked = 0

    async def fetch(self, _now: datetime) -> Answer:
        outcome = self.outcomes[min(self.asked, len(self.outcomes) - 1)]
        self.asked += 1
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome


def em_point(time: datetime, value: object, **fields: object) -> dict[str, object]:
    """A point as Electricity Maps writes it."""
    return {
        "carbonIntensity": value,
        "datetime": f"{time:%Y-%m-%dT%H:%M:%S}.000Z",
        "emissionFactorType": "lifecycle",
        "isEstimated": True,
        "estimationMethod": "TIME_SLICER_AVERAGE",
        **fields,
    }


def em_documents(zone: str = "FR", now: datetime = NOW) -> dict[str, dict[str, Any]]:
    """What the three endpoints answer: 24 h of 40, 41, ..., now 55, a forecast of 49 points."""
    hour = now.replace(minute=0)
    return {
        "latest": {"zone": zone, **em_point(hour, 55)},
        "history": {
            "zone": zone,
            "history": [em_point(hour - (24 - i) * HOUR, 40 + i) for i in range(24)],
        },
        "forecast": {
            "zone": zone,
            "forecast": [
                {"carbonIntensity": 60 + i, "datetime": em_point(hour + i * HOUR, 0)["datetime"]}
                for i in range(49)
            ],
            "updatedAt": em_point(hour, 0)["datetime"],
        },
    }


def battery_spec(kind: str = "prometheus", **fields: Any) -> BatterySpec:
    """500 kWh, 250 kW, read from Prometheus or (kind http) a JSON document."""
    queries = {
        "url": "https://ems.example.com/state",
        "soc": {"query": "battery.soc", "unit": "Percent"},
        "power": {"query": "battery.power", "unit": "W", "positive": "Charge"},
        "solar": {"query": "pv", "unit": "kW"},
        "load": {"query": "load", "unit": "MW"},
    }
    return BatterySpec.model_validate(
        {
            "capacityKWh": 500,
            "maxChargeKW": 250,
            "maxDischargeKW": 250,
            "solar": {"peakKW": 400},
            "telemetry": {kind: queries},
            **fields,
        }
    )


def prometheus_page(value: object, time: datetime = NOW, kind: str = "vector") -> dict[str, Any]:
    """An instant query's answer with one series."""
    sample = [time.timestamp(), value]
    result = sample if kind == "scalar" else [{"metric": {"site": "a"}, "value": sample}]
    return {"status": "success", "data": {"resultType": kind, "result": result}}


def json_page(document: object, status: int = 200) -> httpx.Response:
    """A response with a JSON body; NaN is written as Python writes it."""
    return httpx.Response(status, content=json.dumps(document).encode())
