"""What occurred, as far as it is known: the series that energy is billed with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import gcd

import numpy as np

from voltaire.api.values import Series
from voltaire.signals.carbon.samples import PAST, Sample


@dataclass(slots=True)
class History:
    """Samples of the last eight days, by the rank of their source (0 is asked first).

    For every moment the best-ranked source that has a value counts. A source may revise what it said; a gap
    or a refused value never replaces a value, and never becomes one.
    """

    _ranks: dict[int, dict[datetime, Sample]] = field(default_factory=dict)

    def merge(self, rank: int, samples: Iterable[Sample]) -> None:
        """Take in what a source says of the past."""
        kept = self._ranks.setdefault(rank, {})
        new = [sample for sample in samples if sample.grams_per_kwh is not None or sample.start not in kept]
        if not new:
            return
        if {s.end - s.start for s in kept.values()} - {s.end - s.start for s in new}:
            # The source changed its step: what the new samples cover is theirs.
            span = min(s.start for s in new), max(s.end for s in new)
            for start in [t for t, s in kept.items() if s.end > span[0] and t < span[1]]:
                del kept[start]
        kept.update((sample.start, sample) for sample in new)

    def known(self, rank: int) -> dict[datetime, Sample]:
        """The values of one source, by their start."""
        kept = self._ranks.get(rank, {})
        return {start: sample for start, sample in kept.items() if sample.grams_per_kwh is not None}

    def prune(self, now: datetime) -> None:
        """Forget what ended more than eight days ago."""
        for rank, kept in self._ranks.items():
            self._ranks[rank] = {t: s for t, s in kept.items() if s.end > now - PAST}

    def latest(self, now: datetime) -> tuple[int, Sample] | None:
        """The newest value that has begun, with the rank of its source; the better rank among equals."""
        known = [
            (sample.end, -rank, sample)
            for rank, kept in self._ranks.items()
            for sample in kept.values()
            if sample.grams_per_kwh is not None and sample.start <= now
        ]
        if not known:
            return None
        _, negative_rank, sample = max(known, key=lambda entry: entry[:2])
        return -negative_rank, sample

    def series(self, now: datetime) -> Series | None:
        """Everything that has begun, on the finest grid that all samples share; None where nothing is known
        at all. Gaps and refused values are None."""
        begun = {
            rank: [sample for sample in kept.values() if sample.start <= now]
            for rank, kept in self._ranks.items()
        }
        every = [sample for kept in begun.values() for sample in kept]
        if not any(sample.grams_per_kwh is not None for sample in every):
            return None
        starts = np.array([sample.start.timestamp() for sample in every], dtype=np.int64)
        ends = np.array([sample.end.timestamp() for sample in every], dtype=np.int64)
        # Grids of minutes and hours are anchored at 1970.
        step, first = gcd(int(np.gcd.reduce(starts)), int(np.gcd.reduce(ends))), int(starts.min())
        values: list[float | None] = [None] * ((int(ends.max()) - first) // step)
        spans = zip(((starts - first) // step).tolist(), ((ends - first) // step).tolist(), strict=True)
        places = dict(zip(map(id, every), spans, strict=True))
        for rank in sorted(begun, reverse=True):
            for sample in begun[rank]:
                if sample.grams_per_kwh is not None:
                    begin, end = places[id(sample)]
                    values[begin:end] = [sample.grams_per_kwh] * (end - begin)
        return Series(datetime.fromtimestamp(first, UTC), timedelta(seconds=step), tuple(values))
