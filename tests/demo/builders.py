"""A small played day, made by hand: what the checks, the result and the report are tested on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from voltaire.api.aiworkload import AIWorkloadStatus
from voltaire.api.battery import BatterySpec
from voltaire.api.regionalcluster import Location
from voltaire.demo import day
from voltaire.demo.decisions import Decision
from voltaire.demo.facts import ClusterFacts, WorkloadFacts
from voltaire.demo.invariants import Evidence, check
from voltaire.demo.observations import PodEvent, PodLife, pod_lives
from voltaire.demo.result import Run, SiteLog
from voltaire.demo.telemetry import Site

START = day.DEFAULT_START.replace(hour=0)
END = START + timedelta(hours=24)
HOUR = timedelta(hours=1)


def at(hours: float) -> datetime:
    """That many hours into the day."""
    return START + hours * HOUR


def battery_spec(**changes: Any) -> BatterySpec:
    """The battery beside California, as the samples have it."""
    fields = {
        "capacityKWh": 40,
        "maxChargeKW": 10,
        "maxDischargeKW": 10,
        "reserve": 0.2,
        "solar": {"peakKW": 15},
        "telemetry": {
            "http": {
                "url": "http://127.0.0.1:1/site.json",
                "soc": {"query": "battery.soc"},
                "power": {"query": "battery.powerKW"},
                "solar": {"query": "solar.powerKW"},
                "load": {"query": "site.loadKW"},
            }
        },
    }
    return BatterySpec.model_validate({**fields, **changes})


def clusters() -> dict[str, ClusterFacts]:
    """Paris, Virginia, California."""
    rows = (
        ("paris", "FR", 1.2, ("EU", "FR"), ()),
        ("virginia", "US-MIDA-PJM", 1.25, ("US",), ()),
        ("california", "US-CAL-CISO", 1.15, ("US", "US-CA"), ("site",)),
    )
    return {
        name: ClusterFacts(name, zone, pue, 0.5, {"a100": 16}, {"a100": 0.5}, where, batteries)
        for name, zone, pue, where, batteries in rows
    }


def workload(uid: str, **changes: Any) -> WorkloadFacts:
    """A training job of eight accelerators that may move, unless changed."""
    fields: dict[str, Any] = {
        "name": uid,
        "namespace": "ai",
        "type": "Training",
        "kind": "Job",
        "accelerators": 8,
        "power_kw": 4.0,
        "home_cluster": "virginia",
        "residency": (),
        "disruption": "Migrate",
        "arrival": START,
        "deadline": at(20),
        "deadline_required": True,
        "duration": timedelta(hours=10),
    }
    return WorkloadFacts(uid=uid, **{**fields, **changes})


class Pods:
    """Writes the story of pods, in order; every step is a new revision."""

    def __init__(self) -> None:
        self.events: list[PodEvent] = []
        self._revision = 0

    def _event(self, hours: float, uid: str, cluster: str, epoch: int, acc: int, *, exists: bool) -> None:
        self._revision += 1
        pod = f"{uid}-{cluster}-{epoch}"
        self.events.append(
            PodEvent(
                cluster, pod, uid, epoch, acc, at(hours), self._revision, exists, bound=True, running=exists
            )
        )

    def begin(self, hours: float, uid: str, cluster: str, epoch: int, accelerators: int = 8) -> Pods:
        """A pod appears, on a node."""
        self._event(hours, uid, cluster, epoch, accelerators, exists=True)
        return self

    def end(self, hours: float, uid: str, cluster: str, epoch: int, accelerators: int = 8) -> Pods:
        """It is gone."""
        self._event(hours, uid, cluster, epoch, accelerators, exists=False)
        return self

    def lives(self) -> list[PodLife]:
        """What the observer makes of it."""
        return pod_lives(self.events)


def receipt(facts: WorkloadFacts, cluster: str, epoch: int, start: float, end: float) -> dict[str, Any]:
    """The operator's receipt where there is no battery: power x PUE x hours, and the mean intensity."""
    where = clusters()[cluster]
    energy = (facts.power_kw or 0.0) * where.pue * (end - start)
    mean = day.series(where.zone, START, END).mean(at(start), at(end)) or 0.0
    times = {"start": at(start), "end": at(end)}
    return {"cluster": cluster, "epoch": epoch, "energyKWh": energy, "grams": energy * mean, **times}


