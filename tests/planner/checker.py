"""Judges a plan against its snapshot, from the rules alone: it shares no code with the planner."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta

from voltaire.fleet.snapshot import ClusterView, Snapshot, WorkloadView
from voltaire.planner.plan import Decision, Plan

MOMENT = timedelta(milliseconds=1)


def violations(snapshot: Snapshot, made: Plan, now: datetime) -> list[str]:
    """Every broken rule, in words; empty for a sound plan."""
    found = [f"{uid}: no decision" for uid in snapshot.workloads if uid not in made.decisions]
    found += [f"{uid}: decision for nobody" for uid in made.decisions if uid not in snapshot.workloads]
    for uid, workload in snapshot.workloads.items():
        decision = made.decisions[uid]
        for rule in (_window, _places, _mode, _residence, _action, _deadline, _work):
            found += [f"{uid}: {text}" for text in rule(snapshot, workload, decision, now)]
    return found + _capacity(snapshot, made) + _budget(snapshot, made)


def _may_use(workload: WorkloadView, cluster: ClusterView) -> bool:
    labels = all(cluster.labels.get(k) == v for k, v in workload.selector.match_labels.items())
    land = not workload.residency or bool(workload.residency & cluster.jurisdictions)
    space = not cluster.namespaces or workload.namespace in cluster.namespaces
    usable = cluster.reachable and not cluster.unavailable and cluster.name not in workload.excluded
    return labels and land and space and usable


def _window(snapshot: Snapshot, w: WorkloadView, d: Decision, now: datetime) -> list[str]:
    found = []
    for before, after in zip(d.segments, d.segments[1:], strict=False):
        if after.start < before.end:
            found.append(f"runs twice at {after.start}")
    if d.segments and d.segments[0].start < now:
        found.append("starts in the past")
    if d.segments and w.cluster is None and d.segments[0].start < w.earliest_start:
        found.append("starts before its earliest start")
    return found


def _places(snapshot: Snapshot, w: WorkloadView, d: Decision, now: datetime) -> list[str]:
    return [
        f"runs on {s.cluster}, which it may not use"
        for i, s in enumerate(d.segments)
        if not (i == 0 and s.cluster == w.cluster) and not _may_use(w, snapshot.clusters[s.cluster])
    ]


def _mode(snapshot: Snapshot, w: WorkloadView, d: Decision, now: datetime) -> list[str]:
    names = [s.cluster for s in d.segments]
    anchor = w.cluster or w.data_cluster
    bound = {anchor} if anchor else set(names[:1])
    if w.mode != "Migrate" and not set(names) <= bound:
        return [f"mode {w.mode}, but runs on {names}"]
    if w.mode == "Never" and len(names) > 1:
        return ["mode Never, but in pieces"]
    if w.mode == "Never" and w.cluster is not None and d.action != "Stay":
        return [f"mode Never, but {d.action}"]
    moves = sum(a != b for a, b in zip([anchor or names[0], *names], names, strict=False)) if names else 0
    return [f"{moves} moves where {w.migrations_left} are left"] if moves > w.migrations_left else []


def _residence(snapshot: Snapshot, w: WorkloadView, d: Decision, now: datetime) -> list[str]:
    settled = w.last_change + w.minimum_residence if w.last_change else now
    if d.action in ("Pause", "Migrate") and now < settled:
        return [f"{d.action} before {settled}"]
    least = w.minimum_residence - snapshot.slot
    short = [s for s in d.segments[1:-1] if s.end - s.start < least]
    return [f"stays only from {s.start} to {s.end}" for s in short]


def _action(snapshot: Snapshot, w: WorkloadView, d: Decision, now: datetime) -> list[str]:
    first = d.segments[0] if d.segments else None
    runs = (
        first is not None
        and first.start
        < snapshot.start + (now - snapshot.start) // snapshot.slot * (snapshot.slot) + snapshot.slot
    )
    right = {
        "Start": w.cluster is None and runs and first is not None and d.cluster == first.cluster,
        "Wait": w.cluster is None and not runs and d.cluster is None,
        "Stay": w.cluster is not None and d.cluster == w.cluster and runs,
        "Pause": w.cluster is not None and not runs,
        "Migrate": w.cluster is not None and runs and first is not None
        and d.cluster == first.cluster != w.cluster,
    }  # fmt: skip
    return [] if right[d.action] else [f"{d.action} to {d.cluster} does not fit {d.segments[:1]}"]


def _deadline(snapshot: Snapshot, w: WorkloadView, d: Decision, now: datetime) -> list[str]:
    if w.deadline is None or d.finish is None:
        return []
    over = d.finish > w.deadline + timedelta(seconds=1)
    return [f"finishes {d.finish}, due {w.deadline}, late={d.late}"] if over != d.late else []


def _work(snapshot: Snapshot, w: WorkloadView, d: Decision, now: datetime) -> list[str]:
    """A plan that claims to finish within the horizon works long enough for it."""
    end = snapshot.start + snapshot.slot * snapshot.slots
    if w.remaining_seconds is None or d.finish is None or d.finish > end or not w.movable:
        return []
    worked = sum((s.end - s.start).total_seconds() for s in d.segments) * max([1, *w.throughput.values()])
    return [f"works {worked} s of {w.remaining_seconds}"] if worked < w.remaining_seconds - 1 else []


def _capacity(snapshot: Snapshot, made: Plan) -> list[str]:
    """At every moment at which something starts, what then runs fits."""
    held: dict[str, list[tuple[datetime, datetime, int, float]]] = defaultdict(list)
    for uid, decision in made.decisions.items():
        w = snapshot.workloads[uid]
        for s in decision.segments:
            view = snapshot.clusters[s.cluster]
            kw = w.power_kw if w.power_kw is not None else w.accelerators * min(view.accelerator_kw.values())
            held[s.cluster].append((s.start, s.end - MOMENT, w.accelerators, kw * view.pue))
    found = []
    for name, pieces in held.items():
        view = snapshot.clusters[name]
        for moment, _, _, _ in pieces:
            there = [piece for piece in pieces if piece[0] <= moment < piece[1]]
            count, power = sum(p[2] for p in there), sum(p[3] for p in there)
            if count > sum(view.capacity.values()):
                found.append(f"{name} at {moment}: {count} accelerators of {sum(view.capacity.values())}")
            if view.limit_kw is not None and power > view.limit_kw + 1e-6:
                found.append(f"{name} at {moment}: {power} kW of {view.limit_kw}")
    return found


def _budget(snapshot: Snapshot, made: Plan) -> list[str]:
    begun = sum(d.action == "Migrate" for d in made.decisions.values())
    policy = next(iter(snapshot.workloads.values())).policy if snapshot.workloads else None
    if policy is None:
        return []
    left = min(
        policy.migrations_per_hour - snapshot.migrations_recent,
        policy.concurrent_migrations - snapshot.migrations_active,
    )
    return [f"{begun} migrations begin where {left} may"] if begun > max(0, left) else []
