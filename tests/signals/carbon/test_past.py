"""How each source is asked for its past."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.signals.builders import HERE, HOUR, em_point, matrix, zone_spec
from tests.signals.carbon.cases import CASES
from tests.signals.carbon.harness import AVERAGE, REF, Api, deps
from voltaire.signals.build import build_source
from voltaire.signals.carbon.samples import CarbonSource, PastSource

DAY = timedelta(days=1)
# What the provider allows, and what an answer of 1 MiB can hold.
LONGEST = {
    "wattTime": 32,
    "neso": 14,
    "neso region": 14,
    "rte": 1,
    "entsoe": 6,
    "eia": 12,
    "energyCharts": 28,
    "openElectricity": 3,
    "carbonAwareSdk": 10,
}
TIMES = {
    "wattTime": {"start": "2026-03-12T05:00Z", "end": "2026-03-14T05:00Z", "region": "CAISO_NORTH"},
    "rte": {
        "where": "taux_co2 is not null and date_heure >= date'2026-03-12T05:00:00Z' "
        "and date_heure < date'2026-03-14T05:00:00Z'"
    },
    "entsoe": {"periodStart": "202603120500", "periodEnd": "202603140500"},
    # The period names the end of its hour.
    "eia": {"start": "2026-03-12T06", "end": "2026-03-14T05"},
    "energyCharts": {"start": "2026-03-12T05:00Z", "end": "2026-03-14T05:00Z"},
    # Times of the network, ten hours ahead.
    "openElectricity": {"date_start": "2026-03-12T15:00:00", "date_end": "2026-03-14T15:00:00"},
    "carbonAwareSdk": {"time": "2026-03-12T05:00Z", "toTime": "2026-03-14T05:00Z"},
}


def build(source: dict[str, Any], basis: dict[str, str], api: Api, **more: Any) -> CarbonSource:
    return build_source(zone_spec([source], basis=basis), 0, deps(api, **more))


@pytest.mark.parametrize("name", LONGEST)
async def test_a_source_gives_its_past_in_pieces_that_its_provider_allows(name: str) -> None:
    case = CASES[name]
    api = Api(case.answers)
    source = build(case.source, case.basis, api)
    assert isinstance(source, PastSource)
    assert DAY <= source.longest <= LONGEST[name] * DAY
    samples = await source.occurred(HERE - 2 * DAY, HERE)
    assert any(sample.grams_per_kwh is not None for sample in samples)
    asked = api.requests[-1].url
    assert asked.params.items() >= TIMES.get(name, {}).items()
    if name.startswith("neso"):
        assert "/2026-03-12T05:00Z/2026-03-14T05:00Z" in asked.path


@pytest.mark.parametrize("listed", ["data", "history"])
async def test_electricity_maps_gives_a_past_range_under_either_name(listed: str) -> None:
    points = [em_point(HERE - (3 - i) * HOUR, 100 + i) for i in range(3)]
    api = Api({"/past-range": {"zone": "FR", listed: points}})
    source = build({"electricityMaps": {"secretRef": REF}}, AVERAGE, api)
    assert isinstance(source, PastSource)
    assert source.longest == 10 * DAY
    samples = await source.occurred(HERE - 3 * HOUR, HERE)
    assert [sample.grams_per_kwh for sample in samples] == [100, 101, 102]
    params = api.requests[0].url.params
    assert (params["start"], params["end"]) == ("2026-03-14T02:00:00Z", "2026-03-14T05:00:00Z")
    assert (params["zone"], params["disableCallerLookup"]) == ("FR", "true")


async def test_a_series_in_a_config_map_is_its_own_past() -> None:
    text = matrix([*range(30)], start=HERE - 20 * HOUR)
    reference = {"configMap": {"namespace": "voltaire-system", "name": "carbon", "key": "series.csv"}}
    source = build(reference, AVERAGE, Api({}), config_map=lambda: {"series.csv": text})
    assert isinstance(source, PastSource)
    samples = await source.occurred(HERE - 30 * HOUR, HERE - 15 * HOUR)
    assert [sample.grams_per_kwh for sample in samples] == [0, 1, 2, 3, 4]
    assert samples[0].start == HERE - 20 * HOUR


def test_a_constant_has_no_past_to_learn_from() -> None:
    assert not isinstance(build({"static": {"gramsPerKWh": 4}}, AVERAGE, Api({})), PastSource)
