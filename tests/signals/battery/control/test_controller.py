"""The controller: level-triggered, honest about what the site does, and quiet when it knows nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.signals.battery.builders import spec
from tests.signals.builders import NOW, StandingClock
from voltaire.api.values import BatteryState, Setpoints
from voltaire.signals.battery.control.controller import BatteryController
from voltaire.signals.battery.control.decide import Schedule
from voltaire.signals.battery.control.writer import Outcome
from voltaire.signals.errors import ConfigError, Implausible, Unauthorized, Unreachable

SLOT = timedelta(minutes=15)
KNOWN = BatteryState("b", 0.6, 0.0, 0.0, 0.0, NOW, "Observed", "")
UNKNOWN = replace(KNOWN, soc=None, reason="Stale", message="of yesterday")
PLAN = Schedule(NOW, NOW, SLOT, (80.0, 0.0))


class Site:
    """Takes what is written, or fails as `failure` says."""

    def __init__(self) -> None:
        self.writes: list[Setpoints] = []
        self.releases = 0
        self.outcome = Outcome()
        self.failure: Exception | None = None

    async def write(self, setpoints: Setpoints) -> Outcome:
        self._fail()
        self.writes.append(setpoints)
        return self.outcome

    async def release(self) -> Outcome:
        self._fail()
        self.releases += 1
        return self.outcome

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


def controller(site: Any, clock: StandingClock | None = None, **fields: Any) -> BatteryController:
    control = {"mode": "Control", "sunSpec": {"host": "10.0.0.5"}}
    one = spec({"http": {"url": "https://a.example", "soc": {"query": "soc"}}}, control=control)
    return BatteryController("b", one, site, clock or StandingClock(), **fields)


async def test_everything_that_holds_is_written_at_every_step() -> None:
    site = Site()
    one = controller(site)
    reports = [await one.step(PLAN, KNOWN) for _ in range(3)]
    assert site.writes == [Setpoints(0.2, 250, 80)] * 3
    assert [(r.active, r.reason, r.since) for r in reports] == [(True, "Confirmed", NOW)] * 3


async def test_since_is_when_the_values_began_to_hold() -> None:
    site, clock = Site(), StandingClock()
    one = controller(site, clock)
    await one.step(PLAN, KNOWN)
    clock.time = NOW + SLOT
    report = await one.step(PLAN, KNOWN)
    assert (report.since, report.setpoints) == (NOW + SLOT, site.writes[-1])
    assert site.writes[-1] != site.writes[0]


async def test_a_new_controller_writes_the_same_as_one_that_died() -> None:
    before, after = Site(), Site()
    await controller(before).step(PLAN, KNOWN)
    await controller(after).step(PLAN, KNOWN)
    assert before.writes == after.writes


async def test_a_site_that_does_otherwise_is_trouble() -> None:
    site = Site()
    site.outcome = Outcome(("the reserve is 5, not 20",), ("no limit",))
    report = await controller(site).step(PLAN, KNOWN)
    assert (report.status, report.reason, report.trouble, report.permanent) == (
        "False", "SiteDiffers", True, False,
    )  # fmt: skip
    assert "the reserve is 5, not 20" in report.message
    assert "no limit" in report.message


async def test_what_is_not_read_back_is_not_called_confirmed() -> None:
    site = Site()
    site.outcome = Outcome(notes=("site/set is not read back",), confirmed=False)
    report = await controller(site).step(PLAN, KNOWN)
    assert (report.status, report.reason, report.trouble) == ("True", "Unconfirmed", False)
    assert "site/set is not read back" in report.message


async def test_lost_contact_says_that_the_site_goes_back_by_itself_and_when_it_was_last_heard() -> None:
    site, clock = Site(), StandingClock()
    one = controller(site, clock)
    await one.step(PLAN, KNOWN)
    site.failure = Unreachable("10.0.0.5:502 cannot be reached")
    clock.time += timedelta(seconds=20)
    report = await one.step(PLAN, KNOWN)
    assert (report.status, report.reason, report.setpoints, report.trouble) == (
        "False", "ContactLost", None, True,
    )  # fmt: skip
    for said in ("cannot be reached", "2026-03-14T05:30:00Z", "by itself", "0:02:00"):
        assert said in report.message
    site.failure = None
    assert (await one.step(PLAN, KNOWN)).reason == "Confirmed"


@pytest.mark.parametrize(
    ("failure", "reason", "permanent"),
    [
        (ConfigError("nothing can be written"), "Misconfigured", True),
        (Unauthorized("the password is wrong"), "Unauthorized", True),
        (Implausible("cannot be written"), "Implausible", False),
        (KeyError("hunter2"), "SignalFailed", False),
    ],
)
async def test_what_a_person_has_to_change_is_told_apart(
    failure: Exception, reason: str, permanent: bool
) -> None:
    site = Site()
    site.failure = failure
    report = await controller(site).step(PLAN, KNOWN)
    assert (report.reason, report.permanent, report.active) == (reason, permanent, False)
    assert "hunter2" not in report.message


async def test_a_site_that_hangs_is_given_up() -> None:
    class Hung(Site):
        async def write(self, setpoints: Setpoints) -> Outcome:
            await asyncio.Event().wait()
            return await super().write(setpoints)

    report = await controller(Hung(), timeout_seconds=0.01).step(PLAN, KNOWN)
    assert report.reason == "ContactLost"


async def test_when_the_state_gets_lost_the_site_is_released_once() -> None:
    site = Site()
    one = controller(site)
    await one.step(PLAN, KNOWN)
    reports = [await one.step(PLAN, UNKNOWN) for _ in range(3)]
    assert (len(site.writes), site.releases) == (1, 1)
    assert {(r.status, r.reason, r.trouble) for r in reports} == {("False", "StateUnknown", False)}
    assert "of yesterday" in reports[0].message
    await one.step(PLAN, KNOWN)
    await one.step(None, KNOWN)
    assert (len(site.writes), site.releases) == (2, 2)


async def test_a_release_that_fails_is_tried_again() -> None:
    site = Site()
    one = controller(site)
    await one.step(PLAN, KNOWN)
    site.failure = Unreachable("gone")
    assert (await one.step(None, KNOWN)).reason == "ContactLost"
    site.failure = None
    assert (await one.step(None, KNOWN)).reason == "NoPlan"
    assert site.releases == 1


async def test_after_a_restart_what_was_written_holds_until_the_first_plan_or_the_sites_patience() -> None:
    site, clock = Site(), StandingClock()
    one = controller(site, clock)
    assert (await one.step(None, UNKNOWN)).reason == "StateUnknown"
    assert (await one.step(None, KNOWN)).reason == "NoPlan"
    assert site.releases == 0
    clock.time += timedelta(minutes=2)
    await one.step(None, KNOWN)
    assert site.releases == 1


async def test_releasing_never_raises() -> None:
    site = Site()
    one = controller(site)
    await one.release()
    site.failure = Unreachable("gone")
    await one.release()
    assert site.releases == 1
