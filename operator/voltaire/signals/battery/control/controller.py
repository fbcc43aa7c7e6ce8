"""Keeps one battery's site to what is decided: decide, write, read back, say how it went."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import structlog

from voltaire.api.battery import BatterySpec
from voltaire.api.values import BatteryState, ControlReport, Setpoints
from voltaire.clock import Clock
from voltaire.signals.battery.control.decide import Release, Schedule, decide_control
from voltaire.signals.battery.control.writer import Outcome, SiteWriter
from voltaire.signals.errors import ConfigError, FetchError, SignalError, Unauthorized
from voltaire.signals.source_state import failure

WRITE_SECONDS = 30.0
_MAX_MESSAGE = 1024
_log = structlog.get_logger(__name__)


class BatteryController:
    """Level-triggered: every `step` says all that is to hold, so that none depends on the one before."""

    def __init__(
        self,
        name: str,
        spec: BatterySpec,
        writer: SiteWriter,
        clock: Clock,
        *,
        timeout_seconds: float = WRITE_SECONDS,
    ) -> None:
        self._name = name
        self._spec = spec
        self._writer = writer
        self._clock = clock
        self._timeout_seconds = timeout_seconds
        self._held: Setpoints | None = None
        self._since: datetime | None = None
        self._last_word: datetime | None = None
        self._released = False
        self._reason = ""
        self._began = clock.now()

    async def step(self, plan: Schedule | None, state: BatteryState) -> ControlReport:
        """Decide and write. Raises nothing but asyncio.CancelledError."""
        now = self._clock.now()
        decided = decide_control(plan, state, self._spec, now, self._held)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                report = await self._apply(decided, now)
        except Exception as error:
            report = self._failed(failure(error))
        if report.reason != self._reason:
            log = _log.warning if report.trouble else _log.info
            log("battery control", battery=self._name, reason=report.reason, message=report.message)
        self._reason = report.reason
        return replace(report, message=report.message[:_MAX_MESSAGE])

    async def release(self) -> None:
        """Leave the site to itself, if that can be done in time; its own timers do the rest."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._writer.release()
        except Exception as error:
            _log.warning("battery not released", battery=self._name, error=str(failure(error)))

    async def _apply(self, decided: Setpoints | Release, now: datetime) -> ControlReport:
        if isinstance(decided, Release):
            if not self._released and not self._waiting(now):
                await self._writer.release()
                self._released, self._held, self._since = True, None, None
            return ControlReport(
                False, decided.reason, f"The site is left to its own settings: {decided.message}."
            )
        self._released = False
        outcome = await self._writer.write(decided)
        self._last_word = now
        if self._held != decided:
            self._held, self._since = decided, now
        return _judged(outcome, decided, self._since)

    def _waiting(self, now: datetime) -> bool:
        """Whether the first plan and state are still to come: what was written before us holds until then."""
        return self._held is None and now - self._began < self._spec.control.revert_after

    def _failed(self, error: SignalError) -> ControlReport:
        """What a failed write means: contact is lost, or somebody has to change something."""
        permanent = isinstance(error, ConfigError | Unauthorized)
        lost = isinstance(error, FetchError) and not permanent
        after = self._spec.control.revert_after
        last = f" last heard at {self._last_word:%Y-%m-%dT%H:%M:%SZ}," if self._last_word else ""
        return ControlReport(
            False,
            "ContactLost" if lost else error.reason,
            f"Nothing could be written: {error}. The site,{last} goes back to its own settings by itself "
            f"where it has a timer, at the latest {after} after the last word.",
            None,
            None,
            trouble=True,
            permanent=permanent,
        )


def _judged(outcome: Outcome, setpoints: Setpoints, since: datetime | None) -> ControlReport:
    """How a write went, in words."""
    notes = f" Not offered or not confirmed: {'; '.join(outcome.notes)}." if outcome.notes else ""
    if outcome.differences:
        message = f"The site does not hold to what was written: {'; '.join(outcome.differences)}.{notes}"
        return ControlReport(False, "SiteDiffers", message, setpoints, since, trouble=True)
    said = "Written and read back." if outcome.confirmed else "Written; the site does not confirm all of it."
    reason = "Confirmed" if outcome.confirmed else "Unconfirmed"
    return ControlReport(True, reason, f"{said}{notes}", setpoints, since)
