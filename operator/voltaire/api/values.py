"""Values that cross from room to room: series of carbon intensity, states of batteries. Frozen, no behaviour
beyond reading themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from voltaire.api.gridzone import Basis


@dataclass(frozen=True, slots=True)
class Series:
    """Values on a uniform grid: `values[i]` holds in [start + i*step, start + (i+1)*step).

    `None` is a gap: nothing is known there. Times are aware.
    """

    start: datetime
    step: timedelta
    values: tuple[float | None, ...]

    def __post_init__(self) -> None:
        if self.step <= timedelta(0):
            raise ValueError(f"a series has a positive step, not {self.step}")

    @property
    def end(self) -> datetime:
        """The first moment past the series."""
        return self.start + self.step * len(self.values)

    def at(self, time: datetime) -> float | None:
        """The value that holds at `time`, None outside or in a gap."""
        index = (time - self.start) // self.step
        return self.values[index] if 0 <= index < len(self.values) else None

    def mean(self, start: datetime, end: datetime) -> float | None:
        """Time-weighted mean over [start, end); None when any part of it is unknown."""
        if end <= start:
            return self.at(start)
        total, time = 0.0, start
        while time < end:
            index = (time - self.start) // self.step
            value = self.values[index] if 0 <= index < len(self.values) else None
            if value is None:
                return None
            until = min(end, self.start + (index + 1) * self.step)
            total += value * (until - time).total_seconds()
            time = until
        return total / (end - start).total_seconds()

    def resample(self, start: datetime, step: timedelta, count: int) -> tuple[float | None, ...]:
        """Means over `count` steps of another grid."""
        return tuple(self.mean(start + i * step, start + (i + 1) * step) for i in range(count))


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How one source of a zone did when it was last asked.

    `reason`: why it is not healthy, in one CamelCase word. `refusals`: how many values were refused, by
    reason. `held_grams_per_kwh`: a jump that waits to be confirmed.
    """

    name: str
    healthy: bool
    last_success: datetime | None
    refused: int
    message: str
    reason: str = ""
    refusals: tuple[tuple[str, int], ...] = ()
    held_grams_per_kwh: float | None = None
    held_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeadError:
    """How wrong forecasts for `lead_hours` ahead have been: mean absolute errors as shares of the mean value,
    of what was `used`, of the `provider`'s and of our `own`; None where nothing was compared. `own_share`:
    how much of what is used is ours where the provider has a forecast, 0 to 1."""

    lead_hours: int
    used: float | None
    provider: float | None
    own: float | None
    own_share: float
    comparisons: int


@dataclass(frozen=True, slots=True)
class ZoneSignal:
    """What is known of a grid zone.

    `grams_per_kwh` and `observed_at` are None while nothing fresh and believable is known; `reason` then
    says why in one CamelCase word and `message` in a sentence. `estimated`: the provider calls the value an
    estimate. `history` is what occurred, `forecast` what is expected from the current step on.
    `forecast_error`: its mean absolute error as a share of the mean, by lead: the first for one hour, the
    last holds beyond; None while unknown.
    """

    zone: str
    basis: Basis
    grams_per_kwh: float | None
    observed_at: datetime | None
    source: str | None
    history: Series | None
    forecast: Series | None
    sources: tuple[SourceHealth, ...]
    reason: str
    message: str
    forecast_error: tuple[float, ...] | None = None
    forecast_errors: tuple[LeadError, ...] = ()
    estimated: bool = False

    @property
    def fresh(self) -> bool:
        """Whether a decision may rest on it."""
        return self.grams_per_kwh is not None


@dataclass(frozen=True, slots=True)
class BatteryState:
    """What a battery reported. Power in kW: positive discharges. `None` where it reports nothing.

    `soc` is None while nothing fresh and possible is known; `reason` and `message` then say why.
    """

    name: str
    soc: float | None
    power_kw: float | None
    solar_kw: float | None
    load_kw: float | None
    observed_at: datetime | None
    reason: str
    message: str
    solar_forecast: Series | None = None
    """kW expected of the solar beside it, where the site says so."""

    @property
    def fresh(self) -> bool:
        """Whether a decision may rest on it."""
        return self.soc is not None


@dataclass(frozen=True, slots=True)
class Setpoints:
    """What a battery's site is to hold to. `reserve`: lowest state of charge, 0..1. Limits in kW, zero or
    more. `power_kw`: positive discharges; None where the site's own controller dispatches."""

    reserve: float
    max_charge_kw: float
    max_discharge_kw: float
    power_kw: float | None = None


@dataclass(frozen=True, slots=True)
class ControlReport:
    """How the control of a battery's site stands.

    `active`: the site holds to `setpoints`, as far as it can be seen; None before the first word. `trouble`:
    it does not although it is meant to. `permanent`: and will not until somebody changes something.
    """

    active: bool | None
    reason: str
    message: str
    setpoints: Setpoints | None = None
    since: datetime | None = None
    trouble: bool = False
    permanent: bool = False

    @property
    def status(self) -> Literal["True", "False", "Unknown"]:
        """As a condition says it."""
        return "Unknown" if self.active is None else "True" if self.active else "False"
