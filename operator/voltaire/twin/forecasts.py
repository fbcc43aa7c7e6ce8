"""What a simulated operator is told of the future of each zone's intensity.

`none`: what the operator's own forecaster (`voltaire.forecast`) learned from the past up to now, and no more.
`perfect`: the truth for KNOWN_HOURS, then the own forecaster. `dayahead:S`: for KNOWN_HOURS the truth times
1 + S g(lead) z(t), then the own forecaster, with

    z(t)     a Gaussian process of unit variance and correlation time ERROR_HOURS, fixed by seed and zone:
             as a moment comes nearer, the forecast for it improves instead of jumping
    g(lead)  1 - exp(-lead / GROWTH_HOURS): sure of the next hour, all of S from half a day on

The present slot is always known: it is what is being observed.
"""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np

from voltaire.api.values import Series
from voltaire.fleet.snapshot import ClusterView
from voltaire.forecast import Forecaster
from voltaire.twin.scenario import Scenario
from voltaire.twin.solar import noise
from voltaire.twin.trace import Floats

KNOWN_HOURS = 36.0
ERROR_HOURS = 12.0
GROWTH_HOURS = 4.0
ERROR_LEADS = 48
_MEAN_OF_NORMAL = sqrt(2.0 / pi)  # mean absolute value of a normal variable, over its standard deviation

Errors = tuple[float, ...] | None


class Forecasts:
    """The forecasts of one scenario. Made once and shared by its policies, which all hear the same: each slot
    is learned once, in order. `views`: what `Views` made of them, by slot."""

    def __init__(self, scenario: Scenario) -> None:
        self._s = scenario
        known = 0.0 if scenario.forecast.kind == "none" else KNOWN_HOURS
        self._known = int(known / scenario.slot_h)
        self._growth = np.array([self._sigma(k * scenario.slot_h) for k in range(self._known)])
        series = {**scenario.intensity, **scenario.solar_kw}
        correlation = ERROR_HOURS / scenario.slot_h
        self._noise = {n: noise(scenario.seed, n, len(v), correlation) for n, v in series.items()}
        self._own = {zone: Forecaster() for zone in scenario.intensity}
        self._said: dict[str, list[tuple[Floats, Errors]]] = {zone: [] for zone in scenario.intensity}
        self.views: dict[int, dict[str, ClusterView]] = {}

    def outlook(self, zone: str, k: int) -> tuple[Floats, Errors]:
        """What is expected in slot k of the run and after it, (horizon,), and its mean absolute error as a
        share of the mean, by lead in hours; None where nothing was compared yet."""
        said = self._said[zone]
        while len(said) <= k:
            said.append(self._predict(zone, len(said)))
        return said[k]

    def past(self, zone: str, k: int) -> Series:
        """What occurred up to slot k, the present one included."""
        s = self._s
        begin = s.start - s.past_slots * s.slot
        return Series(begin, s.slot, tuple(s.intensity[zone][: s.past_slots + k + 1].tolist()))

    def sun(self, battery: str, k: int) -> Floats | None:
        """Solar power expected from slot k on, kW (horizon,); None where nobody forecasts it. Its error is
        made like that of intensity."""
        s = self._s
        truth = s.solar_kw.get(battery)
        if truth is None or s.forecast.kind == "none":
            return None
        values = truth[k : k + s.horizon].copy()
        self._disturb(values, battery, k)
        return values

    def _predict(self, zone: str, k: int) -> tuple[Floats, Errors]:
        """Slots come in order: the forecaster learns the new one, and predicts."""
        s, truth, own = self._s, self._s.intensity[zone], self._own[zone]
        at, now = s.past_slots + k, s.start + k * s.slot
        own.learn(self.past(zone, 0) if k == 0 else Series(now, s.slot, (float(truth[at]),)))
        values = own.predict(now, s.slot, s.horizon)
        known = min(self._known, s.horizon, len(truth) - at)
        if known > 0:
            values[:known] = truth[at : at + known]
            self._disturb(values[:known], zone, at)
        return values, self._errors(own)

    def _disturb(self, values: Floats, name: str, at: int) -> None:
        """Make the error of a day-ahead forecast, in place. The first value is observed."""
        known = min(self._known, len(values))
        if self._s.forecast.sigma > 0 and known > 0:
            error = self._growth[:known] * self._noise[name][at : at + known]
            values[:known] *= np.maximum(0.0, 1.0 + error)

    def _errors(self, own: Forecaster) -> Errors:
        """A provider's error is the one it is made with, which an operator would find out in some weeks."""
        learned = own.errors()
        errors: list[float] = []
        for lead in range(1, ERROR_LEADS + 1):
            share = learned[min(lead, len(learned)) - 1]
            if lead * 1.0 <= self._known * self._s.slot_h:
                share = _MEAN_OF_NORMAL * self._sigma(float(lead))
            if share is None:
                break
            errors.append(share)
        return tuple(errors) or None

    def _sigma(self, lead: float) -> float:
        """Relative standard deviation of a forecast `lead` hours ahead."""
        return self._s.forecast.sigma * (1.0 - exp(-lead / GROWTH_HOURS))
