"""One object of every kind with every field of its spec set to something legal.

Where a spec offers a choice, the alternatives are spread over several objects of the kind.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from voltaire.api.base import API_VERSION

Object = dict[str, Any]

READINGS: Object = {
    "url": "https://metrics.example.org",
    "bearerRef": {"name": "metrics", "namespace": "voltaire-system", "key": "token"},
    "soc": {"query": "battery_soc", "unit": "Percent", "scale": 1},
    "power": {"query": "battery_power", "unit": "W", "scale": 1, "positive": "Charge"},
    "solar": {"query": "solar_power", "unit": "W", "scale": 1, "positive": "Discharge"},
    "load": {"query": "site_load", "unit": "MW", "scale": 1, "positive": "Discharge"},
}
JOB: Object = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "train", "namespace": "default", "labels": {"team": "a"}},
    "spec": {
        "template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "train:1"}]}}
    },
}
DEPLOYMENT: Object = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "serve", "namespace": "default"},
    "spec": {"template": {"spec": {"containers": [{"name": "c", "image": "serve:1"}]}}},
}

_AIWORKLOAD: Object = {
    "type": "Training",
    "manifest": JOB,
    "profile": {"accelerators": 8, "powerKW": 4.0, "duration": "10h", "throughput": {"a100": 1.0, "h100": 2}},
    "schedule": {
        "earliestStart": "2030-01-01T00:00:00Z",
        "deadline": "2030-01-02T00:00:00+01:00",
        "deadlineKind": "Required",
    },
    "placement": {
        "policy": "default",
        "clusterSelector": {
            "matchLabels": {"tier": "gpu"},
            "matchExpressions": [{"key": "tier", "operator": "In", "values": ["gpu"]}],
        },
        "residency": ["EU"],
        "homeCluster": "paris",
    },
    "disruption": {
        "mode": "Migrate",
        "checkpoint": {"interval": "30m", "onTermination": True, "sizeGB": 40, "restoreTime": "3m"},
        "minimumResidence": "1h",
        "maximumMigrations": 4,
        "onClusterLost": "RestartElsewhere",
    },
    "suspend": False,
}
_REGIONALCLUSTER: Object = {
    "region": "eu-west-paris",
    "jurisdictions": ["EU", "FR"],
    "location": {"latitude": 48.9, "longitude": 2.4},
    "gridZone": "fr",
    "connection": {
        "kubeconfigSecretRef": {"name": "paris", "namespace": "voltaire-system", "key": "kubeconfig"},
        "impersonate": "voltaire-runner",
    },
    "engine": "Direct",
    "capacity": {
        "accelerators": [{"type": "a100", "resource": "nvidia.com/gpu", "count": 16, "powerKW": 0.5}]
    },
    "power": {"pue": 1.2, "wue": 1.8, "limitKW": 20, "hostOverheadKW": 0.5},
    "batteries": ["site-paris"],
    "namespaces": ["ai"],
    "suspend": True,
}
_GRIDZONE: Object = {
    "zone": "FR",
    "basis": {"signal": "marginal", "boundary": "direct", "perspective": "production"},
    "sources": [
        {
            "electricityMaps": {
                "secretRef": {"name": "maps", "namespace": "voltaire-system", "key": "token"},
                "url": "https://api.electricitymaps.com/v3",
                "forecast": False,
            }
        },
        {"configMap": {"name": "carbon-fr", "namespace": "voltaire-system", "key": "series.csv"}},
        {"csv": {"file": "2022/matrix.csv"}},
        {"static": {"gramsPerKWh": 0}},
    ],
    "refresh": "5m",
    "staleAfter": "2h",
    "plausible": {"minGramsPerKWh": 0, "maxGramsPerKWh": 1200},
    "crossCheck": {"tolerance": 0.25},
}


def _secret(key: str) -> Object:
    return {"name": "carbon", "namespace": "voltaire-system", "key": key}


# The other members of a source; some exclude each other, so they fill two objects.
_PROVIDERS: list[Object] = [
    {
        "wattTime": {
            "usernameRef": _secret("user"),
            "passwordRef": _secret("password"),
            "region": "CAISO_NORTH",
            "url": "https://api.watttime.org",
        }
    },
    {"neso": {"regionId": 13, "url": "https://api.carbonintensity.org.uk"}},
    {"rte": {"apiKeyRef": _secret("odre"), "url": "https://odre.opendatasoft.com"}},
    {
        "entsoe": {
            "tokenRef": _secret("entsoe"),
            "area": "10Y1001A1001A82H",
            "maxUnknownShare": 0.1,
            "factors": "ElectricityMaps",
            "ownFactors": [{"fuel": "coal", "gramsPerKWh": 1050}],
            "url": "https://web-api.tp.entsoe.eu/api",
        }
    },
    {
        "eia": {
            "apiKeyRef": _secret("eia"),
            "respondent": "CISO",
            "maxUnknownShare": 0.1,
            "factors": "ElectricityMaps",
            "ownFactors": [{"fuel": "coal", "gramsPerKWh": 1050}],
            "url": "https://api.eia.gov/v2",
        }
    },
    {"energyCharts": {"country": "de", "url": "https://api.energy-charts.info"}},
    {
        "openElectricity": {
            "apiKeyRef": _secret("oe"),
            "network": "NEM",
            "region": "NSW1",
            "url": "https://api.openelectricity.org.au/v4",
        }
    },
]
_IN_CLUSTER: list[Object] = [
    {
        "wattTime": {
            "usernameRef": _secret("user"),
            "passwordRef": _secret("password"),
            "location": {"latitude": 37.5, "longitude": -122.0},
        }
    },
    {"neso": {"postcode": "RG41"}},
    {
        "carbonAwareSdk": {
            "url": "https://sdk.example.org",
            "location": "westeurope",
            "behind": "WattTime",
        }
    },
    {
        "azureExporter": {
            "name": "carbon-intensity",
            "namespace": "kube-system",
            "location": "CAISO_NORTH",
            "behind": "ElectricityMaps",
        }
    },
    {
        "prometheus": {
            "url": "https://metrics.example.org",
            "query": "grid_intensity_carbon_average",
            "unit": "lb/MWh",
            "step": "5m",
            "history": "24h",
        }
    },
]
_BROKER: Object = {
    "host": "broker.example.org",
    "port": 8883,
    "tls": True,
    "caRef": _secret("ca"),
    "username": "voltaire",
    "passwordRef": _secret("mqtt"),
}
_DEVICE: Object = {"host": "10.0.0.5", "port": 502, "unitId": 1, "base": 40000}
_BATTERY: Object = {
    "capacityKWh": 40,
    "maxChargeKW": 10,
    "maxDischargeKW": 10,
    "chargeEfficiency": 0.95,
    "dischargeEfficiency": 0.95,
    "reserve": 0.2,
    "wearGramsPerKWh": 10,
    "assumedStoredGramsPerKWh": 200,
    "solar": {"peakKW": 15, "gramsPerKWh": 48},
    "telemetry": {"prometheus": READINGS, "refresh": "1m", "staleAfter": "15m"},
    "control": {
        "mode": "Recommend",
        "publish": _BROKER | {"topic": "voltaire/site-paris/plan"},
        "power": False,
        "refresh": "20s",
        "revertAfter": "2m",
    },
}
_PLACEMENTPOLICY: Object = {
    "mode": "Recommend",
    "objective": {"latenessGramsPerHour": 100},
    "hysteresis": {"minimumSaving": 0.1, "minimumSavingGrams": 5, "minimumResidence": "1h"},
    "migration": {"kwhPerGB": 0.06, "gbPerHour": 450},
    "budget": {"perHour": 10, "concurrent": 2},
    "slot": "15m",
    "horizon": "48h",
}


def changed(value: Any, changes: dict[str, Any]) -> Any:
    """A copy with the values at dotted paths (`sources.0.csv`) set, or removed where they are `...`."""
    out = deepcopy(value)
    for path, new in changes.items():
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        node = out
        for part in parents:
            node = node[part]
        if new is ...:
            del node[last]
        else:
            node[last] = new
    return out


_SERVING = changed(
    _AIWORKLOAD,
    {
        "type": "Serving",
        "manifest": DEPLOYMENT,
        "schedule.deadline": ...,
        "schedule.deadlineKind": "Preferred",
    },
)
_AT_HOME = changed(_REGIONALCLUSTER, {"connection": {"inCluster": True, "impersonate": "voltaire-runner"}})


def _battery(telemetry: Object, **control: Any) -> Object:
    """The battery read and controlled in other ways."""
    mode = {"mode": "Control", **control} if control else {"mode": "Observe"}
    return changed(_BATTERY, {"telemetry": telemetry, "control": mode})


_FORECAST: Object = {
    "values": "$.forecast[*].watts",
    "times": "$.forecast[*].at",
    "unit": "W",
    "scale": 1,
}
_SOC_TOPIC: Object = {
    "topic": "site/soc",
    "path": "$.soc",
    "time": "$.time",
    "unit": "Percent",
    "scale": 1,
}
_POWER_TOPIC: Object = {
    "topic": "site/power",
    "path": "$.kw",
    "time": "$.time",
    "unit": "kW",
    "scale": 1,
    "positive": "Charge",
}
_CHANNELS: Object = {
    "url": "http://10.0.0.4:8084",
    "passwordRef": _secret("guest"),
    "soc": "_sum/EssSoc",
    "power": "_sum/EssActivePower",
    "solar": "_sum/ProductionActivePower",
    "load": "_sum/ConsumptionActivePower",
}
_LIMIT_TOPIC: Object = {
    "topic": "site/set/limit",
    "unit": "W",
    "readBack": {"topic": "site/limit", "path": "$.value"},
}
_MQTT_CONTROL: Object = _BROKER | {
    "reserve": {
        "topic": "site/set/reserve",
        "unit": "Percent",
        "readBack": {"topic": "site/reserve", "path": "$.value"},
    },
    "maxCharge": _LIMIT_TOPIC,
    "maxDischarge": _LIMIT_TOPIC,
    "power": _LIMIT_TOPIC | {"positive": "Charge"},
    "document": "site/set",
}
_HTTP = _battery(
    {"http": READINGS | {"time": "$.time", "solarForecast": _FORECAST}},
    mqtt=_MQTT_CONTROL,
    power=True,
)
_OPENEMS = _battery(
    {"openEMS": _CHANNELS},
    openEMS={"url": "http://10.0.0.4:8084", "passwordRef": _secret("owner"), "ess": "ess0"},
)
_SUNSPEC = _battery(
    {"sunSpec": _DEVICE | {"ac": "Solar", "positive": "Discharge"}}, sunSpec=_DEVICE | {"limit": False}
)
_MQTT = _battery(
    {
        "mqtt": _BROKER
        | {
            "retained": "Accept",
            "soc": _SOC_TOPIC,
            "power": _POWER_TOPIC,
            "solar": _POWER_TOPIC,
            "load": _POWER_TOPIC,
            "solarForecast": _FORECAST | {"topic": "site/forecast"},
        }
    }
)
_VICTRON = _battery(
    {"victron": _BROKER | {"portalId": "c0619ab1cd2e", "solar": True, "load": True}},
    victron=_BROKER | {"portalId": "c0619ab1cd2e"},
)
_VESSIM = _battery(
    {
        "vessim": {
            "url": "http://127.0.0.1:8700",
            "microgrid": "dc1",
            "storage": "bess",
            "solar": "pv",
            "load": "server",
        }
    }
)

SPECS: dict[str, tuple[Object, ...]] = {
    "AIWorkload": (_AIWORKLOAD, _SERVING),
    "RegionalCluster": (_REGIONALCLUSTER, _AT_HOME),
    "GridZone": (
        _GRIDZONE,
        changed(_GRIDZONE, {"sources": _PROVIDERS}),
        changed(_GRIDZONE, {"sources": _IN_CLUSTER}),
    ),
    "Battery": (_BATTERY, _HTTP, _OPENEMS, _SUNSPEC, _MQTT, _VICTRON, _VESSIM),
    "PlacementPolicy": (_PLACEMENTPOLICY,),
}


def example(kind: str, *, variant: int = 0, name: str = "example", changes: Object | None = None) -> Object:
    """A whole object; `changes` are to its spec."""
    spec = changed(SPECS[kind][variant], changes or {})
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec}