def status(
    facts: WorkloadFacts, receipts: Sequence[dict[str, Any]], finished: float | None, **changes: Any
) -> AIWorkloadStatus:
    """A finished workload's status, with a counterfactual twice as high."""
    grams = sum(one["grams"] for one in receipts)
    fields = {
        "phase": "Running" if finished is None else "Succeeded",
        "receipts": list(receipts),
        "energyKWh": sum(one["energyKWh"] for one in receipts),
        "grams": grams,
        "counterfactualGrams": 2 * grams,
        "migrations": max(0, len(receipts) - 1),
        "finishedAt": None if finished is None else at(finished),
        "deadlineMet": None if finished is None or facts.deadline is None else at(finished) <= facts.deadline,
        "why": {"reason": "Cheapest", "message": "Paris is the greenest place that has room."},
    }
    return AIWorkloadStatus.model_validate({**fields, **changes})


def evidence(
    workloads: Sequence[WorkloadFacts], pods: Pods, statuses: dict[str, AIWorkloadStatus], **changes: Any
) -> Evidence:
    """What the checks look at."""
    fields: dict[str, Any] = {"end": END, "tolerance": timedelta(minutes=40), **changes}
    return Evidence(
        clusters=clusters(),
        workloads={facts.uid: facts for facts in workloads},
        statuses=statuses,
        lives=pods.lives(),
        **fields,
    )


def played_site() -> SiteLog:
    """A day of the site in California under a load of 5 kW, empty between 6 and 16 h."""
    spec = battery_spec()
    site = Site(spec, Location(latitude=37.35, longitude=-121.95), START, 0.8)
    for quarter in range(1, 97):
        hours = quarter / 4
        site.advance(at(hours), 0.5 if 6 < hours <= 16 else 5.1)
    return SiteLog("site", "california", spec, site.records)


def played() -> Run:
    """Two jobs and a server: one moves, one waits, nothing is wrong."""
    moving = workload("train-llm")
    waiting = workload("nightly-batch", accelerators=4, power_kw=2.0, disruption="Suspend", deadline=at(23))
    server = workload(
        "chat-serving", type="Serving", kind="Deployment", accelerators=2, power_kw=1.0, deadline=None
    )
    pods = Pods()
    pods.begin(0.2, "train-llm", "virginia", 1).begin(0.3, "chat-serving", "paris", 1, 2)
    pods.end(5.0, "train-llm", "virginia", 1).begin(5.4, "train-llm", "paris", 2)
    pods.begin(9.5, "nightly-batch", "paris", 1, 4).end(10.9, "train-llm", "paris", 2)
    pods.end(19.5, "nightly-batch", "paris", 1, 4).end(24.0, "chat-serving", "paris", 1, 2)
    statuses = {
        "train-llm": status(
            moving, [receipt(moving, "virginia", 1, 0.2, 5.0), receipt(moving, "paris", 2, 5.4, 10.9)], 10.9
        ),
        "nightly-batch": status(waiting, [receipt(waiting, "paris", 1, 9.5, 19.5)], 19.5),
        "chat-serving": status(server, [receipt(server, "paris", 1, 0.3, 24.0)], None, phase="Paused"),
    }
    seen = evidence([moving, waiting, server], pods, statuses)
    decisions = [
        Decision(at(0.1), "train-llm", "Start", None, "virginia", "OnlyRoom", "Paris is full until 05:00."),
        Decision(at(0.1), "nightly-batch", "Wait", None, None, "Cleaner", "Paris is cleaner from 09:30."),
        Decision(at(4.8), "train-llm", "Migrate", "virginia", "paris", "Cheaper", "Saves 81 % of 9.1 kg."),
        Decision(at(10.9), "train-llm", "Finish", "paris", None, "Done", "All work is done."),
    ]
    series = {zone: day.series(zone, START - timedelta(days=1), END + 6 * HOUR) for zone in day.ZONES}
    return Run(START, 6.0, day.SOURCE, series, [played_site()], decisions, {}, seen, check(seen))
