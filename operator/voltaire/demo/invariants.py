"""What must hold whatever happens, checked against what was observed. Pure.

Order is judged by the revisions of the members' shared store, so no tolerance hides an overlap; only the
comparison with the operator's own times has one (`Evidence.tolerance`), because Kubernetes writes whole
seconds and a second is ten minutes of a day that is played in two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from voltaire.api.aiworkload import AIWorkloadStatus, Receipt
from voltaire.demo.facts import ClusterFacts, WorkloadFacts
from voltaire.demo.observations import PodLife, Stay, stays

SUCCEEDED = "Succeeded"
_ENERGY_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold."""

    name: str
    workload: str
    time: datetime
    detail: str


@dataclass(frozen=True)
class Evidence:
    """All that the checks may look at. `statuses` by uid, as they were at `end`.

    `left_behind`: pods that still existed once every AIWorkload had been deleted; None if that was not tried.
    """

    clusters: Mapping[str, ClusterFacts]
    workloads: Mapping[str, WorkloadFacts]
    statuses: Mapping[str, AIWorkloadStatus]
    lives: Sequence[PodLife]
    end: datetime
    tolerance: timedelta
    left_behind: Sequence[str] | None = None
    stays: Sequence[Stay] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stays", stays(self.lives))

    def stays_of(self, uid: str) -> list[Stay]:
        """A workload's stays, in their order."""
        return [stay for stay in self.stays if stay.workload_uid == uid]

    def name(self, uid: str) -> str:
        """How people call a workload."""
        facts = self.workloads.get(uid)
        return f"{facts.namespace}/{facts.name}" if facts else uid


Found = Iterable[Violation]


def at_most_one_copy(evidence: Evidence) -> Found:
    """Two places or two epochs of a workload that is not a server never have pods at the same time."""
    for facts in _finite(evidence):
        found = evidence.stays_of(facts.uid)
        for index, stay in enumerate(found):
            for later in found[index + 1 :]:
                if stay.end is None or later.start.revision < stay.end.revision:
                    yield Violation(
                        "AtMostOneCopy",
                        evidence.name(facts.uid),
                        later.start.time,
                        f"pods in {later.cluster} (epoch {later.epoch}) while those in {stay.cluster} "
                        f"(epoch {stay.epoch}) still existed",
                    )


def gang_not_exceeded(evidence: Evidence) -> Found:
    """The pods of a workload that is not a server never hold more accelerators than its gang has."""
    for facts in _finite(evidence):
        held = 0
        for life, moment, begins in _edges(x for x in evidence.lives if x.workload_uid == facts.uid):
            held += life.accelerators if begins else -life.accelerators
            if begins and held > facts.accelerators:
                yield Violation(
                    "GangNotExceeded",
                    evidence.name(facts.uid),
                    moment,
                    f"pods for {held} accelerators exist, the gang has {facts.accelerators}",
                )


def residency(evidence: Evidence) -> Found:
    """Pods only where the data may lie."""
    for stay in evidence.stays:
        facts = evidence.workloads.get(stay.workload_uid)
        cluster = evidence.clusters.get(stay.cluster)
        if facts is None or cluster is None or not facts.residency:
            continue
        if not set(facts.residency) & set(cluster.jurisdictions):
            yield Violation(
                "Residency",
                evidence.name(facts.uid),
                stay.start.time,
                f"pods in {stay.cluster} ({', '.join(cluster.jurisdictions)}), data may lie in "
                f"{', '.join(facts.residency)}",
            )


def capacity(evidence: Evidence) -> Found:
    """At no instant do the pods on a member's nodes hold more accelerators than it offers."""
    for cluster in evidence.clusters.values():
        held = 0
        bound = [life for life in evidence.lives if life.cluster == cluster.name and life.bound is not None]
        for life, moment, begins in _edges(bound, from_bound=True):
            held += life.accelerators if begins else -life.accelerators
            if begins and held > cluster.accelerators:
                yield Violation(
                    "Capacity",
                    evidence.name(life.workload_uid),
                    moment,
                    f"{held} accelerators in use in {cluster.name}, which has {cluster.accelerators}",
                )


