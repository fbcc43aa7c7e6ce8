"""The fields of a demo result."""

from __future__ import annotations

from voltaire.audit.shape import (
    AMOUNT,
    COUNT,
    EFFICIENCY,
    FLAG,
    FRACTION,
    NUMBER,
    POSITIVE,
    TEXT,
    TIME,
    Each,
    Kind,
    Many,
    Nullable,
    Shape,
    one_of,
)

_PHASES = (
    "Pending", "Placing", "Running", "Draining", "Stopped", "Paused", "Succeeded", "Failed",
)  # fmt: skip
_STAY: dict[str, Shape] = {"cluster": TEXT, "epoch": COUNT, "start": TIME, "end": Nullable(TIME)}

_WORKLOAD: Shape = {
    "name": TEXT,
    "namespace": TEXT,
    "type": one_of("Training", "BatchInference", "Serving"),
    "kind": TEXT,
    "accelerators": COUNT,
    "powerKW": Nullable(AMOUNT),
    "homeCluster": Nullable(TEXT),
    "arrival": Nullable(TIME),
    "earliestStart": Nullable(TIME),
    "durationHours": Nullable(AMOUNT),
    "deadline": Nullable(TIME),
    "deadlineRequired": FLAG,
    "deadlineFeasible": Nullable(FLAG),
    "residency": Many(TEXT),
    "disruption": one_of("Never", "Suspend", "Migrate"),
    "intervals": Many({**_STAY, "podUIDs": Many(TEXT)}),
    "placements": Many(
        {**_STAY, "energyKWh": AMOUNT, "grams": AMOUNT, "transferKWh": AMOUNT, "transferGrams": AMOUNT}
    ),
    "migrations": COUNT,
    "pauses": COUNT,
    "phase": one_of(*_PHASES),
    "finishedAt": Nullable(TIME),
    "deadlineMet": Nullable(FLAG),
    "energyKWh": Nullable(AMOUNT),
    "grams": Nullable(AMOUNT),
    "counterfactualGrams": Nullable(AMOUNT),
    "greenestStayGrams": Nullable(AMOUNT),
    "why": Nullable(TEXT),
}

_POWERS = ("socKWh", "chargeKW", "dischargeKW", "solarKW", "solarUsedKW", "gridKW", "loadKW")

RESULT: Shape = {
    "version": one_of(1),
    "start": TIME,
    "end": TIME,
    "secondsPerHour": POSITIVE,
    "carbonSource": TEXT,
    "clusters": Many(
        {
            "name": TEXT,
            "zone": TEXT,
            "pue": Kind("a number of at least 1", lambda value: NUMBER.fits(value) and value >= 1),
            "hostOverheadKW": AMOUNT,
            "capacity": Each(COUNT),
            "jurisdictions": Many(TEXT),
        }
    ),
    "intensity": Many(
        {"zone": TEXT, "start": TIME, "stepMinutes": POSITIVE, "gramsPerKWh": Many(Nullable(AMOUNT))}
    ),
    "batteries": Many(
        {
            "name": TEXT,
            "cluster": TEXT,
            "capacityKWh": POSITIVE,
            "chargeEfficiency": EFFICIENCY,
            "dischargeEfficiency": EFFICIENCY,
            "reserve": FRACTION,
            "solarGramsPerKWh": AMOUNT,
            "series": Many(
                {"time": TIME, "storedGramsPerKWh": AMOUNT} | dict.fromkeys(_POWERS, AMOUNT),
            ),
        }
    ),
    "siteIntensity": Many({"cluster": TEXT, "series": Many({"time": TIME, "gramsPerKWh": Nullable(AMOUNT)})}),
    "workloads": Many(_WORKLOAD),
    "decisions": Many(
        {
            "time": TIME,
            "workload": TEXT,
            "action": one_of("Start", "Wait", "Pause", "Resume", "Migrate", "Finish", "Fail"),
            "from": Nullable(TEXT),
            "to": Nullable(TEXT),
            "reason": TEXT,
            "message": Nullable(Kind("text", lambda value: isinstance(value, str))),
        }
    ),
    "invariants": {
        "checked": Many(TEXT),
        "violations": Many({"name": TEXT, "workload": Kind("text", lambda v: isinstance(v, str)),
                            "time": TIME, "detail": TEXT}),
    },
    "totals": {
        "energyKWh": Nullable(AMOUNT),
        "grams": Nullable(AMOUNT),
        "counterfactualGrams": Nullable(AMOUNT),
        "savedFraction": Nullable(NUMBER),
        "migrations": COUNT,
        "pauses": COUNT,
        "missedDeadlines": COUNT,
        "greenestStayGrams": Nullable(AMOUNT),
        "greenestStayCluster": Nullable(TEXT),
    },
}  # fmt: skip
