"""Reads Prometheus' text: sums of counters, and quantiles of histograms between two scrapes."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Scrape:
    """Every sample by name and labels."""

    samples: dict[Key, float]

    def minus(self, before: Scrape) -> Scrape:
        """What was added since `before`. Counters and histograms only: gauges mean nothing in it."""
        return Scrape({key: value - before.samples.get(key, 0.0) for key, value in self.samples.items()})

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """A counter's sums by some of its labels."""
        sums: dict[tuple[str, ...], float] = defaultdict(float)
        for (found, pairs), value in self.samples.items():
            if found == name:
                known = dict(pairs)
                sums[tuple(known.get(label, "") for label in labels)] += value
        return dict(sums)

    def sum(self, name: str) -> float:
        """A counter's sum."""
        return sum(self.by(name).values())

    def quantiles(self, name: str, at: Iterable[float]) -> dict[str, float | None]:
        """Quantiles of a histogram in seconds, linear within a bucket; None where nothing was observed, or
        where it lies above the last bucket."""
        pairs = (
            (math.inf if le == "+Inf" else float(le), count)
            for (le,), count in self.by(f"{name}_bucket", "le").items()
        )
        buckets = sorted(pairs)
        return {f"p{100 * q:g}": _quantile(buckets, q) for q in at}


def _quantile(buckets: list[tuple[float, float]], q: float) -> float | None:
    if not buckets or not buckets[-1][1]:
        return None
    wanted, low, below = q * buckets[-1][1], 0.0, 0.0
    for high, count in buckets:
        if count >= wanted:
            share = (wanted - below) / (count - below) if count > below else 1.0
            return None if math.isinf(high) else low + share * (high - low)
        low, below = high, count
    return None


def parse(text: str) -> Scrape:
    """Read one answer of a metrics endpoint."""
    return Scrape(
        {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
    )
