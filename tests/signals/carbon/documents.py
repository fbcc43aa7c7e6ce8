"""Documents as the providers document them, written by hand, around the time the tests' clock shows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.signals.builders import HERE, HOUR, NOW

Document = dict[str, Any]
HALF = timedelta(minutes=30)
QUARTER = timedelta(minutes=15)
FIVE = timedelta(minutes=5)
AREA = "10YFR-RTE------C"


def iso(time: datetime, seconds: str = ":00") -> str:
    return f"{time:%Y-%m-%dT%H:%M}{seconds}Z"


def watt_time(values: Sequence[object], first: datetime = NOW, region: str = "CAISO_NORTH") -> Document:
    """A forecast or history, lb/MWh every five minutes from `first` on."""
    return {
        "data": [
            {"point_time": f"{first + i * FIVE:%Y-%m-%dT%H:%M:%S}+00:00", "value": value}
            for i, value in enumerate(values)
        ],
        "meta": {
            "region": region,
            "signal_type": "co2_moer",
            "units": "lbs_co2_per_mwh",
            "data_point_period_seconds": 300,
            "generated_at": f"{first:%Y-%m-%dT%H:%M:%S}+00:00",
            "generated_at_period_seconds": 300,
            "model": {"date": "2026-01-15"},
            "warnings": [],
        },
    }


def half_hour(start: datetime, forecast: object, actual: object = ...) -> Document:
    """A half hour as NESO writes it; without `actual` as the regions have it."""
    intensity: Document = {"forecast": forecast, "index": "moderate"}
    if actual is not ...:
        intensity["actual"] = actual
    return {"from": iso(start, ""), "to": iso(start + HALF, ""), "intensity": intensity}


def national() -> Document:
    """Two half hours that occurred, the present one without an actual, and one to come."""
    return {
        "data": [
            half_hour(NOW - 2 * HALF, 120, 118),
            half_hour(NOW - HALF, 121, 0),
            half_hour(NOW, 130, None),
            half_hour(NOW + HALF, 140, None),
        ]
    }


def regional(number: int = 13, **fields: object) -> Document:
    """One region over a range: the envelope whose `data` is an object."""
    return {
        "data": {
            "regionid": number,
            "dnoregion": "UKPN London",
            "shortname": "London",
            "data": [half_hour(NOW, 90), half_hour(NOW + HALF, 95)],
            **fields,
        }
    }


# g/kWh by the factors fitted to RTE: (429 * 4000 + 494 * 1000) / 50000 = 44.2.
RTE_MIX = {
    "nucleaire": 38000,
    "eolien": 3000,
    "solaire": 0,
    "hydraulique": 4000,
    "bioenergies": 1000,
    "gaz": 4000,
    "fioul": 0,
    "charbon": 0,
}


def eco2mix(rates: Sequence[object], last: datetime = NOW - QUARTER) -> Document:
    """Rows of éCO2mix, the newest first."""
    return {
        "total_count": len(rates),
        "results": [
            {"date_heure": f"{last - i * QUARTER:%Y-%m-%dT%H:%M:%S}+00:00", "taux_co2": rate, **RTE_MIX}
            for i, rate in enumerate(rates)
        ],
    }


def series_xml(
    code: str,
    points: Mapping[int, object],
    *,
    start: datetime = HERE - 2 * HOUR,
    count: int = 2,
    curve: str = "A03",
    resolution: str = "PT60M",
    zone: str = "in",
    area: str = AREA,
    unit: str = "MAW",
    step: timedelta = HOUR,
) -> str:
    """One series of generation (or, with zone `out`, consumption)."""
    written = "".join(
        f"<Point><position>{place}</position><quantity>{value}</quantity></Point>"
        for place, value in points.items()
    )
    return (
        f'<TimeSeries><mRID>1</mRID><{zone}BiddingZone_Domain.mRID codingScheme="A01">{area}'
        f"</{zone}BiddingZone_Domain.mRID><quantity_Measure_Unit.name>{unit}</quantity_Measure_Unit.name>"
        f"<curveType>{curve}</curveType><MktPSRType><psrType>{code}</psrType></MktPSRType>"
        f"<Period><timeInterval><start>{iso(start, '')}</start><end>{iso(start + count * step, '')}</end>"
        f"</timeInterval><resolution>{resolution}</resolution>{written}</Period></TimeSeries>"
    )


def generation_xml(*series: str, version: str = "3:0") -> bytes:
    """A document of generation per type."""
    space = f"urn:iec62325.351:tc57wg16:451-6:generationloaddocument:{version}"
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><GL_MarketDocument xmlns="{space}">'
        f"<mRID>a</mRID><type>A75</type>{''.join(series)}</GL_MarketDocument>"
    ).encode()


def acknowledgement_xml(text: str = "No matching data found") -> bytes:
    """What ENTSO-E answers, with status 200, when it has nothing."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Acknowledgement_MarketDocument '
        'xmlns="urn:iec62325.351:tc57wg16:451-1:acknowledgementdocument:8:0">'
        f"<mRID>a</mRID><Reason><code>999</code><text>{text}</text></Reason>"
        "</Acknowledgement_MarketDocument>"
    ).encode()


