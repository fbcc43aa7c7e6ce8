"""Topics of a real MQTT broker: numbers, documents, ages, logins, TLS, and brokers that go away."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import structlog

from tests.signals.battery.broker import PASSWORD, USER, Running, broker
from tests.signals.battery.builders import PRIVATE, Secrets, free_port, hung, secret, sites, spec
from tests.signals.builders import NOW, StandingClock
from voltaire.api.battery_sources import Broker
from voltaire.api.values import BatteryState, Series
from voltaire.lab.pki import Authority
from voltaire.signals.addresses import UrlRules
from voltaire.signals.battery.build import SiteDeps, build_watcher
from voltaire.signals.battery.mqtt_connection import Brokers
from voltaire.signals.battery.watcher import BatteryWatcher
from voltaire.signals.errors import SignalError

DOCUMENT = {
    "soc": {"topic": "site/state", "path": "$.battery.soc", "unit": "Percent"},
    "power": {"topic": "site/state", "path": "battery.power", "unit": "W", "positive": "Charge"},
    "solar": {"topic": "site/pv", "unit": "W", "scale": 10},
    "load": {"topic": "site/load", "unit": "MW"},
}
STATE = json.dumps({"battery": {"soc": 65, "power": -70_000}})
SOC = {"soc": {"topic": "site/soc", "unit": "Percent"}}
Poll = Callable[[], Awaitable[BatteryState]]


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with broker(tmp_path) as found:
        yield found


@asynccontextmanager
async def watched(fields: dict[str, Any], deps: SiteDeps | None = None) -> AsyncIterator[BatteryWatcher]:
    """A watcher that listens; its clock stands at NOW unless `deps` has another."""
    watcher = build_watcher("b", spec({"mqtt": fields}), deps or sites(clock=StandingClock()))
    watcher._reader.listener._patience_seconds = 1.0  # type: ignore[attr-defined]
    try:
        yield watcher
    finally:
        await watcher.aclose()


async def until(watcher: BatteryWatcher, holds: Callable[[BatteryState], bool]) -> BatteryState:
    """The first state that holds, polled again and again."""
    for _ in range(200):
        state = await watcher.poll(force=True)
        if holds(state):
            return state
        await asyncio.sleep(0.05)
    raise AssertionError(state)


async def test_numbers_and_documents_arrive_in_our_units_and_signs(running: Running) -> None:
    async with watched(running.spec(**DOCUMENT)) as watcher:
        assert (await watcher.poll()).reason == "NoData"
        for topic, payload in (("state", STATE), ("pv", " 12050 "), ("load", "0.2")):
            await running.publish(f"site/{topic}", payload)
        state = await until(watcher, lambda state: state.reason == "Observed")
    assert (state.soc, state.power_kw, state.solar_kw, state.load_kw) == (0.65, 70, 120.5, 200)
    assert state.observed_at == NOW


async def test_a_value_ages_from_its_arrival(running: Running) -> None:
    clock = StandingClock()
    async with watched(running.spec(**SOC), sites(clock=clock)) as watcher:
        await watcher.poll()
        await running.publish("site/soc", "50")
        await until(watcher, lambda state: state.soc == 0.5)
        clock.time = NOW + timedelta(minutes=15)
        assert (await watcher.poll(force=True)).soc == 0.5
        clock.time += timedelta(seconds=1)
        assert (await watcher.poll(force=True)).reason == "Stale"


async def test_a_message_that_says_when_it_was_measured_is_as_old_as_that(running: Running) -> None:
    reading = {"soc": {"topic": "site/soc", "path": "$.soc", "time": "$.at", "unit": "Percent"}}
    async with watched(running.spec(**reading)) as watcher:
        await watcher.poll()
        for at, reason in (
            (NOW.isoformat(), "Observed"),
            ((NOW - timedelta(minutes=16)).isoformat(), "LastKnown"),
            ((NOW - timedelta(minutes=2)).timestamp() * 1000, "Observed"),
        ):
            await running.publish("site/soc", json.dumps({"soc": 50, "at": at}))
            state = await until(watcher, lambda state, reason=reason: state.reason == reason)  # type: ignore[misc]
    assert state.observed_at == NOW - timedelta(minutes=2)


async def test_a_retained_message_of_unknown_age_is_not_believed(running: Running) -> None:
    await running.publish("site/soc", "90", retain=True)
    async with watched(running.spec(**SOC)) as watcher:
        state = await until(watcher, lambda state: state.reason == "Stale")
        assert "retained" in state.message
        await running.publish("site/soc", "50")
        assert (await until(watcher, lambda state: state.fresh)).soc == 0.5


async def test_a_retained_message_is_taken_where_the_user_says_so_or_it_carries_its_time(
    running: Running,
) -> None:
    await running.publish("site/soc", json.dumps({"soc": 90, "at": NOW.isoformat()}), retain=True)
    accepted = {"soc": {"topic": "site/soc", "path": "soc", "unit": "Percent"}}
    async with watched(running.spec(**accepted, retained="Accept")) as watcher:
        assert (await watcher.poll()).soc == 0.9
    dated = {"soc": accepted["soc"] | {"time": "at"}}
    async with watched(running.spec(**dated)) as watcher:
        assert (await watcher.poll()).soc == 0.9


async def test_a_retained_forecast_of_the_sun_is_taken(running: Running) -> None:
    entries = [{"at": (NOW + timedelta(hours=hour)).isoformat(), "kw": hour} for hour in range(3)]
    await running.publish("site/forecast", json.dumps(entries), retain=True)
    forecast = {"topic": "site/forecast", "values": "$[*].kw", "times": "$[*].at"}
    async with watched(running.spec(**SOC, solarForecast=forecast)) as watcher:
        await watcher.poll()
        await running.publish("site/soc", "50")
        state = await until(watcher, lambda state: state.fresh)
    assert state.solar_forecast == Series(NOW, timedelta(hours=1), (0.0, 1.0, 2.0))


async def test_an_empty_message_means_that_the_device_is_gone(running: Running) -> None:
    async with watched(running.spec(**SOC)) as watcher:
        await watcher.poll()
        await running.publish("site/soc", "50")
        await until(watcher, lambda state: state.soc == 0.5)
        await running.publish("site/soc", b"")
        state = await until(watcher, lambda state: state.reason == "LastKnown")
    assert "the device is gone" in state.message


async def test_a_broker_that_comes_back_is_listened_to_again(running: Running) -> None:
    async with watched(running.spec(**SOC)) as watcher:
        await watcher.poll()
        await running.publish("site/soc", "50")
        await until(watcher, lambda state: state.soc == 0.5)
        await running.stop()
        lost = await until(watcher, lambda state: state.reason == "LastKnown")
        assert "broke" in lost.message or "cannot be reached" in lost.message
        await running.start()

        async def publishing() -> None:
            while True:
                await running.publish("site/soc", "40")
                await asyncio.sleep(0.2)

        task = asyncio.create_task(publishing())
        state = await until(watcher, lambda state: state.soc == 0.4)
        task.cancel()
    assert state.reason == "Observed"


def passwords(folder: Path, password: str) -> Path:
    """A password file of mosquitto."""
    path = folder / "passwords"
    subprocess.run(["mosquitto_passwd", "-c", "-b", str(path), USER, password], check=True)
    return path


async def test_a_login_is_read_from_a_secret_and_again_when_it_is_rotated(tmp_path: Path) -> None:
    path = passwords(tmp_path, PASSWORD)
    secrets = Secrets({"password": "wrong"})
    async with broker(tmp_path, f"password_file {path}", anonymous=False) as running:
        fields = running.spec(**SOC, username=USER, passwordRef=secret("password"))
        async with watched(fields, sites(secrets, clock=StandingClock())) as watcher:
            denied = await watcher.poll()
            assert (denied.reason, "wrong" in denied.message) == ("Unauthorized", False)
            secrets.values["password"] = PASSWORD

            async def publishing() -> None:
                while True:
                    await running.publish("site/soc", "40", username=USER, password=PASSWORD)
                    await asyncio.sleep(0.2)

            task = asyncio.create_task(publishing())
            assert (await until(watcher, lambda state: state.fresh)).soc == 0.4
            task.cancel()


async def test_a_password_is_never_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = passwords(tmp_path, PASSWORD)
    caplog.set_level("DEBUG")
    async with broker(tmp_path, f"password_file {path}", anonymous=False) as running:
        fields = running.spec(**SOC, username=USER, passwordRef=secret("password"))
        for password in ("hunter2", PASSWORD):
            deps = sites(Secrets({"password": password}), clock=StandingClock())
            with structlog.testing.capture_logs() as logs:
                async with watched(fields, deps) as watcher:
                    await watcher.poll()
            assert logs
            assert password not in f"{logs}{caplog.text}"


async def test_a_secret_that_is_not_there_is_named(running: Running) -> None:
    fields = running.spec(**SOC, username=USER, passwordRef=secret("password"))
    async with watched(fields) as watcher:
        state = await watcher.poll()
    assert state.reason == "Unreadable"
    assert "key password of Secret voltaire-system/site" in state.message


@pytest_asyncio.fixture
async def secure(tmp_path: Path) -> AsyncIterator[tuple[Running, str]]:
    """A broker that speaks TLS as localhost, and the authority that signed its certificate."""
    authority = Authority("broker", tmp_path)
    pair = authority.server("broker")
    async with broker(tmp_path, f"certfile {pair.certificate}", f"keyfile {pair.key}") as running:
        yield running, authority.certificate_file.read_text()


def resolving(deps: SiteDeps) -> SiteDeps:
    """Every name is this machine."""

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    return replace(deps, brokers=replace(deps.brokers, resolve=resolve))


@pytest.mark.parametrize(
    ("host", "trusted", "said"),
    [
        ("localhost", True, ""),
        ("other.example.org", True, "Hostname mismatch"),
        ("localhost", False, "unable to get|self.signed"),
    ],
    ids=["right", "another name", "another authority"],
)
async def test_a_brokers_name_is_checked_against_its_certificate(
    secure: tuple[Running, str], host: str, trusted: bool, said: str
) -> None:
    running, authority = secure
    fields = SOC | {"host": host, "port": running.port}
    if trusted:
        fields |= {"caRef": secret("ca")}
    deps = resolving(sites(Secrets({"ca": authority}), clock=StandingClock()))
    async with watched(fields, deps) as watcher:
        state = await watcher.poll()
    if said:
        assert state.reason == "Unreachable"
        with pytest.raises(AssertionError, match=said):
            raise AssertionError(state.message)
    else:
        assert state.message.endswith("there was no message yet")


async def test_what_is_no_certificate_is_named(secure: tuple[Running, str]) -> None:
    fields = SOC | {"host": "localhost", "port": secure[0].port, "caRef": secret("ca")}
    async with watched(fields, resolving(sites(Secrets({"ca": "not a certificate"})))) as watcher:
        state = await watcher.poll()
    assert (state.reason, "not a certificate in PEM" in state.message) == ("Misconfigured", True)


async def test_tls_to_a_broker_that_speaks_none_and_the_other_way_round(
    running: Running, secure: tuple[Running, str]
) -> None:
    async with watched(running.spec(**SOC, tls=True)) as watcher:
        assert "does not speak TLS" in (await watcher.poll()).message
    async with watched(secure[0].spec(**SOC)) as watcher:
        state = await watcher.poll()
    assert state.reason in {"Unreachable", "TimedOut"}, state


async def test_topics_that_may_not_be_read_are_named(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic readwrite other/#\n")
    async with broker(tmp_path, f"acl_file {rules}", "allow_zero_length_clientid true") as running:
        fields = running.spec(**SOC)
        async with watched(fields) as watcher:
            await watcher.poll()
            await running.publish("site/soc", "50")
            state = await watcher.poll(force=True)
    assert not state.fresh


@pytest.mark.parametrize("tls", [False, True])
async def test_brokers_that_hang_delay_no_other(running: Running, tls: bool) -> None:
    deps = sites(clock=StandingClock())
    async with hung() as port:
        fields = SOC | {"host": "127.0.0.1", "port": port, "tls": tls}
        watchers = [build_watcher(f"b{index}", spec({"mqtt": fields}), deps) for index in range(12)]
        polls = [asyncio.create_task(watcher.poll()) for watcher in watchers]
        try:
            await asyncio.sleep(0.3)
            began = asyncio.get_running_loop().time()
            async with watched(running.spec(**SOC), deps) as watcher:
                await watcher.poll()
                await running.publish("site/soc", "50")
                await until(watcher, lambda state: state.soc == 0.5)
            assert asyncio.get_running_loop().time() - began < 5.5  # the hung ones take six
            for state in await asyncio.gather(*polls):
                assert (state.fresh, state.reason) == (False, "TimedOut")
        finally:
            for watcher in watchers:
                await watcher.aclose()


@pytest.mark.parametrize(
    ("host", "tls", "rules", "named"),
    [
        ("127.0.0.1", True, UrlRules(), "private"),
        ("10.0.0.5", False, UrlRules(), "private"),
        ("169.254.169.254", True, PRIVATE, "link-local"),
        ("fd00:ec2::254", True, PRIVATE, "metadata"),
        ("8.8.8.8", False, PRIVATE, "clear text"),
        ("8.8.8.8", False, UrlRules(), "clear text"),
    ],
)
async def test_addresses_are_judged_before_they_are_connected_to(
    host: str, tls: bool, rules: UrlRules, named: str
) -> None:
    async def no_secret(namespace: str, name: str, key: str) -> str:
        raise AssertionError("read before the address was judged")

    one = Broker.model_validate({"host": host, "tls": tls})
    with pytest.raises(SignalError, match=named) as refused:
        async with Brokers(rules, no_secret).connect(one):
            raise AssertionError("connected")
    assert refused.value.reason == "UrlRefused"


async def test_nobody_there_is_said() -> None:
    async with watched(SOC | {"host": "127.0.0.1", "port": free_port(), "tls": False}) as watcher:
        assert (await watcher.poll()).reason == "Unreachable"
