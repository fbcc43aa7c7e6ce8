"""Emission factors of electricity by fuel, gCO2eq/kWh, and where they are from.

`LIFECYCLE`: medians of IPCC AR5 (2014), working group III, annex III, table A.III.2: coal 820, gas (combined
cycle) 490, dedicated biomass 230, geothermal 38, hydropower 24, nuclear 12, photovoltaics at utility scale
48, wind onshore 11 and offshore 12, ocean 17. The report has no figure for three that grids publish: oil is
650 (UK Parliamentary Office of Science and Technology, and the default of Electricity Maps), generation of
unknown kind 700 (the default of Electricity Maps), and storage has none at all (see `mix`).

`DIRECT`: what leaves the plant's own stack, the defaults of Electricity Maps: coal 760, gas 370, oil 406,
unknown 575, everything else 0. Biogenic carbon counts as 0, as in most inventories.

Lignite, peat, oil shale and gas made from coal count as coal, which flatters them: AR5 does not tell them
apart. Waste counts as unknown: AR5 has no figure for it, and half of it is fossil in one city and little in
the next. A single plant fleet differs from these by tens of grams: a provider that knows the fleet will say
something else, and the two should not be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from voltaire.api.carbon_sources import FuelFactor
from voltaire.signals.errors import ConfigError


class Fuel(StrEnum):
    """What electricity is made from, as far as factors differ."""

    COAL = "coal"
    GAS = "gas"
    OIL = "oil"
    BIOMASS = "biomass"
    GEOTHERMAL = "geothermal"
    HYDRO = "hydro"
    NUCLEAR = "nuclear"
    SOLAR = "solar"
    WIND_ONSHORE = "wind onshore"
    WIND_OFFSHORE = "wind offshore"
    OCEAN = "ocean"
    UNKNOWN = "unknown"
    STORAGE = "storage"


Factors = Mapping[Fuel, float]

LIFECYCLE: Factors = MappingProxyType(
    {
        Fuel.COAL: 820.0,
        Fuel.GAS: 490.0,
        Fuel.OIL: 650.0,
        Fuel.BIOMASS: 230.0,
        Fuel.GEOTHERMAL: 38.0,
        Fuel.HYDRO: 24.0,
        Fuel.NUCLEAR: 12.0,
        Fuel.SOLAR: 48.0,
        Fuel.WIND_ONSHORE: 11.0,
        Fuel.WIND_OFFSHORE: 12.0,
        Fuel.OCEAN: 17.0,
        Fuel.UNKNOWN: 700.0,
    }
)
_STACKS = {Fuel.COAL: 760.0, Fuel.GAS: 370.0, Fuel.OIL: 406.0, Fuel.UNKNOWN: 575.0}
DIRECT: Factors = MappingProxyType({fuel: _STACKS.get(fuel, 0.0) for fuel in LIFECYCLE})

# Fitted to what RTE publishes, not quoted from RTE: with them, 94 of 97 real records of éCO2mix give the
# published rate after rounding, and the other three are off by one.
RTE_FITTED: Factors = MappingProxyType(
    dict.fromkeys(LIFECYCLE, 0.0) | {Fuel.COAL: 986.0, Fuel.OIL: 777.0, Fuel.GAS: 429.0, Fuel.BIOMASS: 494.0}
)


# What Great Britain's system operator publishes as its factors; all gas counts as combined cycle there.
NESO: Factors = MappingProxyType(
    dict.fromkeys(LIFECYCLE, 0.0)
    | {Fuel.COAL: 937.0, Fuel.GAS: 394.0, Fuel.OIL: 935.0, Fuel.BIOMASS: 120.0, Fuel.UNKNOWN: 300.0}
)
# The world defaults of Electricity Maps; it has better ones for many zones.
ELECTRICITY_MAPS: Factors = MappingProxyType(
    dict(LIFECYCLE) | {Fuel.SOLAR: 45.0, Fuel.WIND_ONSHORE: 11.0, Fuel.WIND_OFFSHORE: 11.0}
)
_SETS: Mapping[tuple[str, str], Factors] = {
    ("AR5", "lifecycle"): LIFECYCLE,
    ("AR5", "direct"): DIRECT,
    ("ElectricityMaps", "lifecycle"): ELECTRICITY_MAPS,
    ("ElectricityMaps", "direct"): DIRECT,
    ("NESO", "direct"): NESO,
    # Nothing of unknown kind is among RTE's.
    ("RTE", "direct"): MappingProxyType(dict(RTE_FITTED) | {Fuel.UNKNOWN: DIRECT[Fuel.UNKNOWN]}),
}


def chosen(name: str, boundary: str, own: Iterable[FuelFactor] = ()) -> Factors:
    """The set of a name for a zone whose basis has this boundary, with one's own factors in place of its.

    Raises ConfigError for a set that knows another boundary only.
    """
    factors = _SETS.get((name, boundary))
    if factors is None:
        raise ConfigError(
            f"factors: {name} has no {boundary} factors: use AR5 or ElectricityMaps, or basis.boundary direct"
        )
    return MappingProxyType(dict(factors) | {Fuel(one.fuel): one.grams_per_kwh for one in own})