def entsoe() -> bytes:
    """Two hours: 300 gas (490) and 700 nuclear (12), so 155.4 g/kWh, lifecycle."""
    return generation_xml(series_xml("B04", {1: 300}), series_xml("B14", {1: 700, 2: 700}))


def fuel_rows(hours: Sequence[Mapping[str, object]], last_period: datetime = HERE) -> Document:
    """Rows of the EIA, the newest hour first; the period is the end of the hour."""
    rows = [
        {
            "period": f"{last_period - i * HOUR:%Y-%m-%dT%H}",
            "respondent": "CISO",
            "respondent-name": "California Independent System Operator",
            "fueltype": code,
            "type-name": code,
            "value": value,
            "value-units": "megawatthours",
        }
        for i, fuels in enumerate(hours)
        for code, value in fuels.items()
    ]
    return {"response": {"total": str(len(rows)), "data": rows}, "request": {"params": {}}}


def eia() -> Document:
    """Two hours: 300 gas and 700 nuclear, a battery that charges: 155.4 g/kWh, lifecycle."""
    hour = {"NG": "300", "NUC": "700", "BAT": "-150", "PS": "80"}
    return fuel_rows([hour, hour])


def energy_charts(first: datetime = NOW - 2 * QUARTER) -> Document:
    """Two quarters measured, then two that are forecast; the one that holds now among them."""
    epoch = int(first.timestamp())
    return {
        "unix_seconds": [epoch + 900 * i for i in range(4)],
        "co2eq": [310.0, 320.0, None, None],
        "co2eq_forecast": [999.0, None, 330.0, 340.0],
        "deprecated": False,
    }


def open_electricity(
    energy: Mapping[str, Sequence[object]] | None = None,
    emissions: Mapping[str, Sequence[object]] | None = None,
    first: datetime = NOW - 2 * FIVE,
) -> Document:
    """Steps of five minutes in New South Wales: 50 MWh coal with 45 t and 50 MWh sun, so 450 g/kWh.

    `first` is the start of the first step; a stamp names the end of its step.
    """
    energy = energy or {"coal_black": [50, 50], "solar_utility": [50, 50], "battery_charging": [9, 9]}
    emissions = emissions or {"coal_black": [45, 45], "solar_utility": [0, 0]}
    local = first + FIVE + 10 * HOUR

    def block(metric: str, unit: str, values: Mapping[str, Sequence[object]]) -> Document:
        return {
            "network_code": "NEM",
            "metric": metric,
            "unit": unit,
            "interval": "5m",
            "groupings": ["network_region", "fueltech"],
            "network_timezone_offset": "+10:00",
            "results": [
                {
                    "name": f"{metric}_{technology}",
                    "columns": {"region": "NSW1", "fueltech": technology},
                    "data": [
                        [f"{local + i * FIVE:%Y-%m-%dT%H:%M:%S}+10:00", value]
                        for i, value in enumerate(listed)
                    ],
                }
                for technology, listed in values.items()
            ],
        }

    return {
        "version": "4.5.16",
        "success": True,
        "data": [block("energy", "MWh", energy), block("emissions", "t", emissions)],
    }


def sdk_points(values: Sequence[object], first: datetime = NOW, location: str = "IE") -> list[Document]:
    """Data points of the Carbon Aware SDK's forecast."""
    return [
        {
            "location": location,
            "timestamp": f"{first + i * FIVE:%Y-%m-%dT%H:%M:%S}+00:00",
            "duration": 5,
            "value": value,
        }
        for i, value in enumerate(values)
    ]


def sdk_emissions(values: Sequence[object], last: datetime = NOW - FIVE) -> list[Document]:
    """What occurred, the newest first."""
    return [
        {"location": "IE", "time": f"{last - i * FIVE:%Y-%m-%dT%H:%M}:27.9260000+00:00", "rating": value}
        for i, value in enumerate(values)
    ]


def sdk_forecast(values: Sequence[object], location: str = "northeurope") -> list[Document]:
    """A forecast, with the best moments under the name that the code emits."""
    points = sdk_points(values)
    return [
        {
            "generatedAt": f"{NOW:%Y-%m-%dT%H:%M:%S}+00:00",
            "requestedAt": f"{NOW:%Y-%m-%dT%H:%M:%S}+00:00",
            "location": location,
            "windowSize": 5,
            "optimalDataPoints": points[:1],
            "forecastData": points,
        }
    ]


def exporter_map(values: Sequence[object] = (400, 410, 420), first: datetime = NOW - FIVE) -> dict[str, str]:
    """The exporter's ConfigMap, with binary data decoded."""
    return {
        "lastHeartbeatTime": f"{first:%Y-%m-%d %H:%M}:26.041158869 +0000 UTC m=+10.861427049",
        "message": "",
        "numOfRecords": str(len(values)),
        "data": json.dumps(sdk_points(values, first)),
    }


def matrix_page(pairs: Sequence[tuple[datetime, str]], **labels: str) -> Document:
    """A subquery's answer with one series."""
    values = [[time.timestamp(), value] for time, value in pairs]
    return {
        "status": "success",
        "data": {"resultType": "matrix", "result": [{"metric": labels, "values": values}]},
    }
