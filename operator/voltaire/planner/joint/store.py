"""A site with sun and one battery at most, run exactly by machine code.

What is held is worth a concave, piecewise linear amount at the end, and so before each slot: all that is
worth doing from then on is the sum of two such functions' best, one of what is held afterwards, one of the
slot's change. Its pieces are the pieces of both, sorted by slope, cut to what the battery can hold. Backwards
that gives the worth of a kWh more at any charge; forwards the battery takes while a kWh costs less than it is
worth, and gives while it saves more. It never does both in a slot: that loses energy at a cost, and a kWh is
never worth less than nothing.
"""

from __future__ import annotations

import numpy as np

from voltaire.planner.joint.arrays import Floats, Ints
from voltaire.planner.joint.compiled import kernel
from voltaire.planner.joint.ladder import GRID, SUN, UNSOLD, Limits, changes, ladder, supplied
from voltaire.planner.joint.marginal import marginal
from voltaire.planner.joint.problem import Cluster
from voltaire.planner.joint.sites import SOONER, Dispatch


class Store:
    """A cluster with sun or a battery or both. Threads may share it."""

    def __init__(self, cluster: Cluster, rate: Floats, slot_hours: float) -> None:
        self.rate, self.none = np.ascontiguousarray(rate), np.zeros(len(rate))
        sun = cluster.solar_kw or (0.0,) * len(rate)
        self.sun = np.array(sun, dtype=np.float64) * slot_hours
        self.solar_grams, self.batteries = float(cluster.solar_grams_per_kwh), len(cluster.batteries)
        self.limits = limits_of(cluster, slot_hours)

    def serve(self, load: Floats) -> Dispatch:
        """The cheapest way to serve `load` (slots,), kWh, host included."""
        b, n = self.limits, self.batteries
        load = np.ascontiguousarray(load)
        grams, amount, change, held, price = run(
            self.rate, self.sun, self.solar_grams, self.none, self.none, load, b, True
        )
        into = np.maximum(0.0, change)[None, :][:n] / b.kept
        out = np.maximum(0.0, -change)[None, :][:n] * b.given
        return Dispatch(grams, price, amount[GRID], amount[SUN], into, out, held[None, :][:n])

    def least(self, price: Floats, host: float, most: Floats) -> tuple[float, Floats]:
        """The least of cost minus `price` times what is sold beyond `host`, over all sales up to `most`
        (kWh), and what is then sold (slots,)."""
        price, most = np.ascontiguousarray(price), np.ascontiguousarray(most)
        grams, amount, *_ = run(
            self.rate, self.sun, self.solar_grams, price, most, host + most, self.limits, False
        )
        sold = np.maximum(0.0, most - amount[UNSOLD])
        return grams - float(price @ sold), sold


def limits_of(cluster: Cluster, hours: float) -> Limits:
    """Its battery; one that holds nothing where there is none."""
    if not cluster.batteries:
        return Limits(0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0)
    b = cluster.batteries[0]
    top = max(b.capacity_kwh, b.energy_kwh)
    return Limits(
        float(min(b.reserve_kwh, b.energy_kwh)), float(top), float(b.energy_kwh), b.max_charge_kw * hours,
        b.max_discharge_kw * hours, float(b.charge_efficiency), float(b.discharge_efficiency),
        float(b.wear_grams_per_kwh), float(b.stored_grams_per_kwh),
    )  # fmt: skip


@kernel
def run(rate: Floats, sun: Floats, solar_grams: float, price: Floats, most: Floats, base: Floats, b: Limits,
        priced: bool) -> tuple[float, Floats, Floats, Floats, Floats]:  # fmt: skip
    """g, kWh by source and slot, kWh added to what is held, kWh held at each slot's end, and, if it shall be
    priced, g per kWh more of need. `base` (K,): kWh needed with `most` sold and a battery at rest."""
    slots = rate.shape[0]
    cost, upto, kind = ladder(rate, sun, solar_grams, price, most)
    slope, length = changes(cost, upto, base, b)
    change, held = _path(slope, length, b)
    amount, need = np.zeros((4, slots)), np.empty(slots)
    grams = b.stored * (b.begin - min(held[-1], b.begin))
    for t in range(slots):
        flow = change[t] / b.kept if change[t] > 0.0 else change[t] * b.given
        need[t] = base[t] + flow
        supplied(upto, kind, need[t], t, amount)
        worn = max(0.0, -flow) * (b.wear + SOONER * (1.0 + t / slots))
        grams += amount[GRID, t] * rate[t] + amount[SUN, t] * solar_grams + worn
    found = marginal(cost, upto, need, slope, length, change, held, b) if priced else need
    return grams, amount, change, held, found


