"""The state of one battery, as it was last believably reported."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from voltaire.api.battery import BatterySpec
from voltaire.api.values import BatteryState, Series
from voltaire.clock import Clock
from voltaire.signals.battery import convert
from voltaire.signals.battery.readings import FORECAST, OPTIONAL, Measured, RawReadings, SiteReader
from voltaire.signals.battery.sign_check import SignCheck
from voltaire.signals.battery.solar_forecast import forecast_series
from voltaire.signals.errors import NoData, SignalError, Stale
from voltaire.signals.source_state import MAX_MESSAGE, failure, within

READ_TIMEOUT_SECONDS = 20.0
_log = structlog.get_logger(__name__)


class BatteryWatcher:
    """Watches one battery. `timeout_seconds` is wall-clock time that reading the site may take."""

    def __init__(
        self,
        name: str,
        spec: BatterySpec,
        reader: SiteReader,
        clock: Clock,
        *,
        timeout_seconds: float = READ_TIMEOUT_SECONDS,
    ) -> None:
        self._name = name
        self._spec = spec
        self._reader = reader
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._state: BatteryState | None = None
        self._error: SignalError | None = None
        self._polled: datetime | None = None
        self._one_poll = asyncio.Lock()
        self._sign = SignCheck(spec)

    async def poll(self, force: bool = False) -> BatteryState:
        """The state now. The site is read when `refresh` has passed, or `force` is set.

        While it fails, the last state stays until it is stale. Raises nothing but asyncio.CancelledError.
        """
        async with self._one_poll:
            now = self._clock.now()
            refresh = self._spec.telemetry.refresh
            if force or self._polled is None or not within(now - self._polled, refresh):
                self._polled = now
                await self._read(now)
            return self._current(now)

    async def aclose(self) -> None:
        """End the reader's connections, if it keeps any."""
        await self._reader.aclose()

    async def _read(self, now: datetime) -> None:
        """Read the site; a failure is remembered."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                raw = await self._reader.read(now)
            state = interpret(self._name, self._spec, raw, now)
        except Exception as error:
            known = failure(error)
            if self._error is None or self._error.reason != known.reason:
                _log.warning("battery unreadable", battery=self._name, reason=known.reason, error=str(known))
            self._error = known
            return
        if self._error is not None:
            _log.info("battery recovered", battery=self._name)
        if self._sign.observe(state):
            told = "power: the charge went the other way than it says: is its sign (positive) right?"
            message = "; ".join(filter(None, (state.message, told)))[:MAX_MESSAGE]
            state = replace(state, power_kw=None, reason="Partial", message=message)
        self._state, self._error = state, None

    def _current(self, now: datetime) -> BatteryState:
        """What is known at `now`, without asking."""
        trouble = "" if self._error is None else str(self._error)
        state, stale_after = self._state, self._spec.telemetry.stale_after
        if state is None or state.observed_at is None:
            reason = "NoData" if self._error is None else self._error.reason
            return _unknown(self._name, None, reason, trouble or "not read yet")
        if now - state.observed_at > stale_after:
            told = f"last reported at {state.observed_at:%Y-%m-%dT%H:%M:%SZ}, more than {stale_after} ago"
            return _unknown(
                self._name, state.observed_at, Stale.reason, f"{told}; {trouble}" if trouble else told
            )
        if trouble:
            return replace(
                state, reason="LastKnown", message=f"the last report is used: {trouble}"[:MAX_MESSAGE]
            )
        return state


def interpret(name: str, spec: BatterySpec, raw: RawReadings, now: datetime) -> BatteryState:
    """The state that raw readings mean at `now`.

    The state of charge must be possible and fresh, or its error is raised (SignalError); another field that
    is missing, impossible or stale is None, and the message says why.
    """
    measured = _fresh("soc", spec, raw, now)
    soc = convert.soc(measured.value, raw.wires["soc"], spec)
    powers: dict[str, float | None] = {}
    troubles: list[str] = []
    for field in OPTIONAL:
        try:
            powers[field] = _power(field, spec, raw, now)
        except SignalError as error:
            powers[field] = None
            troubles.append(str(error))
    forecast: Series | None = None
    try:
        forecast = _forecast(spec, raw, now)
    except SignalError as error:
        troubles.append(str(error))
    return BatteryState(
        name=name,
        soc=soc,
        power_kw=powers["power"],
        solar_kw=powers["solar"],
        load_kw=powers["load"],
        observed_at=measured.time,
        reason="Partial" if troubles else "Observed",
        message="; ".join(troubles)[:MAX_MESSAGE],
        solar_forecast=forecast,
    )


def _forecast(spec: BatterySpec, raw: RawReadings, now: datetime) -> Series | None:
    """Solar production expected, None when it was not asked for."""
    if FORECAST in raw.errors:
        raise raw.errors[FORECAST]
    return forecast_series(raw.forecast, raw.wires[FORECAST], spec, now) if raw.forecast else None


def _fresh(field: str, spec: BatterySpec, raw: RawReadings, now: datetime) -> Measured:
    """A field that was read; a report may be old when it arrives."""
    measured = raw.values.get(field)
    if measured is None:
        raise raw.errors.get(field) or NoData(f"{field} was not reported")
    stale_after = spec.telemetry.stale_after
    if now - measured.time > stale_after:
        raise Stale(f"{field} is of {measured.time:%Y-%m-%dT%H:%M:%SZ}, more than {stale_after} old")
    return measured


def _power(field: str, spec: BatterySpec, raw: RawReadings, now: datetime) -> float | None:
    """One of the optional powers, None when it was not asked for."""
    wire = raw.wires.get(field)
    if wire is None:
        return None
    value = _fresh(field, spec, raw, now).value
    if field == "power":
        return convert.battery_power(value, wire, spec)
    if field == "solar":
        return convert.solar_power(value, wire, spec)
    return convert.load_power(value, wire)


def _unknown(name: str, observed_at: datetime | None, reason: str, message: str) -> BatteryState:
    """A battery of which nothing fresh is known."""
    return BatteryState(name, None, None, None, None, observed_at, reason, message[:MAX_MESSAGE])
