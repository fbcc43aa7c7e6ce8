"""What a timeline really amounts to: exact seconds, emissions, overheads, without rounding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voltaire.planner.case import Case, Place
from voltaire.planner.rates import Rates
from voltaire.planner.sites import Fleet

Run = tuple[Place, float, float]
"""At work at a place from one time to another, in seconds from now; the last one ends when it is done."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """It runs at `place` in seconds [start, end) from now."""

    place: Place
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """A timeline, worked out. `grams` are real, moves included, what lies past the horizon estimated; None
    where an intensity is unknown. `moving_grams`: its part for lost work, restores and transfers. `finish`:
    seconds from now, None while it never ends. `unfinished`: seconds of work left past the horizon."""

    stretches: tuple[Stretch, ...] = ()
    grams: float | None = None
    moving_grams: float = 0.0
    finish: float | None = None
    unfinished: float = 0.0
    migrations: int = 0
    stops: int = 0

    @property
    def first(self) -> Stretch | None:
        """Where and when it runs next."""
        return self.stretches[0] if self.stretches else None

    @property
    def now(self) -> Place | None:
        """Where it runs from now on; None while it waits, if only for its earliest start within the slot."""
        first = self.first
        return first.place if first is not None and first.start <= 0 else None


@dataclass(slots=True)
class _Tally:
    left: float
    grams: float = 0.0
    moving: float = 0.0
    migrations: int = 0
    stops: int = 0


class Reckoner:
    """Works timelines out at what the sites' energy carries: `energy` by cluster, the grids' where it is not
    named."""

    def __init__(self, fleet: Fleet, energy: Mapping[str, Rates] | None = None) -> None:
        self.fleet = fleet
        self.grid = {name: site.rates for name, site in fleet.sites.items()}
        self.energy = self.grid | dict(energy or {})

    def work_out(self, case: Case, runs: Sequence[Run], after: float) -> Outcome:
        """Follow `runs` until the work is done. `after`: g per second of work for what is left then."""
        tally, stretches = _Tally(float("inf") if case.lasting else case.remaining), list[Stretch]()
        at, anchor = case.own, case.anchor
        for place, begin, end in runs:
            if at is not None and (place != at or stretches or begin > 0):
                lost = case.at_risk_seconds / place.rate
                tally.left += case.at_risk_seconds
                tally.moving += place.facility_kw * self.energy[place.cluster].hours(begin, begin + lost)
                tally.stops += 1
                at = None
            overhead = 0.0 if at == place else self._start(case, tally, place, begin, anchor)
            stretches.append(self._work(tally, place, begin, end, overhead))
            at, anchor = place, place.cluster
            if tally.left <= 0:
                break
        finish = None if case.lasting else self._finish(tally, stretches)
        known = all(self.fleet.sites[s.place.cluster].known for s in stretches)
        grams = tally.grams + (0.0 if case.lasting else tally.left * after)
        return Outcome(
            tuple(stretches), grams if known and stretches else None, tally.moving, finish, tally.left,
            tally.migrations, tally.stops,
        )  # fmt: skip

    def _finish(self, tally: _Tally, stretches: list[Stretch]) -> float | None:
        if not stretches:
            return None
        if tally.left <= 0:
            return stretches[-1].end
        return self.fleet.time.horizon + tally.left / stretches[-1].place.rate

    def _start(self, case: Case, tally: _Tally, place: Place, begin: float, anchor: str | None) -> float:
        """Count a start; the seconds before it works."""
        if anchor is None:
            return 0.0
        overhead = case.restore_seconds
        if place.cluster != anchor:
            overhead += case.transfer_seconds
            ends = [self.grid[name].between(begin, begin) for name in {place.cluster, anchor}]
            grams = case.transfer_kwh * sum(ends) / len(ends)
            tally.grams += grams
            tally.moving += grams
            tally.migrations += 1
        tally.moving += place.facility_kw * self.energy[place.cluster].hours(begin, begin + overhead)
        return overhead

    def _work(self, tally: _Tally, place: Place, begin: float, end: float, overhead: float) -> Stretch:
        """Work until `end` or until done, with `overhead` seconds before the first useful one."""
        done = begin + overhead + tally.left / place.rate
        if done <= end + 1e-3:
            tally.left, until = 0.0, done
        else:
            tally.left -= max(0.0, end - begin - overhead) * place.rate
            until = end
        tally.grams += place.facility_kw * self.energy[place.cluster].hours(begin, until)
        return Stretch(place, begin, until)


def stay(case: Case, fleet: Fleet, reckoner: Reckoner | None = None) -> Outcome:
    """What going on where it is until done amounts to. Raises ValueError for what is nowhere."""
    if case.own is None:
        raise ValueError(f"{case.workload.key} is nowhere")
    end = fleet.time.horizon if case.lasting else float("inf")
    return (reckoner or Reckoner(fleet)).work_out(case, [(case.own, 0.0, end)], 0.0)
