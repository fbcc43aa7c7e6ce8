"""A valid twin result and its input files, by hand: two clusters, a battery, five jobs, two policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from voltaire.audit import Traces, read_traces

Json = dict[str, Any]
SLOTS, HOURS = 48, 0.5
TRANSFER_GB_PER_HOUR, RESTART, KWH_PER_GB = 100.0, 0.25, 0.06
GRAMS = {"north": [60.0 + 5 * (s % 7) for s in range(24)], "south": [420.0 - 9 * (s % 11) for s in range(24)]}
PUE, HOST = {"north": 1.2, "south": 1.4}, {"north": 0.5, "south": 1.0}
SUN = [max(0.0, 3.0 - abs(slot - 24) / 4) for slot in range(SLOTS)]
JOBS = [
    # id, arrival, duration, accelerators, kW each, slack, home, interruptible, GB, residency
    ("a", 0.0, 6.0, 4, 0.5, 12.0, "south", 1, 50.0, ()),
    ("b", 1.0, 4.0, 2, 0.25, 2.0, "south", 0, 10.0, ("US",)),
    ("c", 2.25, 3.0, 8, 0.5, 9.0, "north", 1, 5.0, ("EU", "US")),
    ("d", 3.0, 2.0, 1, 0.4, 0.0, "north", 0, 0.0, ()),
    ("late", 20.0, 3.0, 2, 0.5, 0.5, "north", 0, 0.0, ()),
]  # fmt: skip
STAY: Mapping[str, Sequence[tuple[float, float, str, str]]] = {
    "a": [(0.0, 6.0, "south", "Run")],
    "b": [(1.0, 5.0, "south", "Run")],
    "c": [(2.25, 5.25, "north", "Run")],
    "d": [(3.0, 5.0, "north", "Run")],
    "late": [(21.0, 24.0, "north", "Run")],
}
MOVE: Mapping[str, Sequence[tuple[float, float, str, str]]] = {
    **STAY,
    "a": [
        (0.0, 2.5, "south", "Run"),
        (2.5, 3.0, "north", "Transfer"),
        (5.25, 5.5, "north", "Restart"),
        (5.5, 9.0, "north", "Run"),
    ],
    "c": [(2.25, 4.0, "north", "Run"), (7.0, 7.25, "north", "Restart"), (7.25, 8.5, "north", "Run")],
    "late": [(20.0, 23.0, "north", "Run")],
}


def document() -> Json:
    """The file."""
    return {
        "version": 1,
        "start": "2022-03-14T00:00:00Z",
        "slotMinutes": 60 * HOURS,
        "slots": SLOTS,
        "forecast": "dayahead:0.08",
        "seed": 7,
        "voltaireVersion": "0.1.0",
        "clusters": [_cluster("north", "FR", ["EU", "FR"], None), _cluster("south", "US-X", ["US"], 12.0)],
        "batteries": [
            {
                "name": "store", "cluster": "south", "capacityKWh": 20.0, "maxChargeKW": 5.0,
                "maxDischargeKW": 4.0, "chargeEfficiency": 0.95, "dischargeEfficiency": 0.9, "reserve": 0.2,
                "wearGramsPerKWh": 15.0, "initialSocKWh": 6.0, "initialGramsPerKWh": 200.0,
                "solarKWh": [sun * HOURS for sun in SUN], "solarGramsPerKWh": 48.0,
            }
        ],
        "jobs": [_job(job) for job in JOBS],
        "migration": {"kWhPerGB": KWH_PER_GB, "gbPerHour": TRANSFER_GB_PER_HOUR, "restartH": RESTART},
        "policies": {"carbon-agnostic": policy(STAY), "clairvoyant": policy(MOVE)},
    }  # fmt: skip


def _cluster(name: str, zone: str, jurisdictions: list[str], limit: float | None) -> Json:
    return {
        "name": name,
        "zone": zone,
        "pue": PUE[name],
        "hostOverheadKW": HOST[name],
        "capacity": {"a100": 12},
        "powerLimitKW": limit,
        "jurisdictions": jurisdictions,
        "gramsPerKWh": [grams for grams in GRAMS[name] for _ in range(2)],
    }


def _job(job: tuple[Any, ...]) -> Json:
    name, arrival, duration, gang, kw, slack, home, free, size, where = job
    return {
        "id": name, "arrivalH": arrival, "durationH": duration, "accelerators": gang, "kWPerAccelerator": kw,
        "deadlineH": arrival + duration + slack, "home": home, "interruptible": bool(free),
        "checkpointGB": size, "residency": list(where),
    }  # fmt: skip


def policy(timelines: Mapping[str, Sequence[tuple[float, float, str, str]]]) -> Json:
    """What comes of timelines; the battery charges by night and sun, and gives in the evening."""
    it = {name: _it(timelines, name) for name in PUE}
    store, clusters = _store(it["south"]), []
    for name, energy in it.items():
        facility = [each * PUE[name] + HOST[name] * HOURS for each in energy]
        given = store["dischargeKWh"] if name == "south" else [0.0] * SLOTS
        sun = [0.0] * SLOTS
        charge = [0.0] * SLOTS
        if name == "south":
            charge = [a + b for a, b in zip(store["chargeGridKWh"], store["chargeSolarKWh"], strict=True)]
            sun = _sun_used(facility, store)
        grid = [f + c - s - g for f, c, s, g in zip(facility, charge, sun, given, strict=True)]
        assert min(grid) >= 0
        grams = [e * GRAMS[name][slot // 2] for slot, e in enumerate(grid)]
        clusters.append(
            {"name": name, "itKWh": energy, "facilityKWh": facility, "gridKWh": grid, "solarUsedKWh": sun,
             "batteryKWh": given, "grams": grams}
        )  # fmt: skip
    jobs = {job["id"]: job for job in map(_job, JOBS)}
    rows = [_timeline(jobs[name], runs) for name, runs in timelines.items()]
    moved = [j for j in jobs if any(run[3] == "Transfer" for run in timelines[j])]
    summary = {
        "grams": sum(sum(c["grams"]) for c in clusters),
        **{k: sum(sum(c[k]) for c in clusters) for k in ("gridKWh", "facilityKWh", "itKWh")},
        "cost": None, "litres": None, "missed": sum(row["missed"] for row in rows), "violations": 0,
        "migrations": len(moved), "gbMoved": sum(jobs[name]["checkpointGB"] for name in moved),
        "planSecondsP50": 0.1, "planSecondsP95": 0.3, "gapP50": 0.01, "gapP95": 0.02,
        "lowerBoundGrams": 9000.0,
    }  # fmt: skip
    return {"summary": summary, "timelines": rows, "clusters": clusters, "batteries": [store]}


def _timeline(job: Json, runs: Sequence[tuple[float, float, str, str]]) -> Json:
    done = max(run[1] for run in runs)
    return {
        "id": job["id"],
        "runs": [list(r) for r in runs],
        "doneH": done,
        "missed": done > job["deadlineH"],
        "lostH": 0.0,
    }


def _it(timelines: Mapping[str, Sequence[tuple[float, float, str, str]]], cluster: str) -> list[float]:
    """A quarter of an hour at a time; of a transfer half where it leaves, half where it arrives."""
    energy = [0.0] * SLOTS
    for name, runs in timelines.items():
        job = next(_job(job) for job in JOBS if job[0] == name)
        for start, end, where, kind in runs:
            power = job["accelerators"] * job["kWPerAccelerator"]
            if kind == "Transfer":
                half = job["checkpointGB"] * KWH_PER_GB / 2 / PUE[cluster]
                energy[int(end * 2) - 1 if where == cluster else int(start * 2)] += half
                continue
            for quarter in range(int(start * 4), int(end * 4)):
                energy[quarter // 2] += power / 4 if where == cluster else 0.0
    return energy


def _store(it: Sequence[float]) -> Json:
    grid = [1.0 if 4 <= slot < 8 else 0.0 for slot in range(SLOTS)]
    solar = [SUN[slot] * HOURS / 2 if 22 <= slot < 30 else 0.0 for slot in range(SLOTS)]
    given = [0.25 if slot >= 40 else 0.0 for slot in range(SLOTS)]
    held, intensity, soc, stored = 6.0, 200.0, [], []
    for slot in range(SLOTS):
        taken = given[slot] / 0.9
        mass = (held - taken) * intensity + grid[slot] * GRAMS["south"][slot // 2] + solar[slot] * 48.0
        held = held - taken + (grid[slot] + solar[slot]) * 0.95
        intensity = mass / held
        soc.append(held)
        stored.append(intensity)
    return {"name": "store", "chargeGridKWh": grid, "chargeSolarKWh": solar, "dischargeKWh": given,
            "socKWh": soc, "storedGramsPerKWh": stored}  # fmt: skip


def _sun_used(facility: Sequence[float], store: Json) -> list[float]:
    """What charges, and of the rest what the site can take."""
    return [
        store["chargeSolarKWh"][slot]
        + min(facility[slot] - store["dischargeKWh"][slot], SUN[slot] * HOURS - store["chargeSolarKWh"][slot])
        for slot in range(SLOTS)
    ]


def traces(folder: Path) -> Traces:
    """The files that the result was made of, written and read."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["datetime_utc,FR,US-X"]
    pairs = zip(GRAMS["north"], GRAMS["south"], strict=True)
    rows += [f"2022-03-14T{hour:02}:00Z,{n},{s}" for hour, (n, s) in enumerate(pairs)]
    (folder / "carbon.csv").write_text("\n".join(rows) + "\n")
    head = "id,arrival_h,duration_h,accelerators,kw_per_accelerator,slack_h,home,interruptible,checkpoint_gb"
    lines = [",".join(str(cell) for cell in job[:-1]) + "," + ";".join(job[-1]) for job in JOBS]
    (folder / "jobs.csv").write_text("\n".join([f"{head},residency", *lines]) + "\n")
    (folder / "fleet.yaml").write_text(yaml.safe_dump_all(resources()))
    return read_traces(folder / "carbon.csv", folder / "jobs.csv", [folder / "fleet.yaml"])


