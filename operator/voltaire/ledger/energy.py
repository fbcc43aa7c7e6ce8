"""Energy and emissions of a constant power over a time.

    energy [kWh] = IT power [kW] x PUE x hours
    grams        = integral of IT power x PUE x g(t) dt        g(t): the site's supply as it was, g/kWh

Where g is unknown nothing is invented: that energy counts, its grams do not, and `unknown_kwh` says how much
it is. A host's overhead is the site's, whatever runs, and is billed to no workload.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from voltaire.api.values import Series


@dataclass(frozen=True, slots=True)
class Bill:
    """Facility energy in kWh and emissions in gCO2eq; `unknown_kwh` is energy whose grams are not known."""

    energy_kwh: float = 0.0
    grams: float = 0.0
    unknown_kwh: float = 0.0

    def __add__(self, other: Bill) -> Bill:
        return Bill(
            self.energy_kwh + other.energy_kwh,
            self.grams + other.grams,
            self.unknown_kwh + other.unknown_kwh,
        )

    @property
    def quality(self) -> float:
        """Share of the energy whose intensity is known; 1 for no energy at all."""
        return 1.0 - self.unknown_kwh / self.energy_kwh if self.energy_kwh > 0 else 1.0


def hours(start: datetime, end: datetime) -> float:
    """Hours from start to end, 0 if end is not later."""
    return max(0.0, (end - start).total_seconds() / 3600.0)


def bill(facility_kw: float, supply: Series | None, start: datetime, end: datetime) -> Bill:
    """The bill of a constant facility power over [start, end). `supply` None: nothing is known."""
    energy = facility_kw * hours(start, end)
    if supply is None:
        return Bill(energy, 0.0, energy)
    grams = known = 0.0
    time = max(start, supply.start)
    limit = min(end, supply.end)
    while time < limit:
        index = (time - supply.start) // supply.step
        until = min(limit, supply.start + (index + 1) * supply.step)
        value = supply.values[index]
        if value is not None:
            share = facility_kw * hours(time, until)
            known += share
            grams += share * value
        time = until
    return Bill(energy, grams, max(0.0, energy - known))
