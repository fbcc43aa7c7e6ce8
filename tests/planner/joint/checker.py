"""Judges a joint plan from the problem's description alone: it shares no code with the planner.

It reads who runs where in each slot, replays every workload in units of work, and recomputes what the plan
emits.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from voltaire.planner.joint import Mode, Problem, Workload

Where = tuple[str, str] | None
Timeline = list[Where]


@dataclass
class Verdict:
    """`grams` without the sites that have sun or batteries: their `load` (cluster, slot) in kWh is given
    instead. `unfinished`: not done at the end, or not by a required deadline."""

    violations: list[str] = field(default_factory=list)
    grams: float = 0.0
    load: dict[tuple[str, int], float] = field(default_factory=lambda: defaultdict(float))
    unfinished: set[str] = field(default_factory=set)


class _Replay:
    def __init__(self, problem: Problem, workload: Workload, verdict: Verdict) -> None:
        self.p, self.w, self.v = problem, workload, verdict
        self.clusters = {c.name: c for c in problem.clusters}
        self.unit = problem.slot_hours / problem.units_per_slot
        self.left = workload.hours / self.unit
        self.fraction = self.left - math.ceil(self.left - 1e-9) + 1
        self.left = math.ceil(self.left - 1e-9)
        self.here: Where = workload.place
        self.data = (
            workload.place[0] if workload.place else workload.data if workload.mode != Mode.NEVER else None
        )
        self.since = None if workload.place else -1
        self.stopped_at: int | None = None
        self.pieces = 1 if workload.place else 0

    def wrong(self, text: str) -> None:
        self.v.violations.append(f"{self.w.id}: {text}")

    def grid(self, cluster: str, k: int) -> float:
        c = self.clusters[cluster]
        price = c.price_per_kwh[k] * self.p.grams_per_money if c.price_per_kwh else 0.0
        return max(0.0, c.grams_per_kwh[k] + price) if c.price_per_kwh else c.grams_per_kwh[k]

    def units(self, hours: float) -> int:
        return math.ceil(hours / self.unit - 1e-9)

    def speed(self, kind: str) -> int:
        return math.floor(self.w.throughput.get(kind, 1.0) * self.p.units_per_slot + 1e-9)

    def fastest(self) -> int:
        kinds = {""} if not self.w.accelerators else {
            kind for c in self.p.clusters if self.w.clusters is None or c.name in self.w.clusters
            for kind, count in c.capacity.items()
            if max(count if isinstance(count, tuple) else (count,)) >= self.w.accelerators
        }  # fmt: skip
        return max([self.speed(kind) for kind in kinds] + [1])

    def stop(self, k: int) -> None:
        if self.w.mode is Mode.NEVER:
            self.wrong(f"is stopped in slot {k} though it may never be")
        least = math.ceil(self.w.residence_hours / self.p.slot_hours - 1e-9)
        if self.since is not None and k - self.since < max(1, least):
            self.wrong(f"stays only from slot {self.since} to {k}")
        if self.since is None and k * self.p.slot_hours < self.w.held_hours - 1e-9:
            self.wrong(f"is stopped in slot {k}, before it may be")
        assert self.here is not None
        self.v.grams += self.w.change_grams
        self.left += self.units(self.w.lost_hours + self.w.restore_hours)
        self.data, self.here, self.stopped_at = self.here[0], None, k

    def start(self, k: int, where: tuple[str, str]) -> None:
        cluster = where[0]
        allowed = self.w.clusters is None or cluster in self.w.clusters
        if not allowed and (self.w.place is None or where != self.w.place):
            self.wrong(f"runs in {cluster}, which it may not use")
        if self.w.place is None and k * self.p.slot_hours < self.w.earliest_hours - 1e-9:
            self.wrong("starts too early")
        if self.data is not None and self.data != cluster:
            self.migrate(k, cluster)
        self.v.grams += self.w.start_kwh * self.clusters[cluster].pue * self.grid(cluster, k)
        self.here, self.since, self.pieces = where, k, self.pieces + 1

    def migrate(self, k: int, cluster: str) -> None:
        assert self.data is not None
        if self.w.mode is not Mode.MIGRATE:
            self.wrong(f"moves to {cluster} though it may not")
        held = self.w.transfer_held
        whole = 0 if held else math.floor(self.w.transfer_hours / self.p.slot_hours + 1e-9)
        sent = k - whole
        if sent < (self.stopped_at or 0):
            self.wrong(f"arrives in {cluster} in slot {k}, before its data can")
        rest = self.w.transfer_hours - whole * self.p.slot_hours
        self.left += math.ceil(max(0.0, rest) / self.p.slot_hours * self.fastest() - 1e-9)
        ends = self.grid(self.data, max(0, sent)) + self.grid(cluster, k)
        self.v.grams += self.w.transfer_kwh / 2 * ends

    def work(self, k: int) -> None:
        assert self.here is not None
        cluster, kind = self.here
        c = self.clusters[cluster]
        speed = max(1, self.speed(kind)) if self.here == self.w.place else self.speed(kind)
        if speed <= 0:
            self.wrong(f"cannot run on {kind}")
            return
        share = 1.0 if self.left > speed else (self.left - 1 + self.fraction) / speed
        it = self.w.power_kw if self.w.power_kw is not None else self.w.accelerators * c.accelerator_kw[kind]
        kwh = it * c.pue * self.p.slot_hours * share
        self.v.load[cluster, k] += kwh
        if not c.batteries and not any(c.solar_kw):
            self.v.grams += kwh * self.grid(cluster, k)
        self.left -= speed
        if self.left <= 0:
            done = (k + share) * self.p.slot_hours
            self.v.grams += self.w.wait_grams_per_hour * done
            if self.w.required and done > (self.w.deadline_hours or 0.0) + 1e-6:
                self.v.unfinished.add(self.w.id)

    def run(self, timeline: Timeline) -> None:
        for k, where in enumerate(timeline):
            if self.left <= 0:
                if where is not None:
                    self.wrong(f"runs in slot {k} though it is done")
                continue
            if self.here is not None and where != self.here:
                self.stop(k)
            if where is not None:
                if self.here is None:
                    self.start(k, where)
                self.work(k)
        if self.left > 0:
            self.v.unfinished.add(self.w.id)


def judge(problem: Problem, timelines: dict[str, Timeline]) -> Verdict:
    """Replay everything. Lateness and unfinished work are not priced here: see `unfinished`."""
    verdict = Verdict()
    used: dict[tuple[str, str, int], int] = defaultdict(int)
    drawn: dict[tuple[str, int], float] = defaultdict(float)
    clusters = {c.name: c for c in problem.clusters}
    for w in problem.workloads:
        timeline = timelines[w.id]
        if len(timeline) != problem.slots:
            verdict.violations.append(f"{w.id}: has {len(timeline)} slots")
        _Replay(problem, w, verdict).run(timeline)
        for k, where in enumerate(timeline):
            if where is not None:
                used[where[0], where[1], k] += w.accelerators
                c = clusters[where[0]]
                it = w.power_kw if w.power_kw is not None else w.accelerators * c.accelerator_kw[where[1]]
                drawn[where[0], k] += it * c.pue
    for (name, kind, k), count in used.items():
        capacity = clusters[name].capacity.get(kind, 0)
        most = capacity[k] if isinstance(capacity, tuple) else capacity
        if kind and count > most:
            verdict.violations.append(f"{name}: {count} of {most} {kind} in slot {k}")
    for (name, k), kw in drawn.items():
        limit = clusters[name].limit_kw
        most_kw = math.inf if limit is None else limit[k] if isinstance(limit, tuple) else limit
        if kw + clusters[name].host_kw > most_kw + 1e-6:
            verdict.violations.append(f"{name}: {kw:g} kW and its host of {most_kw:g} in slot {k}")
    return verdict
