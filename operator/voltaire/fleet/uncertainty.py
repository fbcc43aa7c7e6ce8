"""How wrong a forecast may be. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from voltaire.fleet.snapshot import ClusterView


def error_at(view: ClusterView, lead_hours: float) -> float:
    """Mean absolute error of the intensity forecast `lead_hours` ahead, as a share of the value; 0 where
    nothing is tracked.

    A tracked error is one share for all leads, or one for each whole hour from 1 on: the last holds beyond,
    and below an hour it falls to 0, for what is observed now is known.
    """
    errors = view.forecast_error
    if errors is None or (isinstance(errors, Sequence) and not errors):
        return 0.0
    near = min(1.0, max(0.0, lead_hours))
    if not isinstance(errors, Sequence):
        return errors * near
    after = max(0.0, lead_hours - 1.0)
    low = min(int(after), len(errors) - 1)
    high = min(low + 1, len(errors) - 1)
    return near * (errors[low] + (errors[high] - errors[low]) * min(1.0, after - int(after)))
