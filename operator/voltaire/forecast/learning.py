"""What a signal's own past teaches: its own weights, and how far each expert is to be trusted at each lead.

The signal's own weights are a ridge regression that begins at the general ones and moves away from them as
evidence comes in. The forecast is then a mean of all experts, weighted by a high power of their recent
accuracy (Timmermann, Forecast Combinations, 2006: inverse-loss weights): close to the best of them, and never
much worse, in whatever grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from voltaire.forecast import experts
from voltaire.forecast.experts import LEADS
from voltaire.forecast.features import COUNT
from voltaire.forecast.grid import Floats

# All chosen on the zones and months that gave the general weights.
MEMORY = 0.9995
"""What an hour's evidence is worth an hour later, in the regression: half after eight weeks."""
RECENT = 0.997
"""The same for errors: half after ten days."""
RIDGE_HOURS = 200.0
"""The general weights count as much as so many hours of evidence."""
POWER = 16.0
ENOUGH = 24.0
"""Comparisons at a lead before errors decide whom to trust."""
NOTHING = 1e-9
"""Sums of values up to this are too small to take shares of."""

_FIXED = (experts.persistence(), experts.seven_day_blend(), experts.yesterday(), experts.general())
_GENERAL = 3
_OWN = 4


@dataclass(slots=True)
class Learning:
    """`weights`: (LEADS, COUNT), the forecast's own; the rest is what they follow from."""

    weights: Floats = field(default_factory=experts.general)
    _experts: Floats = field(default_factory=lambda: np.stack((*_FIXED, experts.general())))
    _gram: Floats = field(default_factory=lambda: np.zeros((LEADS, COUNT, COUNT)))
    _moment: Floats = field(default_factory=lambda: np.zeros((LEADS, COUNT)))
    _evidence: Floats = field(default_factory=lambda: np.zeros(LEADS))
    _errors: Floats = field(default_factory=lambda: np.zeros((len(_FIXED) + 1, LEADS)))
    _error: Floats = field(default_factory=lambda: np.zeros(LEADS))
    _actual: Floats = field(default_factory=lambda: np.zeros(LEADS))
    _compared: Floats = field(default_factory=lambda: np.zeros(LEADS))

    def take(self, seen: Floats, change: Floats, actual: Floats, known: np.ndarray, hours: int) -> None:
        """Learn from hours that are over.

        `seen` (n, LEADS, COUNT): features when each was forecast; `change` (n, LEADS): actual less the level
        then; `actual` (n,); `known` (n, LEADS): which of these are known. `hours`: time since the last call.
        """
        seen, change = np.where(known[..., None], seen, 0.0), np.where(known, change, 0.0)
        self._judge(seen, change, np.where(known, np.abs(actual)[:, None], 0.0), known, hours)
        self._gram *= MEMORY**hours
        self._moment *= MEMORY**hours
        by_lead = seen.transpose(1, 2, 0)
        self._gram += by_lead @ seen.transpose(1, 0, 2)
        rest = change - np.einsum("tlf,lf->tl", seen, _FIXED[_GENERAL])
        self._moment += (by_lead @ rest.T[:, :, None])[..., 0]
        self._evidence = self._evidence * MEMORY**hours + known.sum(axis=0)
        self._fit()
        self.weights = np.einsum("kl,klf->lf", self._trust(), self._experts)

    def shares(self) -> Floats:
        """Mean absolute error over mean value by lead hour; NaN where nothing was compared or next to nothing
        was."""
        some = self._actual > NOTHING
        found: Floats = np.full(self._actual.shape, np.nan)
        np.divide(self._error, self._actual, out=found, where=some)
        return found

    def _judge(self, seen: Floats, change: Floats, actual: Floats, known: np.ndarray, hours: int) -> None:
        """Errors of what was expected before these hours taught anything."""
        keep = RECENT**hours
        off = np.abs(np.einsum("tlf,klf->ktl", seen, self._experts) - change[None])
        self._errors = self._errors * keep + off.sum(axis=1)
        self._error = self._error * keep + np.abs(np.einsum("tlf,lf->tl", seen, self.weights) - change).sum(
            axis=0
        )
        self._actual = self._actual * keep + actual.sum(axis=0)
        self._compared = self._compared * keep + known.sum(axis=0)

    def _fit(self) -> None:
        """The signal's own weights out of all evidence."""
        scale = np.einsum("lff->lf", self._gram) / np.maximum(self._evidence, 1.0)[:, None]
        ridge = np.zeros_like(self._gram)
        ridge[:, np.arange(COUNT), np.arange(COUNT)] = RIDGE_HOURS * scale + 1e-9
        away = np.linalg.solve(self._gram + ridge, self._moment[..., None])[..., 0]
        self._experts[_OWN] = _FIXED[_GENERAL] + away

    def _trust(self) -> Floats:
        """Shares of the experts (experts, LEADS), each column adding up to 1."""
        mean = self._errors / np.maximum(self._compared, 1.0)
        best = mean.min(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            trust = np.where(mean > best, (best / mean) ** POWER, 1.0)
        early = np.zeros((len(trust), 1))
        early[_OWN] = 1.0
        trust = np.where(self._compared >= ENOUGH, trust, early)
        shares: Floats = trust / trust.sum(axis=0)
        return shares
