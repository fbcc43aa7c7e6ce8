"""A small fleet, its trace and its jobs as files: what a sweep is given. Seconds to play."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import cos, pi
from pathlib import Path
from typing import Any

import yaml

START = datetime(2022, 1, 1, tzinfo=UTC)
DAYS = 60


def write(folder: Path) -> Path:
    """`fleet.yaml`, `carbon.csv` and `jobs.csv`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "fleet.yaml").write_text(yaml.safe_dump_all(fleet()))
    rows = ["datetime_utc,FR,US-X"]
    for hour in range(DAYS * 24):
        swing = cos(2 * pi * hour / 24)
        rows.append(
            f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%MZ},{250 + 190 * swing:.3f},{260 - 150 * swing:.3f}"
        )
    (folder / "carbon.csv").write_text("\n".join(rows) + "\n")
    (folder / "jobs.csv").write_text(
        "id,arrival_h,duration_h,accelerators,kw_per_accelerator,slack_h,home,interruptible,checkpoint_gb,"
        "residency\n"
        "a,0,3,8,0.5,20,south,1,50,\n"
        "b,1,2,4,0.5,6,south,0,10,US\n"
        "c,2,4,8,0.5,12,north,1,5,\n"
        "d,4,1,2,0.5,1,south,1,0,\n"
    )
    return folder


def fleet() -> list[dict[str, Any]]:
    """Two clusters, a battery with sun beside the southern one."""
    telemetry = {"http": {"url": "https://site.example/s.json", "soc": {"query": "soc"}}}
    found = [
        _object("PlacementPolicy", "default", {"slot": "60m", "horizon": "24h"}),
        _object(
            "Battery",
            "store",
            {"capacityKWh": 20, "maxChargeKW": 5, "maxDischargeKW": 5, "wearGramsPerKWh": 10,
             "solar": {"peakKW": 4}, "telemetry": telemetry},
        ),
    ]  # fmt: skip
    for name, zone, where, longitude in (
        ("north", "FR", ["EU", "FR"], 2.3),
        ("south", "US-X", ["US"], -90.0),
    ):
        source = {"configMap": {"namespace": "v", "name": "carbon", "key": "matrix.csv"}}
        found.append(_object("GridZone", name, {"zone": zone, "sources": [source]}))
        spec = {
            "region": name,
            "jurisdictions": where,
            "location": {"latitude": 40.0, "longitude": longitude},
            "gridZone": name,
            "connection": {"inCluster": True},
            "capacity": {"accelerators": [{"type": "a100", "count": 16, "powerKW": 0.5}]},
            "power": {"pue": 1.2, "hostOverheadKW": 1},
            "batteries": ["store"] if name == "south" else [],
        }
        found.append(_object("RegionalCluster", name, spec))
    return found


def _object(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "voltaire.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
