"""The matrix: whatever is wrong with what a site says, nothing of it is decided on, and the state says why.

Families: Prometheus, a JSON document, OpenEMS and Vessim over HTTP; SunSpec; MQTT; Victron. Each has forty
kinds of corruption at least.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.signals.battery import sunspec_device as dev
from tests.signals.battery.builders import Secrets, secret, sites, spec
from tests.signals.battery.corruptions import NUMBERS, TRANSPORT, Wrong, as_json
from tests.signals.battery.openems_edge import channel
from tests.signals.builders import NOW, StandingClock, prometheus_page, web
from voltaire.api.battery import BatterySpec
from voltaire.api.battery_sources import Mqtt, SunSpec, Victron
from voltaire.api.values import BatteryState
from voltaire.signals.battery.build import build_watcher, site_deps
from voltaire.signals.battery.control.decide import Release, Schedule, decide_control
from voltaire.signals.battery.mqtt import MqttReader
from voltaire.signals.battery.mqtt_listener import Message
from voltaire.signals.battery.readings import RawReadings
from voltaire.signals.battery.sunspec import readings
from voltaire.signals.battery.victron import SOC, VictronReader, notification
from voltaire.signals.battery.watcher import BatteryWatcher

LEAST = 40
URL = "https://ems.example.com/state"
STATE_OF_VESSIM: dict[str, Any] = {
    "time": "2026-03-14T05:30:00",
    "dispatch_states": {"bess": {"soc": 0.65, "current_power": 0.0}},
    "actor_states": {},
}
PLAN = Schedule(NOW, NOW, timedelta(minutes=15), (80.0,) * 8)


def undecided(state: BatteryState, one: BatterySpec) -> None:
    """Nothing is known, planned with or written, and there is a reason and a sentence."""
    assert (state.soc, state.power_kw, state.solar_kw, state.load_kw) == (None,) * 4, state
    assert not state.fresh
    assert state.reason not in ("", "Observed", "Partial", "LastKnown")
    assert state.message
    assert isinstance(decide_control(PLAN, state, one, NOW), Release)


@dataclass(frozen=True)
class HttpFamily:
    """`good` is the document of 65 %; `with_soc` puts something else there; `shapes` are other documents."""

    telemetry: dict[str, Any]
    good: Any
    with_soc: Callable[[Any], Any]
    shapes: Mapping[str, Any]

    @property
    def wrong(self) -> dict[str, Wrong]:
        """All corruptions by their names."""
        return {
            **{f"on the way: {name}": answer for name, answer in TRANSPORT.items()},
            **{f"the number is {name}": as_json(self.with_soc(value)) for name, value in NUMBERS.items()},
            **{f"the document is {name}": as_json(document) for name, document in self.shapes.items()},
        }


def prometheus(value: Any) -> Any:
    """Prometheus writes numbers as text."""
    return prometheus_page(value if value is None or isinstance(value, str | list | dict) else str(value))


def without(document: Any, *path: Any) -> Any:
    """A copy without one member."""
    out = copy.deepcopy(document)
    node = out
    for key in path[:-1]:
        node = node[key]
    del node[path[-1]]
    return out


def hundredth(value: Any) -> Any:
    """Vessim writes a fraction."""
    return value / 100 if type(value) in (int, float) and abs(value) < 1e9 else value


CHANNEL = channel("_sum/EssSoc", 65, "%")
HTTP: dict[str, HttpFamily] = {
    "prometheus": HttpFamily(
        {"prometheus": {"url": URL, "soc": {"query": "q", "unit": "Percent"}}},
        prometheus_page("65"),
        prometheus,
        {
            "an error": {"status": "error", "errorType": "execution", "error": "timeout"},
            "without a status": without(prometheus_page("65"), "status"),
            "without data": without(prometheus_page("65"), "data"),
            "without a result": without(prometheus_page("65"), "data", "result"),
            "of no series": {"status": "success", "data": {"resultType": "vector", "result": []}},
            "of two series": {
                "status": "success",
                "data": {"resultType": "vector", "result": prometheus_page("65")["data"]["result"] * 2},
            },
            "a range": prometheus_page("65", kind="matrix"),
            "old": prometheus_page("65", NOW - timedelta(minutes=16)),
            "of 1970": prometheus_page("65", datetime.fromtimestamp(0, NOW.tzinfo)),
            "of the future": prometheus_page("65", NOW + timedelta(hours=1)),
        },
    ),
    "http": HttpFamily(
        {"http": {"url": URL, "time": "at", "soc": {"query": "battery.soc", "unit": "Percent"}}},
        {"at": NOW.isoformat(), "battery": {"soc": 65}},
        lambda value: {"at": NOW.isoformat(), "battery": {"soc": value}},
        {
            "spelt otherwise": {"at": NOW.isoformat(), "battery": {"SoC": 65}},
            "flat": {"at": NOW.isoformat(), "battery.soc": 65},
            "without a time": {"battery": {"soc": 65}},
            "old": {"at": (NOW - timedelta(minutes=16)).isoformat(), "battery": {"soc": 65}},
            "of the future": {"at": (NOW + timedelta(hours=1)).isoformat(), "battery": {"soc": 65}},
            "of a time without a zone": {"at": "2026-03-14T05:30:00", "battery": {"soc": 65}},
            "of a time that is none": {"at": "yesterday", "battery": {"soc": 65}},
            "of a time before all times": {"at": -5, "battery": {"soc": 65}},
            "of a null time": {"at": None, "battery": {"soc": 65}},
        },
    ),
    "openEMS": HttpFamily(
        {"openEMS": {"url": URL, "passwordRef": secret("guest")}},
        [CHANNEL],
        lambda value: [CHANNEL | {"value": value}],
        {
            "in watts": [CHANNEL | {"unit": "W"}],
            "in energy": [CHANNEL | {"unit": "Wh"}],
            "in no text": [CHANNEL | {"unit": 5}],
            "of another channel": [CHANNEL | {"address": "_sum/GridMode"}],
            "of no channel": [without(CHANNEL, "address")],
            "without a value": [without(CHANNEL, "value")],
            "a list in a list": [[CHANNEL]],
            "an object around it": {"channels": [CHANNEL]},
        },
    ),
    "vessim": HttpFamily(
        {"vessim": {"url": URL, "microgrid": "dc1", "storage": "bess"}},
        STATE_OF_VESSIM,
        lambda value: STATE_OF_VESSIM | {"dispatch_states": {"bess": {"soc": hundredth(value)}}},
        {
            "of another storage": STATE_OF_VESSIM | {"dispatch_states": {"ups": {"soc": 0.65}}},
            "of no storage": STATE_OF_VESSIM | {"dispatch_states": {}},
            "a list of storages": STATE_OF_VESSIM | {"dispatch_states": [{"soc": 0.65}]},
            "in percent": STATE_OF_VESSIM | {"dispatch_states": {"bess": {"soc": 65}}},
            "without a time": without(STATE_OF_VESSIM, "time"),
            "of a null time": STATE_OF_VESSIM | {"time": None},
        },
    ),
}


def http_watcher(family: HttpFamily, answer: Wrong) -> tuple[BatteryWatcher, BatterySpec]:
    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    one = spec(family.telemetry)
    deps = site_deps(StandingClock(), web(handler), Secrets({"guest": "guest"}))
    return build_watcher("b", one, deps), one


@pytest.mark.parametrize("name", HTTP)
async def test_the_uncorrupted_document_is_believed(name: str) -> None:
    watcher, _ = http_watcher(HTTP[name], as_json(HTTP[name].good))
    assert (await watcher.poll()).soc == 0.65
    assert len(HTTP[name].wrong) >= LEAST


@pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name, family in HTTP.items() for kind in family.wrong]
)
async def test_http(name: str, kind: str) -> None:
    watcher, one = http_watcher(HTTP[name], HTTP[name].wrong[kind])
    undecided(await watcher.poll(), one)


# SunSpec: registers.

MODELS: dict[int, tuple[dict[str, Any], str, str]] = {
    713: (dev.STORAGE_713, "SoC", "Pct_SF"),
    802: (dev.BATTERY_802, "SoC", "SoC_SF"),
    124: (dev.BASIC_124, "ChaState", "ChaState_SF"),
}


def registers() -> dict[str, list[int]]:
    """Models that are wrong, by what is wrong."""
    found: dict[str, list[int]] = {}
    for number, (good, soc, scale) in MODELS.items():
        changes: dict[str, dict[str, Any]] = {
            "not implemented": {soc: None},
            "no scale factor": {scale: None},
            "a scale factor of 11": {scale: 11},
            "a scale factor of -11": {scale: -11},
            "another scale": {scale: 1},
            "over full": {soc: 101, scale: 0},
            "slightly over full": {soc: 1005, scale: -1},
            "just below the sentinel": {soc: 0xFFFE},
            "the sentinel of signed numbers": {soc: 0x8000},
        }
        found |= {f"{number}: {name}": dev.model(number, good | change) for name, change in changes.items()}
        whole = dev.model(number, good)
        for length in (2, 4, 5, 8):
            found[f"{number}: cut after {length} registers"] = whole[:length]
        found[f"{number}: all ones"] = [number, len(whole) - 2, *([0xFFFF] * (len(whole) - 2))]
        found[f"{number}: all sentinels"] = [number, len(whole) - 2, *([0x8000] * (len(whole) - 2))]
    found["713: in error"] = dev.model(713, dev.STORAGE_713 | {"Sta": 2})
    found["802: disconnected"] = dev.model(802, dev.BATTERY_802 | {"State": 1})
    found["802: faulty"] = dev.model(802, dev.BATTERY_802 | {"State": 99})
    found["no storage at all"] = dev.model(701, dev.METER_701)
    return found


REGISTERS = registers()


class Told:
    """A reader of registers that are there already."""

    def __init__(self, model: list[int]) -> None:
        self._model = model

    async def read(self, now: datetime) -> RawReadings:
        return readings(SunSpec(host="10.0.0.5"), {self._model[0]: self._model}, now)

    async def aclose(self) -> None:
        """Nothing."""


SUNSPEC = spec({"sunSpec": {"host": "10.0.0.5"}})


@pytest.mark.parametrize("kind", REGISTERS)
async def test_sunspec(kind: str) -> None:
    assert len(REGISTERS) >= LEAST
    watcher = BatteryWatcher("b", SUNSPEC, Told(REGISTERS[kind]), StandingClock())
    undecided(await watcher.poll(), SUNSPEC)


MAPS: dict[str, list[int]] = {
    "no marker": [0, 0, *dev.image(dev.model(713, dev.STORAGE_713))[2:]],
    "a marker in the other order": [0x7553, 0x536E, *dev.image(dev.model(713, dev.STORAGE_713))[2:]],
    "no models": [*dev.MARKER, *dev.END],
    "only the common model": dev.image(),
    "a model without a number": [*dev.MARKER, 0, 10, *([0] * 10), *dev.END],
    "a model without an end": [*dev.MARKER, 713, 0xFFFE, *([0] * 20)],
    "a list that leaves the map": [*dev.MARKER, 713, 2000, *([0] * 20)],
    "a list that ends without saying so": [*dev.MARKER, *dev.common()],
    "too many models": [*dev.MARKER, *([64001, 0] * 150), *dev.END],
    "shorter than its marker": [0x5375],
    "all zeros": [0] * 200,
}


@pytest.mark.parametrize("kind", MAPS)
async def test_the_map_of_a_sunspec_device(kind: str) -> None:
    async with dev.served(MAPS[kind]) as device:
        one = spec({"sunSpec": device.spec()})
        undecided(await build_watcher("b", one, sites(clock=StandingClock())).poll(), one)


# MQTT: messages.


def payloads(wrap: Callable[[Any], Any]) -> dict[str, bytes]:
    """Messages in which the number, or all of it, is wrong."""
    numbers = {f"the number is {name}": json.dumps(wrap(value)).encode() for name, value in NUMBERS.items()}
    return numbers | {
        "empty": b"",
        "white space": b"  ",
        "not text": b"\xff\xfe\x00",
        "half a document": b'{"soc": 6',
        "a web page": b"<html>65</html>",
        "no document": b"65 percent",
        "an empty object": b"{}",
        "an empty list": b"[]",
        "null": b"null",
        "nested without end": b"[" * 100_000,
        "too large": b" " * (1 << 18) + json.dumps(wrap(65)).encode(),
        "another document": b'{"state": 65}',
    }


class Heard:
    """A listener that heard one message on the topic."""

    def __init__(self, topic: str, message: Message) -> None:
        self._messages = {topic: message}

    async def messages(self) -> dict[str, Message]:
        return self._messages

    async def aclose(self) -> None:
        """Nothing."""


TOPIC = {"topic": "site/soc", "path": "$.soc", "time": "$.at", "unit": "Percent"}
DATED: dict[str, bytes] = {
    "old": json.dumps({"soc": 65, "at": (NOW - timedelta(minutes=16)).isoformat()}).encode(),
    "of the future": json.dumps({"soc": 65, "at": (NOW + timedelta(hours=1)).isoformat()}).encode(),
    "of a time without a zone": b'{"soc": 65, "at": "2026-03-14T05:30:00"}',
    "of a time that is none": b'{"soc": 65, "at": "now"}',
    "without a time": b'{"soc": 65}',
}
MESSAGES = payloads(lambda value: {"soc": value, "at": NOW.isoformat()}) | DATED
RAW_NUMBERS = (
    "nan",
    "inf",
    "-5",
    "101",
    "0x41",
    "6_5",
    "65 %",
    "65,0",
    "\uff16\uff15",
    "",
    "true",
    "6" * 100,
)


def mqtt_watcher(reading: dict[str, Any], message: Message) -> tuple[BatteryWatcher, BatterySpec]:
    fields = {"host": "10.0.0.5", "soc": reading}
    one, clock = spec({"mqtt": fields}), StandingClock()
    heard: Any = Heard("site/soc", message)
    return BatteryWatcher("b", one, MqttReader(Mqtt.model_validate(fields), heard, clock), clock), one


async def test_the_uncorrupted_message_is_believed() -> None:
    good = json.dumps({"soc": 65, "at": NOW.isoformat()}).encode()
    assert (await mqtt_watcher(TOPIC, Message(good, False, NOW))[0].poll()).soc == 0.65
    assert len(MESSAGES) >= LEAST


@pytest.mark.parametrize("kind", MESSAGES)
async def test_mqtt(kind: str) -> None:
    watcher, one = mqtt_watcher(TOPIC, Message(MESSAGES[kind], False, NOW))
    undecided(await watcher.poll(), one)


@pytest.mark.parametrize("text", RAW_NUMBERS)
async def test_mqtt_messages_that_are_to_be_a_number(text: str) -> None:
    watcher, one = mqtt_watcher({"topic": "site/soc", "unit": "Percent"}, Message(text.encode(), False, NOW))
    undecided(await watcher.poll(), one)


@pytest.mark.parametrize(
    "message",
    [Message(b"65", True, NOW), Message(b"65", False, NOW - timedelta(minutes=16))],
    ids=["retained", "long ago"],
)
async def test_mqtt_messages_of_unknown_age_or_old(message: Message) -> None:
    watcher, one = mqtt_watcher({"topic": "site/soc", "unit": "Percent"}, message)
    undecided(await watcher.poll(), one)


# Victron: notifications.

NOTIFICATIONS = payloads(lambda value: {"value": value})


@pytest.mark.parametrize("kind", [*NOTIFICATIONS, "retained", "long ago"])
async def test_victron(kind: str) -> None:
    assert len(NOTIFICATIONS) >= LEAST
    good = b'{"value": 65}'
    message = {
        "retained": Message(good, True, NOW),
        "long ago": Message(good, False, NOW - timedelta(minutes=16)),
    }.get(kind) or Message(NOTIFICATIONS[kind], False, NOW)
    fields = {"host": "10.0.0.5", "portalId": "c0619ab1cd2e"}
    one = spec({"victron": fields})
    heard: Any = Heard(notification("c0619ab1cd2e", SOC), message)
    reader = VictronReader(Victron.model_validate(fields), heard)
    undecided(await BatteryWatcher("b", one, reader, StandingClock()).poll(), one)
