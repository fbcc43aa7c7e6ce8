"""The carbon intensity of the energy inside a battery, carried through charge and discharge.

Energy is well mixed: what is taken out has the intensity of what is inside, so discharging changes nothing.
Charging adds everything the energy taken in has cost, the part that is lost included:

    stored' = (stored * E + grams in) / (E + dE)      with  energy in = dE / charge efficiency

How much was charged is read off the state of charge (powers are momentary). Where it came from follows from
the powers of the site: solar serves the load first, what is left over charges the battery, the rest comes
from the grid. Solar without a known load cannot be shown to be left over and counts as grid energy.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from voltaire.api.battery import BatterySpec
from voltaire.api.values import BatteryState

# Below this share of assumed energy the figure counts as known.
_KNOWN = 0.05


@dataclass(frozen=True, slots=True)
class StoredEnergy:
    """gCO2eq per kWh held, and which share of what is held (0..1) has an intensity that was assumed."""

    grams_per_kwh: float
    assumed_share: float = 0.0

    @property
    def assumed(self) -> bool:
        """Whether the figure rests on an assumption."""
        return self.assumed_share > _KNOWN


def assume(spec: BatterySpec, grid_grams: float | None) -> StoredEnergy | None:
    """What to think of a battery whose history is unknown: what the spec says, else that all of it was
    charged from the grid as it is now, with the charging loss. None while neither is known."""
    if spec.assumed_stored_grams_per_kwh is not None:
        return StoredEnergy(spec.assumed_stored_grams_per_kwh, 1.0)
    return None if grid_grams is None else StoredEnergy(grid_grams / spec.charge_efficiency, 1.0)


def carry(
    stored: StoredEnergy,
    state_before: BatteryState,
    state_after: BatteryState,
    grid_grams: float | None,
    spec: BatterySpec,
    dt: timedelta,
) -> StoredEnergy:
    """The stored intensity after `dt`, in which the battery went from one state to the other.

    `grid_grams`: mean intensity of the grid meanwhile, g/kWh; None (unknown) makes grid energy an
    assumption: it counts as what is stored already. Without a state of charge on both sides, and while not
    charging, nothing changes.
    """
    if state_before.soc is None or state_after.soc is None or dt <= timedelta(0):
        return stored
    held_kwh = state_before.soc * spec.capacity_kwh
    gained_kwh = state_after.soc * spec.capacity_kwh - held_kwh
    if gained_kwh <= 0:
        return stored
    taken_kwh = gained_kwh / spec.charge_efficiency
    solar_kwh = min(taken_kwh, _surplus_kw(state_before, state_after) * dt.total_seconds() / 3600)
    grid_kwh = taken_kwh - solar_kwh
    solar_grams = spec.solar.grams_per_kwh if spec.solar is not None else 0.0
    assumed_kwh = stored.assumed_share * held_kwh
    if grid_grams is None:
        # As if it had been bought at the stored intensity, loss and all.
        grams = grid_kwh * spec.charge_efficiency * stored.grams_per_kwh
        assumed_kwh += grid_kwh * spec.charge_efficiency
    else:
        grams = grid_kwh * grid_grams
    grams += solar_kwh * solar_grams
    carried = mixed(stored.grams_per_kwh, held_kwh, gained_kwh, grams)
    return StoredEnergy(carried, min(1.0, assumed_kwh / (held_kwh + gained_kwh)))


def mixed(grams_per_kwh: float, held_kwh: float, gained_kwh: float, grams: float) -> float:
    """The stored intensity once `gained_kwh` came to what was held, for which `grams` were emitted."""
    return (grams_per_kwh * held_kwh + grams) / (held_kwh + gained_kwh)


def _surplus_kw(before: BatteryState, after: BatteryState) -> float:
    """Mean solar power that the load left over, kW; 0 where it cannot be shown."""
    solar_kw = _mean(before.solar_kw, after.solar_kw)
    load_kw = _mean(before.load_kw, after.load_kw)
    if solar_kw is None or load_kw is None:
        return 0.0
    return max(0.0, solar_kw - load_kw)


def _mean(before: float | None, after: float | None) -> float | None:
    """Mean of two readings, or the one there is."""
    known = [value for value in (before, after) if value is not None]
    return sum(known) / len(known) if known else None
