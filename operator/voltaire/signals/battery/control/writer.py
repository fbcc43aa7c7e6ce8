"""What every writer to a site offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from voltaire.api.values import Setpoints


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a write went. `differences`: what the site then said otherwise; `notes`: what it does not offer, or
    does not confirm; `confirmed`: all that was written was read back."""

    differences: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    confirmed: bool = True


class SiteWriter(Protocol):
    """Writes to a site. A write is whole and may be repeated: it says what is to hold, not what changes."""

    async def write(self, setpoints: Setpoints) -> Outcome:
        """Write and read back. Raises SignalError when the site cannot be spoken to."""

    async def release(self) -> Outcome:
        """Leave the site to its own settings, as far as that is not its timer's task. Raises SignalError."""


def percent(fraction: float) -> float:
    """A fraction as a percentage, without the noise of floating point."""
    return round(fraction * 100, 6)


def watts(kw: float) -> float:
    """kW as W, without the noise of floating point."""
    return round(kw * 1000, 3)