def epochs_grow(evidence: Evidence) -> Found:
    """A later stay never has a lower epoch, and another place always has a higher one."""
    for uid in evidence.workloads:
        for before, after in pairwise(evidence.stays_of(uid)):
            moved = before.cluster != after.cluster
            if after.epoch < before.epoch or (moved and after.epoch == before.epoch):
                yield Violation(
                    "EpochsGrow",
                    evidence.name(uid),
                    after.start.time,
                    f"epoch {after.epoch} in {after.cluster} after epoch {before.epoch} in {before.cluster}",
                )


def not_before_earliest_start(evidence: Evidence) -> Found:
    """No pod before the workload was allowed to start."""
    for stay in evidence.stays:
        facts = evidence.workloads.get(stay.workload_uid)
        if facts and facts.earliest_start and stay.start.time < facts.earliest_start:
            yield Violation(
                "NotBeforeEarliestStart",
                evidence.name(facts.uid),
                stay.start.time,
                f"pods in {stay.cluster} before {facts.earliest_start:%Y-%m-%dT%H:%MZ}",
            )


def disruption_respected(evidence: Evidence) -> Found:
    """Never: one stay, to its end. Suspend: one place. For servers the place is what counts."""
    for facts in evidence.workloads.values():
        found = evidence.stays_of(facts.uid)
        places = {stay.cluster for stay in found}
        again = len(found) > 1 and facts.finite
        if facts.disruption != "Migrate" and len(places) > 1:
            detail = f"mode {facts.disruption}, and it ran in {', '.join(sorted(places))}"
        elif facts.disruption == "Never" and again:
            detail = f"mode Never, and it was stopped and started {len(found) - 1} times"
        else:
            continue
        yield Violation("DisruptionRespected", evidence.name(facts.uid), found[1].start.time, detail)


def required_deadlines(evidence: Evidence) -> Found:
    """A required deadline that was feasible is met: the operator says so, and the pods agree."""
    for facts in evidence.workloads.values():
        if facts.deadline is None or not facts.deadline_required or not facts.deadline_feasible:
            continue
        status = evidence.statuses.get(facts.uid)
        ends = [stay.end.time for stay in evidence.stays_of(facts.uid) if stay.end is not None]
        if status is None or status.phase != SUCCEEDED or not ends:
            if evidence.end > facts.deadline:
                yield _late(evidence, facts, "it has not finished")
        elif status.deadline_met is not True:
            yield _late(evidence, facts, "the operator says it was missed")
        elif max(ends) > facts.deadline + evidence.tolerance:
            yield _late(evidence, facts, f"its last pod ended at {max(ends):%Y-%m-%dT%H:%MZ}")


def placements_agree(evidence: Evidence) -> Found:
    """The operator's receipts and the observed stays tell the same story, within the tolerance."""
    for facts in evidence.workloads.values():
        status = evidence.statuses.get(facts.uid)
        told = _told(status.receipts if status else ())
        seen = _seen(evidence.stays_of(facts.uid))
        for key in sorted(told.keys() | seen.keys(), key=lambda item: item[1]):
            detail = _difference(told.get(key), seen.get(key), evidence)
            if detail:
                when = (told.get(key) or seen[key])[0]
                text = f"{key[0]}, epoch {key[1]}: {detail}"
                yield Violation("PlacementsAgree", evidence.name(facts.uid), when, text)


def energy_accounted(evidence: Evidence) -> Found:
    """A closed receipt bills the power of its workload x PUE x its hours, and the transfer to it."""
    for facts in evidence.workloads.values():
        status = evidence.statuses.get(facts.uid)
        for receipt in status.receipts if status else ():
            cluster = evidence.clusters.get(receipt.cluster)
            if receipt.end is None or cluster is None or facts.power_kw is None:
                continue
            hours = (receipt.end - receipt.start) / timedelta(hours=1)
            expected = facts.power_kw * cluster.pue * hours + receipt.transfer_kwh
            if abs(receipt.energy_kwh - expected) > _ENERGY_TOLERANCE * expected:
                yield Violation(
                    "EnergyAccounted",
                    evidence.name(facts.uid),
                    receipt.end,
                    f"{receipt.cluster}, epoch {receipt.epoch}: {receipt.energy_kwh:.2f} kWh billed for "
                    f"{hours:.2f} h, {expected:.2f} kWh expected",
                )


