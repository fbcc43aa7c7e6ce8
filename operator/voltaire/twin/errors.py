"""What can be wrong with what the twin is given. Every message names the place and the remedy."""

from __future__ import annotations


class TwinError(ValueError):
    """The twin cannot play this."""


class FleetError(TwinError):
    """The fleet files hold something that cannot be simulated."""


class EmptyFleet(FleetError):
    """There is no cluster to run anything on."""


class UnknownName(TwinError):
    """Something is named that is not there: a zone, a GridZone, a Battery, a home, a policy."""


class Duplicate(TwinError):
    """Two things of one name."""


class JobsError(TwinError):
    """A job that cannot be read."""


class TraceError(TwinError):
    """A trace that cannot be read."""


class TraceGap(TraceError):
    """A value is missing, not a number, or not believable."""


class UnevenTrace(TraceError):
    """Rows out of order or not evenly spaced, or a step that does not fit the planning slot."""


class TraceTooShort(TraceError):
    """The trace does not cover the run."""


class PriceError(TraceError):
    """A file that holds no prices, or does not say whose."""


class MixedCurrencies(PriceError):
    """Prices that do not add up."""


class ForecastError(TwinError):
    """An unknown kind of forecast."""
