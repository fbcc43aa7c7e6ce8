"""A world of whole hours that carries out what a policy decides, and writes down what ran where. It shares
no code with the twin: it checks capacity, residency, modes and work by itself, and fails at once where one
is broken."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.planner.worlds import HOUR, NOW, workload, world
from voltaire.fleet.snapshot import ClusterView, WorkloadView
from voltaire.planner.plan import Action, Decision
from voltaire.twin.policy import Policy


@dataclass(slots=True)
class History:
    """`hours`: by workload, the cluster it ran on in each hour (None: it did not). `done`: hour of its
    end."""

    hours: dict[str, list[str | None]] = field(default_factory=dict)
    done: dict[str, int] = field(default_factory=dict)
    decisions: list[dict[str, Decision]] = field(default_factory=list)

    def ran(self, uid: str) -> list[int]:
        """The hours in which it ran."""
        return [hour for hour, name in enumerate(self.hours[uid]) if name is not None]


def hourly(*values: float) -> tuple[float, ...]:
    """Intensity by hour."""
    return tuple(float(value) for value in values)


def play(policy: Policy, clusters: list[ClusterView], work: list[WorkloadView], hours: int) -> History:
    """Play `hours` hours from NOW on. Works are whole hours; intensities have an entry for each hour and for
    the horizon after it."""
    history = History({w.uid: [] for w in work})
    state = {w.uid: w for w in work}
    horizon = len(clusters[0].intensity or ()) - hours
    for hour in range(hours):
        now = NOW + hour * HOUR
        views = [
            replace(view, intensity=None if view.intensity is None else view.intensity[hour : hour + horizon])
            for view in clusters
        ]
        present = [w for w in state.values() if w.arrival <= now and w.uid not in history.done]
        snapshot = world(views, present, now, start=now, slot=HOUR, slots=horizon)
        made = policy.plan(snapshot, now, {})
        history.decisions.append(dict(made.decisions))
        assert made.decisions.keys() == snapshot.workloads.keys()
        for w in present:
            state[w.uid] = _carry_out(w, made.decisions[w.uid], now)
        _check({view.name: view for view in views}, [state[w.uid] for w in present])
        for w in state.values():
            present_now = w.arrival <= now and w.uid not in history.done
            history.hours[w.uid].append(w.cluster if present_now else None)
            if present_now and w.cluster is not None:
                left = (w.remaining_seconds or 0.0) - 3600.0
                state[w.uid] = replace(w, remaining_seconds=left)
                if left <= 0:
                    history.done[w.uid] = hour + 1
    return history


def _carry_out(w: WorkloadView, decision: Decision, now: datetime) -> WorkloadView:
    if decision.action is Action.START:
        assert w.cluster is None, f"{w.uid} runs already"
        return _placed(w, decision, now)
    if decision.action is Action.MIGRATE:
        assert w.mode == "Migrate", f"{w.uid} may not move"
        assert w.cluster not in (None, decision.cluster), f"{w.uid} moves nowhere"
        return _placed(w, decision, now)
    if decision.action is Action.PAUSE:
        assert w.mode != "Never", f"{w.uid} may not be stopped"
        assert w.cluster is not None, f"{w.uid} does not run"
        return replace(w, cluster=None, running=False, data_cluster=w.cluster, last_change=now)
    assert (decision.action is Action.STAY) == (w.cluster is not None), f"{w.uid}: {decision.action}"
    return w


def _placed(w: WorkloadView, decision: Decision, now: datetime) -> WorkloadView:
    return replace(
        w, cluster=decision.cluster, accelerator_type=decision.accelerator_type, running=True,
        data_cluster=None, last_change=now,
    )  # fmt: skip


def _check(views: dict[str, ClusterView], present: list[WorkloadView]) -> None:
    used = dict.fromkeys(views, 0)
    kw = dict.fromkeys(views, 0.0)
    for w in present:
        if w.cluster is not None:
            view = views[w.cluster]
            assert not w.residency or w.residency & view.jurisdictions, f"{w.uid} may not be in {w.cluster}"
            used[w.cluster] += w.accelerators
            kw[w.cluster] += w.accelerators * view.accelerator_kw["a100"] * view.pue
    for name, view in views.items():
        assert used[name] <= view.capacity["a100"], f"{name}: {used[name]} accelerators"
        limit = float("inf") if view.limit_kw is None else view.limit_kw
        assert kw[name] <= limit + 1e-6, f"{name}: {kw[name]} kW"


def job(uid: str, hours: float, *, due: float | None = None, **fields: Any) -> WorkloadView:
    """Work of so many hours, due so many hours after NOW, at home in `a`, that may be stopped but not moved,
    with no minimum residence."""
    values: dict[str, Any] = {
        "remaining_seconds": hours * 3600.0,
        "deadline": None if due is None else NOW + due * HOUR,
        "deadline_required": due is not None,
        "home": "a",
        "mode": "Suspend",
        "minimum_residence": timedelta(0),
    }
    return workload(uid, **{**values, **fields})
