"""What a simple rule would have emitted: everything in the greenest region from its arrival on, and stay.

Energy as the operator models it, power x PUE; the grid's intensity that occurred; no battery, no sun, and no
limit of capacity: a rule that could not always be kept, and is hard to beat where one grid is always
greenest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.values import Series
from voltaire.demo.facts import ClusterFacts, WorkloadFacts


@dataclass(frozen=True, slots=True)
class Greenest:
    """The rule's region, and what each workload would have emitted, g (None where it cannot be said)."""

    cluster: str | None
    grams: Mapping[str, float | None]

    @property
    def total(self) -> float | None:
        """All workloads together; None while one is unknown."""
        known = [value for value in self.grams.values() if value is not None]
        return sum(known) if len(known) == len(self.grams) else None


def greenest_and_stay(
    workloads: Iterable[WorkloadFacts],
    clusters: Mapping[str, ClusterFacts],
    intensity: Mapping[str, Series],
    start: datetime,
    end: datetime,
) -> Greenest:
    """The rule over [start, end). A workload whose data may not lie there takes the greenest that it may."""
    ranked = rank(clusters, intensity, start, end)
    grams = {facts.uid: _grams(facts, ranked, intensity, end) for facts in workloads}
    return Greenest(ranked[0].name if ranked else None, grams)


def rank(
    clusters: Mapping[str, ClusterFacts], intensity: Mapping[str, Series], start: datetime, end: datetime
) -> list[ClusterFacts]:
    """Clusters by their mean grid intensity x PUE over [start, end), lowest first; unknown ones left out."""
    means = {name: intensity[c.zone].mean(start, end) for name, c in clusters.items() if c.zone in intensity}
    known = {name: mean * clusters[name].pue for name, mean in means.items() if mean is not None}
    return [clusters[name] for name in sorted(known, key=lambda name: known[name])]


def _grams(
    facts: WorkloadFacts, ranked: list[ClusterFacts], intensity: Mapping[str, Series], end: datetime
) -> float | None:
    allowed = (c for c in ranked if not facts.residency or set(facts.residency) & set(c.jurisdictions))
    cluster = next(allowed, None)
    if cluster is None or facts.power_kw is None or facts.arrival is None:
        return None
    begin = max(facts.arrival, facts.earliest_start or facts.arrival)
    if facts.finite:
        if facts.duration is None:
            return None
        finish = begin + facts.duration
    else:
        finish = max(begin, end)
    mean = intensity[cluster.zone].mean(begin, finish)
    hours = (finish - begin) / timedelta(hours=1)
    return None if mean is None else facts.power_kw * cluster.pue * hours * mean
