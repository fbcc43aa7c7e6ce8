"""The fields of a twin result."""

from __future__ import annotations

import re

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
    Row,
    Shape,
    one_of,
)

FORECAST = Kind(
    "perfect, none, or dayahead:ERROR",
    lambda value: (
        isinstance(value, str) and re.fullmatch(r"perfect|none|dayahead:\d+(\.\d+)?", value) is not None
    ),
)
RUN_KINDS = ("Run", "Restart", "Transfer")

_SUMMARY: Shape = {
    "grams": AMOUNT,
    "gridKWh": AMOUNT,
    "facilityKWh": AMOUNT,
    "itKWh": AMOUNT,
    "cost": Nullable(NUMBER),
    "litres": Nullable(AMOUNT),
    "missed": COUNT,
    "violations": COUNT,
    "migrations": COUNT,
    "gbMoved": AMOUNT,
    "planSecondsP50": Nullable(AMOUNT),
    "planSecondsP95": Nullable(AMOUNT),
    "gapP50": Nullable(AMOUNT),
    "gapP95": Nullable(AMOUNT),
    "lowerBoundGrams": Nullable(NUMBER),
}

_POLICY: Shape = {
    "summary": _SUMMARY,
    "timelines": Many(
        {
            "id": TEXT,
            "runs": Many(Row((AMOUNT, AMOUNT, TEXT, one_of(*RUN_KINDS)))),
            "doneH": Nullable(AMOUNT),
            "missed": FLAG,
        }
    ),
    "clusters": Many(
        {"name": TEXT}
        | dict.fromkeys(
            ("itKWh", "facilityKWh", "gridKWh", "solarUsedKWh", "batteryKWh", "grams"), Many(AMOUNT)
        )
    ),
    "batteries": Many(
        {"name": TEXT}
        | dict.fromkeys(
            ("chargeGridKWh", "chargeSolarKWh", "dischargeKWh", "socKWh", "storedGramsPerKWh"), Many(AMOUNT)
        )
    ),
}

RESULT: Shape = {
    "version": one_of(1),
    "start": TIME,
    "slotMinutes": POSITIVE,
    "slots": COUNT,
    "forecast": FORECAST,
    "seed": COUNT,
    "voltaireVersion": TEXT,
    "clusters": Many(
        {
            "name": TEXT,
            "zone": TEXT,
            "pue": Kind("a number of at least 1", lambda value: NUMBER.fits(value) and value >= 1),
            "hostOverheadKW": AMOUNT,
            "capacity": Each(COUNT),
            "powerLimitKW": Nullable(AMOUNT),
            "jurisdictions": Many(TEXT),
            "gramsPerKWh": Many(AMOUNT),
        }
    ),
    "batteries": Many(
        {
            "name": TEXT,
            "cluster": TEXT,
            "capacityKWh": POSITIVE,
            "maxChargeKW": AMOUNT,
            "maxDischargeKW": AMOUNT,
            "chargeEfficiency": EFFICIENCY,
            "dischargeEfficiency": EFFICIENCY,
            "reserve": FRACTION,
            "wearGramsPerKWh": AMOUNT,
            "initialSocKWh": AMOUNT,
            "initialGramsPerKWh": AMOUNT,
            "solarKWh": Many(AMOUNT),
        }
    ),
    "jobs": Many(
        {
            "id": TEXT,
            "arrivalH": AMOUNT,
            "durationH": POSITIVE,
            "accelerators": COUNT,
            "kWPerAccelerator": AMOUNT,
            "deadlineH": Nullable(AMOUNT),
            "home": Nullable(TEXT),
            "interruptible": FLAG,
            "checkpointGB": AMOUNT,
            "residency": Many(TEXT),
        }
    ),
    "migration": {"kWhPerGB": AMOUNT, "gbPerHour": POSITIVE, "restartH": AMOUNT},
    "policies": Each(_POLICY),
}
