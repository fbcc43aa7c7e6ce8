"""Which forecast a simulated operator gets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from voltaire.twin.errors import ForecastError


@dataclass(frozen=True, slots=True)
class ForecastKind:
    """`perfect`: the truth for 36 hours. `dayahead`: the truth for 36 hours with an error of relative
    standard deviation `sigma`. `none`: the operator's own forecaster alone."""

    kind: Literal["perfect", "dayahead", "none"] = "perfect"
    sigma: float = 0.0

    def __str__(self) -> str:
        return f"dayahead:{self.sigma:g}" if self.kind == "dayahead" else self.kind


def parse_forecast(text: str) -> ForecastKind:
    """`perfect`, `none` or `dayahead:SIGMA`. Raises ForecastError."""
    kind, _, sigma = text.partition(":")
    if kind == "perfect" and not sigma:
        return ForecastKind("perfect")
    if kind == "none" and not sigma:
        return ForecastKind("none")
    try:
        value = float(sigma)
    except ValueError:
        value = math.nan
    if kind != "dayahead" or not 0 <= value <= 1:
        raise ForecastError(
            f"the forecast {text!r} is not known: write perfect, none or dayahead:0.08 (relative standard "
            "deviation, 0 to 1)"
        )
    return ForecastKind("dayahead", value)
