"""What a Battery says of itself when it is controlled, and when it no longer is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.integration.operator.kstatus import breaches
from voltaire.api.resources import BATTERY, Battery
from voltaire.api.values import BatteryState, ControlReport, Setpoints
from voltaire.fleet.picture import Picture
from voltaire.fleet.status import battery_status

NOW = datetime(2026, 3, 14, 5, 30, tzinfo=UTC)
STATE = BatteryState("site", 0.6, 1.0, 0.0, 2.0, NOW, "Observed", "")
TOLD = Setpoints(0.25, 250.0, 80.123456, -1.5)
CONFIRMED = ControlReport(True, "Confirmed", "Written and read back.", TOLD, NOW)
DIFFERS = ControlReport(False, "SiteDiffers", "The reserve is 5.", TOLD, NOW, trouble=True)
LOST = ControlReport(False, "ContactLost", "Nothing could be written.", trouble=True)
DENIED = ControlReport(False, "Unauthorized", "The password is wrong.", trouble=True, permanent=True)
NO_PLAN = ControlReport(False, "NoPlan", "The site is left to itself.")


def battery(mode: str = "Control", status: dict[str, Any] | None = None) -> Battery:
    spec = {
        "capacityKWh": 500,
        "maxChargeKW": 250,
        "maxDischargeKW": 250,
        "telemetry": {"http": {"url": "https://a.example", "soc": {"query": "soc"}}},
        "control": {"mode": mode, "sunSpec": {"host": "10.0.0.5"}},
    }
    found: Battery = BATTERY.parse(
        {"metadata": {"name": "site", "generation": 3}, "spec": spec, "status": status or {}}
    )
    return found


def said(one: Battery, report: ControlReport | None, state: BatteryState = STATE) -> dict[str, Any]:
    """The status; whatever it is, it obeys the rules for conditions."""
    picture = Picture()
    if report is not None:
        picture.controls["site"] = report
    status = battery_status(one, state, picture, [], NOW)
    assert breaches({"metadata": {"generation": 3}, "status": status}) == []
    BATTERY.status.model_validate(status)
    return status


def conditions(status: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {entry["type"]: (entry["status"], entry["reason"]) for entry in status["conditions"]}


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        (None, {"Ready": ("True", "Observed"), "ControlActive": ("Unknown", "Starting")}),
        (CONFIRMED, {"Ready": ("True", "Observed"), "ControlActive": ("True", "Confirmed")}),
        (NO_PLAN, {"Ready": ("True", "Observed"), "ControlActive": ("False", "NoPlan")}),
        (
            DIFFERS,
            {
                "Ready": ("False", "SiteDiffers"),
                "Reconciling": ("True", "SiteDiffers"),
                "ControlActive": ("False", "SiteDiffers"),
            },
        ),
        (
            LOST,
            {
                "Ready": ("False", "ContactLost"),
                "Reconciling": ("True", "ContactLost"),
                "ControlActive": ("False", "ContactLost"),
            },
        ),
        (
            DENIED,
            {
                "Ready": ("False", "Unauthorized"),
                "Stalled": ("True", "Unauthorized"),
                "ControlActive": ("False", "Unauthorized"),
            },
        ),
    ],
    ids=["starting", "confirmed", "no plan", "differs", "lost", "denied"],
)
def test_conditions_say_whether_the_site_holds_to_what_was_written(
    report: ControlReport | None, expected: dict[str, tuple[str, str]]
) -> None:
    assert conditions(said(battery(), report)) == expected


def test_an_unknown_state_of_the_battery_comes_first() -> None:
    unknown = replace(STATE, soc=None, reason="Stale", message="of yesterday")
    found = conditions(said(battery(), LOST, unknown))
    assert found["Ready"] == ("False", "Stale")
    assert found["ControlActive"] == ("False", "ContactLost")


def test_what_the_site_was_told_is_in_the_status() -> None:
    assert said(battery(), CONFIRMED)["control"] == {
        "reserve": 0.25,
        "maxChargeKW": 250,
        "maxDischargeKW": 80.12,
        "powerKW": -1.5,
        "since": "2026-03-14T05:30:00Z",
    }
    assert said(battery(), LOST)["control"] is None


def test_a_battery_that_is_controlled_no_longer_does_not_go_on_saying_so() -> None:
    before = said(battery(), LOST)
    after = said(battery("Recommend", before | {"control": None}), None)
    assert conditions(after) == {"Ready": ("True", "Observed")}
    assert after["control"] is None


def test_the_plan_is_shown_where_it_is_recommended_or_followed() -> None:
    steps = [(NOW, 12.345)]
    for mode, shown in (("Observe", 0), ("Recommend", 1), ("Control", 1)):
        status = battery_status(battery(mode), STATE, Picture(), steps, NOW)
        assert len(status["plan"]) == shown
