"""Every source with the documents its provider would serve at a time, out of one made-up truth.

A document is a tree of JSON; for ENTSO-E it is rendered as XML. A family knows where in the tree values,
times, names of zones and units stand, so that any of them can be bent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sin
from typing import Any

from tests.signals.builders import HERE, HOUR
from tests.signals.carbon import documents as d
from tests.signals.carbon.harness import AVERAGE, DIRECT, MARGINAL, PRODUCTION, REF, STACKS

Tree = Any
Place = tuple[Any, Any]
Documents = dict[str, Tree]
POUND = 0.45359237
LATE = timedelta(minutes=2)


class Grid:
    """What the documents are made of; `stands`: from when on the feed stands still."""

    stands: datetime | None = None


def truth(time: datetime, low: float = 260.0) -> float:
    """What the grid does: never the same twice, never zero, a swing of a day."""
    if Grid.stands is not None:
        time = min(time, Grid.stands)
    hours = (time - HERE) / HOUR
    return round(low + 50 * sin(hours / 3.8) + 7 * sin(hours * 2.1) + hours % 1, 1)


def steps(now: datetime, step: timedelta, back: timedelta, ahead: timedelta = timedelta(0)) -> list[datetime]:
    """The starts of all steps from `back` before the one that holds `now`."""
    current = now - (now - HERE) % step
    return [current - back + i * step for i in range((back + ahead) // step + 1)]


def walk(tree: Tree, *names: str) -> Iterator[Place]:
    """Where in a tree a field of one of these names stands."""
    items: Any = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(items):
        if key in names:
            yield tree, key
        else:
            yield from walk(value, *names)


def _pairs(tree: Tree) -> Iterator[list[Any]]:
    """Points that are written as [time, value]."""
    if isinstance(tree, list) and len(tree) == 2 and _is_time(tree[0]):
        yield tree
        return
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _pairs(inner)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float | str) and any(letter.isdigit() for letter in str(value))


@dataclass(frozen=True)
class Family:
    """`documents(now)`: what each address (by the end of its path) answers; `value(now)`: what is then true.

    The names of fields: `values`, `times`, `zones`, `units`; empty where a provider has none. `points`: lists
    of points. `step`: how far apart points are.
    """

    source: dict[str, Any]
    basis: dict[str, str]
    documents: Callable[[datetime], Documents]
    value: Callable[[datetime], float]
    step: timedelta
    values: tuple[str, ...]
    times: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    http: bool = True
    render: Callable[[Tree], bytes] = lambda tree: json.dumps(tree).encode()
    zone: str = "FR"
    mixed: bool = False

    def parts(self, tree: Tree, names: tuple[str, ...]) -> list[Place]:
        """Places of the named fields; a list of numbers counts as its entries."""
        found: list[Place] = [(pair, int(name)) for name in names if name in "01" for pair in _pairs(tree)]
        for holder, key in walk(tree, *names):
            inner = holder[key]
            if isinstance(inner, list) and not isinstance(inner[0] if inner else None, dict | list):
                found += [(inner, index) for index in range(len(inner))]
            else:
                found.append((holder, key))
        return found


def _em(now: datetime) -> Documents:
    def point(time: datetime) -> Tree:
        return {
            "zone": "FR",
            "carbonIntensity": truth(time),
            "datetime": f"{time:%Y-%m-%dT%H:%M}:00.000Z",
            "updatedAt": f"{time:%Y-%m-%dT%H:%M}:00.000Z",
            "emissionFactorType": "lifecycle",
            "isEstimated": True,
            "estimationMethod": "TIME_SLICER_AVERAGE",
        }

    past = steps(now, HOUR, 24 * HOUR)
    ahead = steps(now, HOUR, timedelta(0), 48 * HOUR)
    return {
        "/latest": point(past[-1]),
        "/history": {"zone": "FR", "history": [point(time) for time in past[:-1]]},
        "/forecast": {"zone": "FR", "forecast": [point(time) for time in ahead]},
    }


def _watt_time(now: datetime) -> Documents:
    def document(times: list[datetime]) -> Tree:
        tree = d.watt_time([truth(time) / POUND for time in times])
        for point, time in zip(tree["data"], times, strict=True):
            point["point_time"] = f"{time:%Y-%m-%dT%H:%M:%S}+00:00"
        return tree

    past, ahead = steps(now, d.FIVE, 12 * HOUR), steps(now, d.FIVE, timedelta(0), 6 * HOUR)
    return {"/forecast": document(ahead), "/historical": document(past[:-1])}


def _neso(now: datetime, region: int | None = None) -> Documents:
    times = steps(now, d.HALF, 24 * HOUR, 47 * HOUR)
    halves = [
        d.half_hour(
            t, round(truth(t)), *([None if t > now - HOUR else round(truth(t))] if not region else [])
        )
        for t in times
    ]
    if region is None:
        return {"Z": {"data": halves}}
    return {f"/{region}": {"data": {"regionid": region, "shortname": "London", "data": halves}}}


def _gas(time: datetime) -> float:
    """MW of gas among 1000 MW, the rest nuclear, that make the truth with lifecycle factors."""
    return round((truth(time) - 12.0) / 0.478, 1)


def _mixed(time: datetime) -> float:
    return (490 * _gas(time) + 12 * (1000 - _gas(time))) / 1000


def _rte_row(time: datetime) -> Tree:
    gas = round(truth(time, 90.0) * 100)
    mix = {**dict.fromkeys(d.RTE_MIX, 0), "gaz": gas, "nucleaire": 42900 - gas}
    return {"date_heure": f"{time:%Y-%m-%dT%H:%M}:00+00:00", "taux_co2": round(gas / 100), **mix}


def _rte(now: datetime) -> Documents:
    rows = [_rte_row(time) for time in reversed(steps(now, d.QUARTER, 24 * HOUR))]
    return {"/records": {"total_count": len(rows), "results": rows}}


def _entsoe(now: datetime) -> Documents:
    times = steps(now - 2 * HOUR, HOUR, 46 * HOUR)
    span = {"start": d.iso(times[0], ""), "end": d.iso(times[-1] + HOUR, ""), "resolution": "PT60M"}

    def series(code: str, amount: Callable[[datetime], float]) -> Tree:
        points = [{"position": i + 1, "quantity": amount(time)} for i, time in enumerate(times)]
        return {"code": code, "area": d.AREA, "unit": "MAW", **span, "points": points}

    return {"/api": {"series": [series("B04", _gas), series("B14", lambda t: 1000 - _gas(t))]}}


def _entsoe_xml(tree: Tree) -> bytes:
    if not isinstance(tree, dict) or not isinstance(tree.get("series"), list):
        return json.dumps(tree).encode()
    return d.generation_xml(*(_series_xml(one) for one in tree["series"] if isinstance(one, dict)))


def _series_xml(one: Tree) -> str:
    def tag(name: str, value: object) -> str:
        text = "NaN" if value != value else "" if value is None else str(value)  # noqa: PLR0124
        return f"<{name}>{text.replace('<', '&lt;')}</{name}>"

    listed = one.get("points")
    points = "".join(
        tag_("Point", tag("position", p.get("position")) + tag("quantity", p.get("quantity")))
        for p in (listed if isinstance(listed, list) else [])
        if isinstance(p, dict)
    )
    interval = tag_("timeInterval", tag("start", one.get("start")) + tag("end", one.get("end")))
    period = tag_("Period", interval + tag("resolution", one.get("resolution")) + points)
    zone, unit = tag("inBiddingZone_Domain.mRID", one.get("area")), one.get("unit")
    kind = tag_("MktPSRType", tag("psrType", one["code"]))
    return tag_(
        "TimeSeries",
        f"{zone}{tag('quantity_Measure_Unit.name', unit)}{tag('curveType', 'A03')}{kind}{period}",
    )


def tag_(name: str, inner: str) -> str:
    return f"<{name}>{inner}</{name}>"


def _eia(now: datetime) -> Documents:
    rows = [
        {
            "period": f"{time + HOUR:%Y-%m-%dT%H}",
            "respondent": "CISO",
            "fueltype": code,
            "type-name": code,
            "value": f"{amount:.1f}",
            "value-units": "megawatthours",
        }
        for time in reversed(steps(now - 2 * HOUR, HOUR, 46 * HOUR))
        for code, amount in (("NG", _gas(time)), ("NUC", 1000 - _gas(time)))
    ]
    return {"/data/": {"response": {"total": str(len(rows)), "data": rows}}}


def _energy_charts(now: datetime) -> Documents:
    times = steps(now, d.QUARTER, 24 * HOUR, 12 * HOUR)
    known = [truth(time) if time < now - HOUR else None for time in times]
    return {
        "/co2eq": {
            "unix_seconds": [int(time.timestamp()) for time in times],
            "co2eq": known,
            "co2eq_forecast": [truth(time) for time in times],
            "deprecated": False,
        }
    }


def _open_electricity(now: datetime) -> Documents:
    times = steps(now - d.FIVE, d.FIVE, 12 * HOUR)
    coal = [round(truth(time) / 9, 3) for time in times]
    return {
        "/NEM": d.open_electricity(
            {"coal_black": coal, "solar_utility": [100 - mw for mw in coal]},
            {"coal_black": [0.9 * mw for mw in coal], "solar_utility": [0] * len(coal)},
            times[0],
        )
    }


def _sdk(now: datetime) -> Documents:
    past = steps(now - d.FIVE, d.FIVE, 12 * HOUR)
    ahead = steps(now, d.FIVE, timedelta(0), 6 * HOUR)
    occurred = [{"location": "IE", "time": f"{t:%Y-%m-%dT%H:%M}:00+00:00", "rating": truth(t)} for t in past]
    forecast = d.sdk_forecast([truth(time) for time in ahead])
    for point, time in zip(forecast[0]["forecastData"], ahead, strict=True):
        point["timestamp"] = f"{time:%Y-%m-%dT%H:%M:%S}+00:00"
    forecast[0]["optimalDataPoints"] = []
    return {"/bylocation": occurred, "/current": forecast}


def _prometheus(now: datetime) -> Documents:
    past = steps(now - d.FIVE, d.FIVE, 12 * HOUR)
    stamp = steps(now, d.FIVE, timedelta(0))[0]
    labels = {"units": "gCO2e per kWh", "location": "FR"}
    instant = [{"metric": labels, "value": [now.timestamp(), str(truth(stamp))]}]
    matrix = [{"metric": labels, "values": [[time.timestamp(), str(truth(time))] for time in past]}]
    return {
        "/query": {"status": "success", "data": {"resultType": "vector", "result": instant}},
        "/query?past": {"status": "success", "data": {"resultType": "matrix", "result": matrix}},
    }


def _exporter(now: datetime) -> Documents:
    written = HERE - 2 * HOUR
    times = [written + i * d.FIVE for i in range(168)]
    points = d.sdk_points([truth(time) for time in times], written)
    return {"data": points}


FIVE_VALUE = {"value": lambda now: truth(steps(now, d.FIVE, timedelta(0))[0])}
FAMILIES: Mapping[str, Family] = {
    "electricityMaps": Family(
        {"electricityMaps": {"secretRef": REF}}, AVERAGE, _em,
        lambda now: truth(steps(now, HOUR, timedelta(0))[0]), HOUR,
        ("carbonIntensity",), ("datetime",), ("zone",), ("emissionFactorType",), ("history", "forecast"),
    ),
    "wattTime": Family(
        {"wattTime": {"usernameRef": REF, "passwordRef": REF, "region": "CAISO_NORTH"}}, MARGINAL,
        _watt_time, FIVE_VALUE["value"], d.FIVE,
        ("value",), ("point_time",), ("region",), ("units", "signal_type"), ("data",),
    ),
    "neso": Family(
        {"neso": {}}, DIRECT, _neso, lambda now: round(truth(steps(now, d.HALF, timedelta(0))[0])), d.HALF,
        ("forecast", "actual"), ("from", "to"), (), (), ("data",),
    ),
    "neso region": Family(
        {"neso": {"regionId": 13}}, DIRECT, lambda now: _neso(now, 13),
        lambda now: round(truth(steps(now, d.HALF, timedelta(0))[0])), d.HALF,
        ("forecast",), ("from", "to"), ("regionid",), (), ("data",),
    ),
    "rte": Family(
        {"rte": {}}, STACKS, _rte, lambda now: _rte_row(steps(now, d.QUARTER, timedelta(0))[0])["taux_co2"],
        d.QUARTER, ("taux_co2",), ("date_heure",), (), (), ("results",),
    ),
    "entsoe": Family(
        {"entsoe": {"tokenRef": REF, "area": d.AREA}}, PRODUCTION, _entsoe,
        lambda now: _mixed(steps(now - 2 * HOUR, HOUR, timedelta(0))[0]), HOUR,
        ("quantity",), ("start", "end"), ("area",), ("unit",), ("points",), render=_entsoe_xml, mixed=True,
    ),
    "eia": Family(
        {"eia": {"apiKeyRef": REF, "respondent": "CISO"}}, PRODUCTION, _eia,
        lambda now: _mixed(steps(now - 2 * HOUR, HOUR, timedelta(0))[0]), HOUR,
        ("value",), ("period",), ("respondent",), ("value-units",), ("data",), mixed=True,
    ),
    "energyCharts": Family(
        {"energyCharts": {"country": "de"}}, PRODUCTION, _energy_charts,
        lambda now: truth(steps(now, d.QUARTER, timedelta(0))[0]), d.QUARTER,
        ("co2eq", "co2eq_forecast"), ("unix_seconds",), (), (), ("co2eq_forecast",),
    ),
    "openElectricity": Family(
        {"openElectricity": {"apiKeyRef": REF, "network": "NEM", "region": "NSW1"}}, STACKS,
        _open_electricity, lambda now: 9 * round(truth(steps(now - d.FIVE, d.FIVE, timedelta(0))[0]) / 9, 3),
        d.FIVE, ("1",), ("0",), ("network_code",), ("unit", "interval"), ("data",), mixed=True,
    ),
    "carbonAwareSdk": Family(
        {"carbonAwareSdk": {"location": "northeurope", "behind": "WattTime"}}, MARGINAL, _sdk,
        FIVE_VALUE["value"], d.FIVE,
        ("rating", "value"), ("time", "timestamp"), ("location",), (), ("forecastData",),
    ),
    "prometheus": Family(
        {"prometheus": {"query": "carbon", "history": "12h"}}, AVERAGE, _prometheus, FIVE_VALUE["value"],
        d.FIVE, ("1",), ("0",), (), ("units",), ("result",),
    ),
    "azureExporter": Family(
        {"azureExporter": {"behind": "WattTime", "location": "IE"}}, MARGINAL, _exporter,
        FIVE_VALUE["value"], d.FIVE,
        ("value",), ("timestamp",), ("location",), (), (), http=False,
    ),
}  # fmt: skip
