"""From the plan to what the state machine shall want, checked against what is true now. Pure.

A plan is made on a snapshot; by the time a step is taken a member may be gone, full or suspended. What no
longer holds becomes Keep: nothing new is begun, and the next plan knows better.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.api.resources import AIWorkload
from voltaire.executor.state import AT_REST, State
from voltaire.executor.values import Desire, Keep, Remove, Run, Stop
from voltaire.fleet.build import UNKNOWN_MEMBER, capacity, unavailable
from voltaire.fleet.demand import Demand
from voltaire.fleet.picture import Picture
from voltaire.fleet.power import workload_power_kw
from voltaire.fleet.snapshot import Snapshot
from voltaire.planner.plan import Action, Decision

PLAN_LASTS = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the machine shall want; `vetoed` says what no longer holds, empty when the plan does."""

    desire: Desire
    vetoed: str = ""


def wish(
    workload: AIWorkload,
    demand: Demand,
    state: State,
    decision: Decision | None,
    snapshot: Snapshot | None,
    picture: Picture,
    now: datetime,
    deleted_at: datetime | None,
) -> Wish:
    """What to want for a workload now."""
    if deleted_at is not None:
        return Wish(Remove(deleted_at))
    if workload.spec.suspend:
        return Wish(Stop())
    if demand.problems or decision is None or snapshot is None:
        return Wish(Keep())
    if now - snapshot.time > PLAN_LASTS:
        return Wish(Keep(), f"the plan of {snapshot.time.isoformat(timespec='minutes')} is too old")
    view = snapshot.workloads.get(decision.uid)
    if view is None or not view.policy.act:
        return Wish(Keep())
    if not view.movable and state.target is None and state.phase in {"Draining", *AT_REST}:
        return Wish(Keep())  # planned around, not for: what was under way then goes on, and no more
    if decision.action is Action.PAUSE:
        return Wish(Stop())
    if decision.action is Action.WAIT:
        return Wish(Stop() if state.phase in AT_REST and state.phase != "Pending" else Keep())
    if decision.cluster is None:
        return Wish(Keep())
    if decision.action is Action.START and _placed_elsewhere(state, decision.cluster):
        # Many that are alike swap places from plan to plan while none has one: no reason to move it later.
        return Wish(Keep(), "the plan was made before it was placed")
    if decision.action is not Action.STAY:
        wrong = veto(picture, workload.metadata.uid, demand, decision, now)
        if wrong:
            return Wish(Keep(), wrong)
    cluster = snapshot.clusters.get(decision.cluster)
    power = workload_power_kw(view, cluster, decision.accelerator_type) if cluster else None
    return Wish(Run(decision.cluster, decision.accelerator_type, power))


def _placed_elsewhere(state: State, cluster: str) -> bool:
    copy = state.placement
    return state.phase in {"Placing", "Running"} and copy is not None and copy.cluster != cluster


def veto(picture: Picture, uid: str, demand: Demand, decision: Decision, now: datetime) -> str:
    """Why a workload may not go where the plan says, by what is true now; empty when it may."""
    name, kind = decision.cluster or "", decision.accelerator_type
    cluster = picture.clusters.get(name)
    if cluster is None:
        return f"{name} is no longer there"
    member = picture.members.get(name, UNKNOWN_MEMBER)
    if why := unavailable(cluster, member):
        return f"{name} is {why}"
    refused = picture.excluded.get(uid, {}).get(name)
    if refused is not None and refused[1] > now:
        return f"{name} would not have it: {refused[0]}"
    if demand.accelerators == 0:
        return ""
    counts: Mapping[str, int] = capacity(cluster, member)
    promised = picture.tally.promised(name, kind, without=uid)
    if promised + demand.accelerators > counts.get(kind or "", 0):
        return f"{name} has {counts.get(kind or '', 0)} {kind}, {promised} are promised"
    return ""
