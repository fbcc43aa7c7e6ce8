"""A site slot by slot: what it draws, and where that comes from. Energy in kWh.

    facility = IT x PUE + host overhead              IT with what the network's transfers amount to

The sun serves the load first. A battery then follows its setpoint as far as it can: it gives no more than the
load still wants (nothing is exported) and keeps its reserve; it takes what the sun leaves over first, the
rest from the grid. Sun that would be lost charges whatever gives nothing, asked for or not, as site
controllers do. The grid serves what is left.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from voltaire.api.battery import BatterySpec
from voltaire.fleet.stored import assume, mixed
from voltaire.twin.result import BatterySeries, ClusterSeries
from voltaire.twin.scenario import Scenario


@dataclass(slots=True)
class Storage:
    """A battery now, and what it did. `setpoint_kwh`: what the plans of the present slot want of it so far,
    positive discharges. `power_kw`: mean of the last slot."""

    name: str
    spec: BatterySpec
    soc_kwh: float
    stored_grams_per_kwh: float
    setpoint_kwh: float = 0.0
    power_kw: float = 0.0
    charge_grid: list[float] = field(default_factory=list)
    charge_solar: list[float] = field(default_factory=list)
    discharge: list[float] = field(default_factory=list)
    soc: list[float] = field(default_factory=list)
    stored: list[float] = field(default_factory=list)

    @property
    def held_grams(self) -> float:
        """Grams in what it holds."""
        return self.soc_kwh * self.stored_grams_per_kwh

    def follow(self, surplus: float, left: float, hours: float) -> tuple[float, float, float]:
        """What it does in a slot, where the sun leaves `surplus` and the load still wants `left`: charge from
        the sun and from the grid, before its loss; discharge, after it."""
        spec, energy = self.spec, self.setpoint_kwh
        above = max(0.0, self.soc_kwh - spec.reserve * spec.capacity_kwh) * spec.discharge_efficiency
        given = min(max(0.0, energy), spec.max_discharge_kw * hours, above, left)
        if given > 0:
            return 0.0, 0.0, given
        room = max(0.0, spec.capacity_kwh - self.soc_kwh) / spec.charge_efficiency
        most = min(spec.max_charge_kw * hours, room)
        from_sun = min(surplus, most)
        return from_sun, max(0.0, min(-energy, most) - from_sun), 0.0

    def settle(self, solar: float, grid: float, discharge: float, intensity: float, hours: float) -> None:
        """Book a slot: what it took from the sun and the grid, and what it gave."""
        spec = self.spec
        gained = (solar + grid) * spec.charge_efficiency
        if gained > 0:
            grams = grid * intensity
            self.stored_grams_per_kwh = mixed(self.stored_grams_per_kwh, self.soc_kwh, gained, grams)
        full, least = spec.capacity_kwh, min(self.soc_kwh, spec.reserve * spec.capacity_kwh)
        after = self.soc_kwh + gained - discharge / spec.discharge_efficiency
        self.soc_kwh = min(full, max(least, after))
        self.power_kw = (discharge - solar - grid) / hours
        self.setpoint_kwh = 0.0
        self.charge_grid.append(grid)
        self.charge_solar.append(solar)
        self.discharge.append(discharge)
        self.soc.append(self.soc_kwh)
        self.stored.append(self.stored_grams_per_kwh)

    def series(self) -> BatterySeries:
        """For the result."""
        columns = (self.charge_grid, self.charge_solar, self.discharge, self.soc, self.stored)
        return BatterySeries(self.name, *(tuple(column) for column in columns))


@dataclass(slots=True)
class Site:
    """A cluster's meter. `load_kw`: IT power of what runs now; `it_kwh` and `transfer_kwh` (of the facility)
    are filled while a slot passes."""

    name: str
    pue: float
    host_kw: float
    intensity: Sequence[float]
    sun_kw: Sequence[float]
    storages: tuple[Storage, ...]
    price: Sequence[float] | None = None
    load_kw: float = 0.0
    it_kwh: float = 0.0
    transfer_kwh: float = 0.0
    it: list[float] = field(default_factory=list)
    facility: list[float] = field(default_factory=list)
    grid: list[float] = field(default_factory=list)
    solar: list[float] = field(default_factory=list)
    battery: list[float] = field(default_factory=list)
    grams: list[float] = field(default_factory=list)
    transfer: list[float] = field(default_factory=list)
    attributed: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)

    def settle(self, k: int, hours: float) -> None:
        """Slot k is over: share out its sources and book it."""
        it = self.it_kwh + self.transfer_kwh / self.pue
        facility = it * self.pue + self.host_kw * hours
        sun, intensity = self.sun_kw[k] * hours, self.intensity[k]
        direct = min(sun, facility)
        surplus, left, bought, solar, given, carried = sun - direct, facility - direct, 0.0, direct, 0.0, 0.0
        for storage in self.storages:
            from_sun, from_grid, discharge = storage.follow(surplus, left, hours)
            carried += discharge / storage.spec.discharge_efficiency * storage.stored_grams_per_kwh
            storage.settle(from_sun, from_grid, discharge, intensity, hours)
            surplus, left = surplus - from_sun, left - discharge
            bought, solar, given = bought + from_grid, solar + from_sun, given + discharge
        self.it.append(it)
        self.facility.append(facility)
        self.grid.append(left + bought)
        self.solar.append(solar)
        self.battery.append(given)
        self.grams.append((left + bought) * intensity)
        if self.price is not None:
            self.cost.append((left + bought) * self.price[k])
        self.transfer.append(self.transfer_kwh)
        self.attributed.append(left * intensity + carried)
        self.it_kwh = self.transfer_kwh = 0.0

    def series(self) -> ClusterSeries:
        """For the result."""
        return ClusterSeries(
            self.name, tuple(self.it), tuple(self.facility), tuple(self.grid), tuple(self.solar),
            tuple(self.battery), tuple(self.grams), tuple(self.transfer), tuple(self.attributed),
            None if self.price is None else tuple(self.cost),
        )  # fmt: skip


def open_sites(scenario: Scenario) -> dict[str, Site]:
    """Every cluster's site at the start of the run."""
    return {name: _site(scenario, name) for name in sorted(scenario.clusters)}


