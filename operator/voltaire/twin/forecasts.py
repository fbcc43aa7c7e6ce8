"""What a simulated operator is told of the future of each zone's intensity.

Own forecaster, from the past up to now alone: yesterday's shape plus today's difference from it, fading,

    f(t) = y(t) + (level - y(now)) exp(-(t - now) / FADE_HOURS)        y: the latest known day at that time

`perfect` is the truth for KNOWN_HOURS, then the own forecaster. `dayahead:S` is the truth for KNOWN_HOURS
times 1 + S g(lead) z(t), then the own forecaster:

    z(t)     a Gaussian process of unit variance and correlation time ERROR_HOURS, fixed by seed and zone:
             as a moment comes nearer, the forecast for it improves instead of jumping
    g(lead)  1 - exp(-lead / GROWTH_HOURS): sure of the next hour, S from half a day on

The present slot is always known: it is what is being observed.
"""

from __future__ import annotations

import numpy as np

from voltaire.api.values import Series
from voltaire.twin.scenario import Scenario
from voltaire.twin.solar import noise
from voltaire.twin.trace import Floats

KNOWN_HOURS = 36.0
ERROR_HOURS = 12.0
GROWTH_HOURS = 4.0
FADE_HOURS = 12.0


def own_forecast(past: Floats, per_day: int, fade: float, count: int) -> Floats:
    """`count` values from the last one of `past` on, which is what is observed now. `fade` in slots."""
    now = len(past) - 1
    ahead = np.arange(count)
    index = now + ahead - np.maximum(1, -(-ahead // per_day)) * per_day
    if index.min() < 0:
        return np.full(count, past[now])
    shape = past[index]
    return np.asarray(np.maximum(0.0, shape + (past[now] - shape[0]) * np.exp(-ahead / fade)))


class Forecasts:
    """The forecasts of one run: the same for every policy of a scenario."""

    def __init__(self, scenario: Scenario) -> None:
        self._s = scenario
        self._per_day = max(1, round(24.0 / scenario.slot_h))
        self._fade = FADE_HOURS / scenario.slot_h
        known = KNOWN_HOURS / scenario.slot_h
        self._known = 0 if scenario.forecast.kind == "none" else int(known)
        self._noise = {
            zone: noise(scenario.seed, zone, len(values), ERROR_HOURS / scenario.slot_h)
            for zone, values in scenario.intensity.items()
        }
        self._sun_noise = {
            name: noise(scenario.seed, name, len(values), ERROR_HOURS / scenario.slot_h)
            for name, values in scenario.solar_kw.items()
        }
        lead = np.arange(self._known) * scenario.slot_h
        self._growth = scenario.forecast.sigma * (1.0 - np.exp(-lead / GROWTH_HOURS))
        self._absolute = dict.fromkeys(scenario.intensity, 0.0)
        self._occurred = dict.fromkeys(scenario.intensity, 0.0)
        self._said: dict[str, dict[int, Floats]] = {zone: {} for zone in scenario.intensity}

    def outlook(self, zone: str, k: int) -> Floats:
        """What is expected in slot k of the run and after it, (horizon,)."""
        s, truth = self._s, self._s.intensity[zone]
        at = s.past_slots + k
        values = own_forecast(truth[: at + 1], self._per_day, self._fade, s.horizon)
        known = min(self._known, s.horizon, len(truth) - at)
        if known > 0:
            error = self._growth[:known] * self._noise[zone][at : at + known]
            values[:known] = truth[at : at + known] * np.maximum(0.0, 1.0 + error)
        return values

    def past(self, zone: str, k: int) -> Series:
        """What occurred up to slot k, the present one included."""
        s = self._s
        begin = s.start - s.past_slots * s.slot
        return Series(begin, s.slot, tuple(s.intensity[zone][: s.past_slots + k + 1].tolist()))

    def error(self, zone: str, k: int, said: Floats) -> float | None:
        """Mean absolute error so far as a share of the mean; over leads of 1 to 24 hours; None before the
        first comparison. To be asked once a slot, with its outlook."""
        leads = min(self._per_day, self._s.horizon - 1)
        noted = self._said[zone]
        truth = float(self._s.intensity[zone][self._s.past_slots + k])
        for issued in list(noted):
            if issued + leads < k:
                del noted[issued]
                continue
            self._absolute[zone] += abs(float(noted[issued][k - issued]) - truth)
            self._occurred[zone] += truth
        noted[k] = said
        total = self._occurred[zone]
        return self._absolute[zone] / total if total > 0 else None

    def sun(self, battery: str, k: int) -> Floats | None:
        """Solar power expected from slot k on, kW (horizon,); None where nobody forecasts it. Its error is
        made like that of intensity."""
        s = self._s
        truth = s.solar_kw.get(battery)
        if truth is None or s.forecast.kind == "none":
            return None
        values = truth[k : k + s.horizon].copy()
        known = min(self._known, len(values))
        if s.forecast.sigma > 0:
            error = self._growth[:known] * self._sun_noise[battery][k : k + known]
            values[:known] *= np.maximum(0.0, 1.0 + error)
        return values
