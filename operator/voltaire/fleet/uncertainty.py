"""How wrong a forecast may be. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from voltaire.fleet.snapshot import ClusterView


def error_at(view: ClusterView, lead_hours: ArrayLike) -> NDArray[np.float64]:
    """Mean absolute error of the intensity forecast `lead_hours` ahead (any shape, and so the result), as a
    share of the value; 0 where nothing is tracked.

    A tracked error is one share for all leads, or one for each whole hour from 1 on: the last holds beyond,
    and below an hour it falls to 0, for what is observed now is known.
    """
    lead, errors = np.asarray(lead_hours, dtype=np.float64), view.forecast_error
    if errors is None or (isinstance(errors, Sequence) and not errors):
        return np.zeros(lead.shape)
    near = np.clip(lead, 0.0, 1.0)
    if not isinstance(errors, Sequence):
        return near * errors
    return near * np.interp(lead, np.arange(1, len(errors) + 1), errors)