def _site(scenario: Scenario, name: str) -> Site:
    spec = scenario.clusters[name].spec
    intensity = scenario.occurred(scenario.zone(name)).tolist()
    suns = [scenario.solar_kw[b][: scenario.slots] for b in spec.batteries if b in scenario.solar_kw]
    sun = sum(suns).tolist() if suns else [0.0] * scenario.slots  # type: ignore[union-attr]
    storages = tuple(open_storage(scenario, battery, intensity[0]) for battery in spec.batteries)
    price = scenario.prices.get(scenario.zone(name))
    return Site(
        name, spec.power.pue, spec.power.host_overhead_kw, intensity, sun, storages,
        None if price is None else price.tolist(),
    )  # fmt: skip


def open_storage(scenario: Scenario, name: str, grid_grams: float) -> Storage:
    """A battery at the start: at its reserve unless the scenario says otherwise, so that nobody is given
    energy; of the intensity its spec assumes, else charged from the grid as it is then."""
    spec = scenario.fleet.batteries[name].spec
    soc = spec.reserve if scenario.initial_soc is None else scenario.initial_soc
    stored = assume(spec, grid_grams)
    assert stored is not None  # noqa: S101 (the grid's intensity is known)
    return Storage(name, spec, soc * spec.capacity_kwh, stored.grams_per_kwh)


def storages_of(sites: Mapping[str, Site]) -> dict[str, Storage]:
    """All batteries by name."""
    return {storage.name: storage for site in sites.values() for storage in site.storages}
