"""A workload as a unit of flow through its states: the arcs of the exact model.

A state is a slot, where it runs or where its data lie, the units left and the slots it must still stay; an
arc is a slot worked, a stop, a wait, a start or a transfer. Written from `arrays`' meaning of a timeline,
without the functions that the planner's kernels price one by: each is a check on the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from voltaire.planner.joint.arrays import MIGRATE, NEVER, Arrays
from voltaire.planner.joint.job import TINY

Node = tuple[str, int, int, int, int]
"""('fresh' | 'run' | 'stop' | 'end', slot, pool or cluster, units left, slots it must still stay)."""


@dataclass(frozen=True, slots=True)
class Arc:
    """From one state to another at `cost` g. `slot` and `pool`: what it works (-1: nothing), drawing
    `kwh`."""

    tail: Node
    head: Node
    cost: float
    slot: int = -1
    pool: int = -1
    kwh: float = 0.0


class Arcs:
    """The arcs of workload j."""

    def __init__(self, a: Arrays, j: int) -> None:
        self.a, self.j = a, j
        self.pools = [int(p) for p in np.flatnonzero(a.rate[j])]
        self.last, self.work = int(a.last[j]), int(a.work[j])
        self.hard = bool(a.after[j] == 0.0 and a.late[j] == 0.0)
        own, data = int(a.own[j]), int(a.data[j])
        first = int(a.first[j])
        self.source: Node = ("fresh", first, -1, self.work, 0)
        if own >= 0:
            self.source = ("run", 0, own, self.work, int(a.held[j]))
        elif data >= 0 and a.mode[j] != NEVER:
            self.source = ("stop", first, data, self.work, 0)

    def arcs(self) -> Iterator[Arc]:
        """Every arc that can be reached."""
        seen, queue = {self.source}, [self.source]
        while queue:
            node = queue.pop()
            for arc in self._from(node):
                yield arc
                if arc.head not in seen and arc.head[0] != "end":
                    seen.add(arc.head)
                    queue.append(arc.head)

    def _from(self, node: Node) -> Iterator[Arc]:
        kind, k, where, n, _ = node
        if n <= 0 or k >= self.last:
            yield Arc(node, ("end", 0, 0, 0, 0), self.unfinished(n))
        elif kind == "run":
            yield from self._running(node)
        else:
            yield Arc(node, (kind, k + 1, where, n, 0), 0.0)
            for p in self.pools:
                if kind == "fresh" or int(self.a.pool_cluster[p]) == where:
                    yield self._start(node, k, p, n, 0.0)
            if kind == "stop" and self.a.mode[self.j] == MIGRATE:
                yield from self._transfers(node)

    def unfinished(self, n: int) -> float:
        """Cost of `n` units left at the end of the window."""
        a, j = self.a, self.j
        if n <= 0:
            return 0.0
        done = self.last + n / int(a.fastest[j])
        late = max(0.0, done - float(a.deadline[j]))
        waited = 0.0 if self.hard else float(a.wait[j]) * done
        return float(a.miss[j] + a.after[j] * n + a.late[j] * late + waited)

    def _running(self, node: Node) -> Iterator[Arc]:
        a, j = self.a, self.j
        _, k, p, n, stay = node
        rate = int(a.rate[j, p])
        share = (n - 1 + float(a.part[j])) / rate if n <= rate else 1.0
        done = n <= rate and not (self.hard and k + share > float(a.deadline[j]) + TINY)
        late = 0.0
        if done:
            over = max(0.0, k + share - float(a.deadline[j]))
            late = float(a.late[j]) * over + float(a.wait[j]) * (k + share)
        kwh = float(a.kw[j, p]) * a.slot_hours * share
        left = 0 if done else max(1, n - rate)
        yield Arc(node, ("run", k + 1, p, left, max(0, stay - 1)), late, k, p, kwh)
        lost = n + int(a.stop_units[j])
        if a.mode[j] != NEVER and stay <= 0 and lost <= a.ceiling[j]:
            yield Arc(node, ("stop", k, int(a.pool_cluster[p]), lost, 0), float(a.change[j]))

    def _start(self, node: Node, k: int, p: int, n: int, cost: float) -> Arc:
        a, j = self.a, self.j
        c = int(a.pool_cluster[p])
        paid = cost + float(a.start_kwh[j] * a.pue[c] * a.grid[c, k])
        return Arc(node, ("run", k, p, n, int(a.lock[j])), paid)

    def _transfers(self, node: Node) -> Iterator[Arc]:
        a, j = self.a, self.j
        _, k, c, n, _ = node
        there, left = k + int(a.transfer_slots[j]), n + int(a.transfer_units[j])
        if there >= self.last or left > a.ceiling[j]:
            return
        for p in self.pools:
            to = int(a.pool_cluster[p])
            if to != c:
                ends = 0.5 * float(a.transfer_kwh[j]) * float(a.grid[c, k] + a.grid[to, there])
                yield self._start(node, there, p, left, ends)