@kernel
def _path(slope: Floats, length: Floats, b: Limits) -> tuple[Floats, Floats]:
    """What is added to the charge in each slot, and what is held at its end, kWh."""
    slots = slope.shape[0]
    change, held = np.zeros(slots), np.full(slots, b.begin)
    if b.top <= b.floor:
        return change, held
    at, value, size = _worths(slope, length, b)
    now = b.begin
    for t in range(slots):
        after = slots - 1 - t
        change[t] = _step(slope[t], length[t], value[at[after] : at[after + 1]],
                          size[at[after] : at[after + 1]], now - b.floor)  # fmt: skip
        now = min(b.top, max(b.floor, now + change[t]))
        # At a bound but for rounding is at the bound.
        near = 1e-13 * b.top
        now = b.top if now > b.top - near else b.floor if now < b.floor + near else now
        held[t] = now
    return change, held


@kernel
def _worths(slope: Floats, length: Floats, b: Limits) -> tuple[Ints, Floats, Floats]:
    """The worth of a kWh more after each slot, the last first: pieces at[i] to at[i + 1] are those after
    the slot i before the last, `value` g per kWh falling over the next `size` kWh above the floor."""
    slots = slope.shape[0]
    at = np.zeros(slots + 1, dtype=np.int64)
    value, size = np.empty(64 + 16 * slots), np.empty(64 + 16 * slots)
    used = 0
    for worth_of, kwh in ((b.stored, b.begin - b.floor), (0.0, b.top - b.begin)):
        if kwh > 0.0:
            value[used], size[used] = worth_of, kwh
            used += 1
    at[1] = used
    for i in range(1, slots):
        enough = used + (used - at[i - 1]) + 8
        if enough > value.shape[0]:
            value, size = _longer(value, enough), _longer(size, enough)
        used = _before(slope[slots - i], length[slots - i], value, size, at[i - 1], used, b.top - b.floor)
        at[i + 1] = used
    return at, value, size


@kernel
def _longer(array: Floats, enough: int) -> Floats:
    longer = np.empty(2 * enough)
    longer[: array.shape[0]] = array
    return longer


@kernel
def _before(slope: Floats, length: Floats, value: Floats, size: Floats, first: int, end: int, span: float,
            ) -> int:  # fmt: skip
    """Write the worth before a slot behind that after it (pieces `first` to `end`); where it ends."""
    skip = length[0] + length[1] + length[2] + length[3]
    i, j, out, left = first, 0, end, span
    while left > 0.0 and (i < end or j < 8):
        if j < 8 and length[j] <= 0.0:
            # Its slope says nothing, and may be out of order.
            j += 1
            continue
        if j == 8 or (i < end and value[i] >= slope[j]):
            each, amount = value[i], size[i]
            i += 1
        else:
            each, amount = slope[j], length[j]
            j += 1
        cut = min(skip, amount)
        skip -= cut
        amount = min(amount - cut, left)
        left -= amount
        if amount <= 0.0:
            continue
        if out > end and value[out - 1] == each:
            size[out - 1] += amount
        else:
            value[out], size[out] = each, amount
            out += 1
    return out


@kernel
def _step(slope: Floats, length: Floats, value: Floats, size: Floats, above: float) -> float:
    """What to add in a slot that begins `above` the floor, when what is held afterwards is worth `value`."""
    at, passed = 0, 0.0
    while at < value.shape[0] - 1 and passed + size[at] <= above:
        passed += size[at]
        at += 1
    change, here = 0.0, at
    rest = passed + size[at] - above
    for i in range(3, -1, -1):
        room = length[i]
        while room > 0.0 and here < value.shape[0] and value[here] > slope[i]:
            more = min(room, max(0.0, rest))
            change, room, rest = change + more, room - more, rest - more
            if rest <= 0.0:
                here += 1
                rest = size[here] if here < value.shape[0] else 0.0
    if change > 0.0:
        return change
    here, rest = at, above - passed
    for i in range(4, 8):
        room = length[i]
        while room > 0.0 and here >= 0:
            if rest <= 0.0:
                here -= 1
                rest = size[here] if here >= 0 else 0.0
                continue
            if value[here] >= slope[i]:
                break
            more = min(room, rest)
            change, room, rest = change - more, room - more, rest - more
    return change