def resources() -> list[Json]:
    """The fleet."""
    found = [
        _resource("GridZone", "fr", {"zone": "FR"}),
        _resource("GridZone", "x", {"zone": "US-X"}),
        _resource("PlacementPolicy", "default", {"migration": {"gbPerHour": TRANSFER_GB_PER_HOUR}}),
        _resource(
            "Battery",
            "store",
            {"capacityKWh": 20, "maxChargeKW": 5, "maxDischargeKW": 4, "chargeEfficiency": 0.95,
             "dischargeEfficiency": 0.9, "wearGramsPerKWh": 15, "assumedStoredGramsPerKWh": 200,
             "solar": {"peakKW": 3}},
        ),
    ]  # fmt: skip
    for name, zone, where, more in (
        ("north", "fr", ["EU", "FR"], {}),
        ("south", "x", ["US"], {"limitKW": 12}),
    ):
        power = {"pue": PUE[name], "hostOverheadKW": HOST[name], **more}
        spec = {
            "gridZone": zone,
            "jurisdictions": where,
            "power": power,
            "capacity": {"accelerators": [{"type": "a100", "count": 12}]},
            "batteries": ["store"] if name == "south" else [],
        }
        found.append(_resource("RegionalCluster", name, spec))
    return found


def _resource(kind: str, name: str, spec: Json) -> Json:
    return {"apiVersion": "voltaire.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
