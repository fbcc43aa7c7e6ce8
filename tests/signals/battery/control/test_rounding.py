"""Whatever is told to a site, what stands on the wire is on the safe side of it."""

from __future__ import annotations

import json
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.battery import sunspec_device as dev
from tests.signals.builders import NOW
from voltaire.api.battery_control import MqttControl, SunSpecControl
from voltaire.api.values import Setpoints
from voltaire.signals.battery.control.mqtt import document, targets_of
from voltaire.signals.battery.control.openems import channels
from voltaire.signals.battery.control.sunspec import wanted
from voltaire.signals.battery.rounding import downwards, inwards, to_digits, upwards

SLACK = 1e-6
SETPOINTS = st.builds(Setpoints, st.floats(0, 1), st.floats(0, 250), st.floats(0, 250), st.floats(-250, 250))
MODELS = {
    702: dev.model(702, dev.RATING_702),
    704: dev.model(704, dev.CONTROLS_704),
    802: dev.model(802, dev.BATTERY_802),
}
TOPICS = MqttControl.model_validate(
    {
        "host": "a",
        "reserve": {"topic": "r"},
        "maxCharge": {"topic": "c", "unit": "MW"},
        "maxDischarge": {"topic": "d", "unit": "W"},
        "power": {"topic": "p", "unit": "kW"},
    }
)


@settings(deadline=None)
@given(SETPOINTS)
def test_sunspec_registers(told: Setpoints) -> None:
    writes, _ = wanted(MODELS, told, SunSpecControl(host="a"), timedelta(minutes=2))
    found = {}
    for write in writes:
        model = list(MODELS[write.model])
        model[write.point.offset : write.point.offset + write.point.words] = write.words(MODELS)
        found[write.point.name] = write.point.value(model)
    assert told.reserve * 100 - SLACK <= found["SoCRsvMin"] <= told.reserve * 100 + 1
    assert found["WMaxLimPct"] <= told.max_discharge_kw / 2.5 + SLACK
    assert told.power_kw is not None
    assert abs(found["WSet"]) <= abs(told.power_kw) * 1000 + SLACK
    assert found["WSet"] * told.power_kw >= 0


@settings(deadline=None)
@given(SETPOINTS)
def test_channels_of_openems(told: Setpoints) -> None:
    found = channels(told)
    assert 0 <= found["SetActivePowerLessOrEquals"] <= told.max_discharge_kw * 1000 + SLACK
    assert -told.max_charge_kw * 1000 - SLACK <= found["SetActivePowerGreaterOrEquals"] <= 0
    assert told.power_kw is not None
    assert abs(found["SetActivePowerEquals"]) <= abs(told.power_kw) * 1000 + SLACK


@settings(deadline=None)
@given(SETPOINTS)
def test_messages(told: Setpoints) -> None:
    found = {target.topic: float(text) for target, text in targets_of(TOPICS, told)}
    whole = json.loads(document(told, NOW))
    assert told.power_kw is not None
    for reserve in (found["r"] / 100, whole["reserve"]):
        assert told.reserve - SLACK <= reserve <= told.reserve + 1e-3
    for charge in (found["c"] * 1000, whole["maxChargeKW"]):
        assert -SLACK <= charge <= told.max_charge_kw + SLACK
    for discharge in (found["d"] / 1000, whole["maxDischargeKW"]):
        assert -SLACK <= discharge <= told.max_discharge_kw + SLACK
    for power in (found["p"], whole["powerKW"]):
        assert abs(power) <= abs(told.power_kw) + SLACK
        assert power * told.power_kw >= 0


def test_noise_does_not_cost_a_step() -> None:
    assert upwards(253.00000000000003) == downwards(252.99999999999997) == 253
    assert (inwards(2.5), inwards(-2.5)) == (2, -2)
    assert to_digits(0.1 + 0.2, 4, upwards) == 0.3