def no_orphans(evidence: Evidence) -> Found:
    """Every pod belongs to an AIWorkload, none outlives its workload's end, and deletion leaves nothing."""
    for stay in evidence.stays:
        status = evidence.statuses.get(stay.workload_uid)
        if stay.workload_uid not in evidence.workloads:
            detail = f"pods in {stay.cluster} of an AIWorkload that does not exist"
        elif stay.end is None and status is not None and status.phase in (SUCCEEDED, "Failed", "Paused"):
            detail = f"pods in {stay.cluster} although the workload is {status.phase}"
        else:
            continue
        yield Violation("NoOrphans", evidence.name(stay.workload_uid), stay.start.time, detail)
    for pod in evidence.left_behind or ():
        yield Violation("NoOrphans", "", evidence.end, f"{pod} was left after its AIWorkload was deleted")


CHECKS: Mapping[str, Callable[[Evidence], Found]] = {
    "AtMostOneCopy": at_most_one_copy,
    "GangNotExceeded": gang_not_exceeded,
    "Residency": residency,
    "Capacity": capacity,
    "EpochsGrow": epochs_grow,
    "NotBeforeEarliestStart": not_before_earliest_start,
    "DisruptionRespected": disruption_respected,
    "RequiredDeadlines": required_deadlines,
    "PlacementsAgree": placements_agree,
    "EnergyAccounted": energy_accounted,
    "NoOrphans": no_orphans,
}


def check(evidence: Evidence) -> list[Violation]:
    """Every violation of every invariant, in the order of their times."""
    found = [violation for one in CHECKS.values() for violation in one(evidence)]
    return sorted(found, key=lambda violation: (violation.time, violation.name, violation.workload))


def _finite(evidence: Evidence) -> list[WorkloadFacts]:
    return [facts for facts in evidence.workloads.values() if facts.finite]


def _edges(lives: Iterable[PodLife], *, from_bound: bool = False) -> list[tuple[PodLife, datetime, bool]]:
    """Begins and ends in their true order; where they coincide the end comes first."""
    edges: list[tuple[int, bool, PodLife, datetime]] = []
    for life in lives:
        begin = life.bound if from_bound and life.bound is not None else life.start
        edges.append((begin.revision, True, life, begin.time))
        if life.end is not None:
            edges.append((life.end.revision, False, life, life.end.time))
    edges.sort(key=lambda edge: (edge[0], edge[1]))
    return [(life, time, begins) for _, begins, life, time in edges]


def _late(evidence: Evidence, facts: WorkloadFacts, why: str) -> Violation:
    deadline = facts.deadline or evidence.end
    return Violation(
        "RequiredDeadlines",
        evidence.name(facts.uid),
        deadline,
        f"deadline {deadline:%Y-%m-%dT%H:%MZ} was feasible: {why}",
    )


Span = tuple[datetime, datetime | None]


def _told(receipts: Sequence[Receipt]) -> dict[tuple[str, int], Span]:
    return _spans((receipt.cluster, receipt.epoch, receipt.start, receipt.end) for receipt in receipts)


def _seen(found: Sequence[Stay]) -> dict[tuple[str, int], Span]:
    return _spans(
        (one.cluster, one.epoch, one.start.time, one.end.time if one.end else None) for one in found
    )


def _spans(entries: Iterable[tuple[str, int, datetime, datetime | None]]) -> dict[tuple[str, int], Span]:
    """From the first begin to the last end of each place and epoch; an open end stays open."""
    spans: dict[tuple[str, int], Span] = {}
    for cluster, epoch, start, end in entries:
        known = spans.get((cluster, epoch))
        if known is None:
            spans[cluster, epoch] = (start, end)
        else:
            last = None if end is None or known[1] is None else max(end, known[1])
            spans[cluster, epoch] = (min(start, known[0]), last)
    return spans


def _difference(told: Span | None, seen: Span | None, evidence: Evidence) -> str:
    if seen is None:
        return "the operator has a receipt, and no pod was seen"
    if told is None:
        end = seen[1] or evidence.end
        # Pods that never came to run are no stay: they leave no receipt.
        return (
            "" if end - seen[0] <= evidence.tolerance else "pods were seen, and the operator has no receipt"
        )
    for what, mine, theirs in (("began", told[0], seen[0]), ("ended", told[1], seen[1])):
        gap = abs((mine or evidence.end) - (theirs or evidence.end))
        if gap > evidence.tolerance:
            return f"the receipt {what} {gap} from where the pods {what}"
    return ""
