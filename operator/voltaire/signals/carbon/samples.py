"""What every source of carbon intensity answers with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from voltaire.api.gridzone import Basis, Plausible

# Above every grid ever published (peat and oil shale plants stay below 1500): a unit error.
ABSURD_GRAMS_PER_KWH = 5000.0
# Every kind of plant causes more than this over its life: kilograms, or tonnes for a megawatt-hour.
LEAST_LIFECYCLE_GRAMS_PER_KWH = 2.0
# How far back a source tells and the operator remembers, and how far ahead a trace is read.
PAST = timedelta(days=8)
AHEAD = timedelta(days=8)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """Carbon intensity in [start, end), aware UTC.

    `grams_per_kwh` is None where nothing is known; `refusal` then says what was wrong with the value that
    came, and is empty where none came. `estimated`: the provider itself calls the value an estimate.
    """

    start: datetime
    end: datetime
    grams_per_kwh: float | None
    estimated: bool = False
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a source: `past` has begun, `forecast` has not; both sorted, without overlaps.

    `notes`: what could not be had although the answer is usable, in sentences for people.
    """

    basis: Basis
    past: tuple[Sample, ...]
    forecast: tuple[Sample, ...] = ()
    notes: tuple[str, ...] = ()


class CarbonSource(Protocol):
    """One source of one zone's carbon intensity."""

    @property
    def name(self) -> str:
        """Kind and position: `csv[0]`."""

    async def fetch(self, now: datetime) -> Answer:
        """What is known at `now`. Raises SignalError."""


@runtime_checkable
class PastSource(Protocol):
    """A source that can tell of times before those that `fetch` tells of."""

    @property
    def longest(self) -> timedelta:
        """How much it is asked for at once: what the provider allows and an answer can hold."""

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """What occurred in [start, end), by one request. Raises SignalError."""


def absurdity(grams_per_kwh: float) -> str:
    """Why no grid can have this intensity; empty when one can. Zero is legal."""
    if grams_per_kwh < 0:
        return f"{grams_per_kwh:g} g/kWh is negative"
    if grams_per_kwh > ABSURD_GRAMS_PER_KWH:
        return f"{grams_per_kwh:g} g/kWh is absurd"
    return ""


def screened(sample: Sample, plausible: Plausible, boundary: str = "direct") -> Sample:
    """The sample, its value refused when it is outside of what is plausible for the zone."""
    value = sample.grams_per_kwh
    if value is None:
        return sample
    refusal = absurdity(value)
    if not refusal and boundary == "lifecycle" and 0.0 < value < LEAST_LIFECYCLE_GRAMS_PER_KWH:
        refusal = f"{value:g} g/kWh is less than any plant causes over its life: is the unit right?"
    if not refusal and not plausible.min_grams_per_kwh <= value <= plausible.max_grams_per_kwh:
        refusal = (
            f"{value:g} g/kWh is outside the plausible range "
            f"{plausible.min_grams_per_kwh:g} to {plausible.max_grams_per_kwh:g}"
        )
    return replace(sample, grams_per_kwh=None, refusal=refusal) if refusal else sample


def screen(answer: Answer, plausible: Plausible) -> Answer:
    """The answer with every implausible value refused."""
    return replace(
        answer,
        past=tuple(screened(sample, plausible, answer.basis.boundary) for sample in answer.past),
        forecast=tuple(screened(sample, plausible, answer.basis.boundary) for sample in answer.forecast),
    )
