"""What the statuses of zones and batteries say of forecasts and of assumptions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from voltaire.api.gridzone import Basis, GridZoneStatus
from voltaire.api.resources import BATTERY, GRIDZONE
from voltaire.api.values import BatteryState, LeadError, ZoneSignal
from voltaire.fleet.picture import Picture
from voltaire.fleet.status import battery_status, zone_status
from voltaire.fleet.stored import StoredEnergy

NOW = datetime(2026, 3, 14, 5, tzinfo=UTC)


def body(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "voltaire.dev/v1alpha1", "kind": kind, "metadata": {"name": "here"}, "spec": spec}


def said_of_battery(stored: StoredEnergy) -> dict[str, Any]:
    telemetry = {"http": {"url": "https://x.example.com", "soc": {"query": "soc"}}}
    spec = {"capacityKWh": 100, "maxChargeKW": 50, "maxDischargeKW": 50, "telemetry": telemetry}
    state = BatteryState("here", 0.5, 1.0, None, None, NOW, "Reporting", "all is well")
    picture = Picture(stored={"here": stored})
    return battery_status(BATTERY.parse(body("Battery", spec)), state, picture, (), NOW)


def ready(status: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in status["conditions"] if c["type"] == "Ready")
    return found


def test_a_battery_names_what_is_assumed_of_what_it_holds() -> None:
    status = said_of_battery(StoredEnergy(123.4, 0.25, "nobody looked"))
    assert (status["storedAssumed"], status["storedAssumedShare"]) == (True, 0.25)
    assert status["storedAssumption"] == "nobody looked"
    assert ready(status)["message"] == "all is well; stored intensity is assumed: nobody looked"


def test_an_assumption_that_has_faded_is_not_named() -> None:
    status = said_of_battery(StoredEnergy(123.4, 0.01, "nobody looked"))
    assert (status["storedAssumed"], status["storedAssumedShare"]) == (False, 0.01)
    assert status["storedAssumption"] is None
    assert ready(status)["message"] == "all is well"


def test_a_zone_tells_errors_by_lead_and_how_much_of_the_forecast_is_ours() -> None:
    signal = ZoneSignal(
        "FR", Basis(), 50.0, NOW, "neso[0]", None, None, (), "Observed", "",
        forecast_error=(0.1, 0.2, 0.6),
        forecast_errors=(
            LeadError(1, 0.1, 0.11119, 0.3, 0.056, 40),
            LeadError(2, None, None, 0.4, 0.0, 0),
        ),
    )  # fmt: skip
    spec = {"zone": "FR", "sources": [{"static": {"gramsPerKWh": 4}}]}
    status = zone_status(GRIDZONE.parse(body("GridZone", spec)), signal, NOW)
    assert status["forecastError"] == 0.3
    first, second = status["forecastErrors"]
    assert first == {
        "leadHours": 1, "used": 0.1, "provider": 0.111, "own": 0.3, "ownShare": 0.06, "comparisons": 40
    }  # fmt: skip
    assert (second["used"], second["own"]) == (None, 0.4)
    read = GridZoneStatus.model_validate(status)
    assert read.forecast_errors[0].provider == 0.111
