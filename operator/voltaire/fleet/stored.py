"""The carbon intensity of the energy inside a battery, carried through charge and discharge.

Energy is well mixed: what is taken out has the intensity of what is inside, so discharging changes nothing.
Charging adds everything the energy taken in has cost, the part that is lost included:

    stored' = (stored * E + grams in) / (E + dE)      with  energy in = dE / charge efficiency

How much was charged is read off the state of charge (powers are momentary). Where it came from follows from
the powers of the site: solar serves the load first, what is left over charges the battery, the rest comes
from the grid. Solar without a known load cannot be shown to be left over and counts as grid energy.

While nobody looks (the operator or the telemetry is down) only the change from before to after is seen; what
went out and came in again in between is not. It is assumed to be as much as the battery's limits allow,

    unseen = min(E, dt / 2 * min(charge limit * charge efficiency, discharge limit / discharge efficiency))

and to have been bought at the grid's mean of that time, or at what the spec says. A short absence hardly
matters, after a long one nothing of what was known is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from voltaire.api.battery import BatterySpec, BatteryStatus
from voltaire.api.values import BatteryState

# Below this share of assumed energy the figure counts as known.
_KNOWN = 0.05


@dataclass(frozen=True, slots=True)
class StoredEnergy:
    """gCO2eq per kWh held, which share of what is held (0..1) has an intensity that was assumed, and what was
    assumed of it, for people."""

    grams_per_kwh: float
    assumed_share: float = 0.0
    assumption: str = field(default="", compare=False)

    @property
    def assumed(self) -> bool:
        """Whether the figure rests on an assumption."""
        return self.assumed_share > _KNOWN


def assume(spec: BatterySpec, grid_grams: float | None) -> StoredEnergy | None:
    """What to think of a battery whose history is unknown: what the spec says, else that all of it was
    charged from the grid as it is now, with the charging loss. None while neither is known."""
    if spec.assumed_stored_grams_per_kwh is not None:
        return StoredEnergy(
            spec.assumed_stored_grams_per_kwh, 1.0, "no history: spec.assumedStoredGramsPerKWh is taken"
        )
    if grid_grams is None:
        return None
    text = f"no history: taken to have been charged from the grid at {grid_grams:.0f} g/kWh"
    return StoredEnergy(grid_grams / spec.charge_efficiency, 1.0, text)


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
        stored = replace(stored, assumption="the grid's intensity was unknown while it was charged")
    else:
        grams = grid_kwh * grid_grams
    grams += solar_kwh * solar_grams
    carried = mixed(stored.grams_per_kwh, held_kwh, gained_kwh, grams)
    share = min(1.0, assumed_kwh / (held_kwh + gained_kwh))
    return StoredEnergy(carried, share, stored.assumption)


def replaced(
    stored: StoredEnergy,
    state_before: BatteryState,
    state_after: BatteryState,
    grid_grams: float,
    spec: BatterySpec,
) -> StoredEnergy:
    """The stored intensity after nobody looked from one state to the other, both with a time and a state of
    charge: what may have gone out and come in again is an assumption."""
    since, until = state_before.observed_at, state_after.observed_at
    if state_before.soc is None or state_after.soc is None or since is None or until is None:
        return stored
    limit_kw = min(
        spec.max_charge_kw * spec.charge_efficiency, spec.max_discharge_kw / spec.discharge_efficiency
    )
    held_kwh = min(state_before.soc, state_after.soc) * spec.capacity_kwh
    unseen_kwh = min(held_kwh, limit_kw * (until - since).total_seconds() / 7200)
    if unseen_kwh <= 0:
        return stored
    share = unseen_kwh / (state_after.soc * spec.capacity_kwh)
    bought, origin = spec.assumed_stored_grams_per_kwh, "spec.assumedStoredGramsPerKWh"
    if bought is None:
        bought, origin = (
            grid_grams / spec.charge_efficiency,
            f"the grid at its mean of {grid_grams:.0f} g/kWh",
        )
    return StoredEnergy(
        (1 - share) * stored.grams_per_kwh + share * bought,
        min(1.0, (1 - share) * stored.assumed_share + share),
        f"nobody looked from {since:%Y-%m-%dT%H:%MZ} to {until:%Y-%m-%dT%H:%MZ}: what may have been "
        f"exchanged meanwhile is valued by {origin}",
    )


@dataclass(frozen=True, slots=True)
class Held:
    """What a battery holds, and the last state it was seen in; None while unknown."""

    stored: StoredEnergy | None = None
    seen: BatteryState | None = None


def remembered(name: str, status: BatteryStatus) -> Held:
    """What an earlier run of the operator left in the status."""
    if status.stored_grams_per_kwh is None:
        return Held()
    share = status.stored_assumed_share
    if share is None:
        share = 1.0 if status.stored_assumed else 0.0
    stored = StoredEnergy(status.stored_grams_per_kwh, share, status.stored_assumption or "")
    if status.soc is None or status.observed_at is None:
        return Held(replace(stored, assumed_share=1.0, assumption="known from an earlier run, not since"))
    seen = BatteryState(
        name, status.soc, status.power_kw, status.solar_kw, status.load_kw, status.observed_at, "", ""
    )
    return Held(stored, seen)


def follow(
    held: Held,
    state: BatteryState,
    grid_now: float | None,
    grid_mean: Callable[[datetime, datetime], float | None],
    spec: BatterySpec,
) -> Held:
    """What is held once the battery is in `state`.

    `grid_now`: g/kWh of the grid, None while unknown; `grid_mean`: its mean between two times, likewise.
    """
    stored = held.stored or assume(spec, grid_now)
    if not state.fresh or state.observed_at is None:
        return Held(stored, held.seen)
    seen = held.seen
    if stored is None or seen is None or seen.observed_at is None or seen.observed_at >= state.observed_at:
        return Held(stored, state)
    gap = state.observed_at - seen.observed_at
    grid = grid_mean(seen.observed_at, state.observed_at)
    grid = grid_now if grid is None else grid
    unseen = gap > spec.telemetry.stale_after
    if unseen and grid is None:
        return Held(stored, seen)  # the zone is asked at the same time: wait for its answer
    stored = carry(stored, seen, state, grid, spec, gap)
    if unseen and grid is not None:
        stored = replaced(stored, seen, state, grid, spec)
    return Held(stored, state)


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
