"""The report's plots, as plain Plotly figures computed from result.json alone.

Colours are names such as `@cluster0`; the page replaces them by its theme's, so that light and dark are the
same figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

Json = dict[str, Any]
CLUSTER_COLOURS = 6
_HOUR = timedelta(hours=1)


def timeline(result: Json) -> Json:
    """Intensity of every cluster above a Gantt of every workload, on one time axis."""
    clusters = [cluster["name"] for cluster in result["clusters"]]
    colours = {name: f"@cluster{index % CLUSTER_COLOURS}" for index, name in enumerate(clusters)}
    names = [workload["name"] for workload in result["workloads"]]
    traces = [
        *_intensity_lines(result, colours),
        _waiting_bars(result),
        *(_stay_bars(result, cluster, colours[cluster]) for cluster in clusters),
        _deadline_marks(result),
    ]
    rows = max(1, len(names))
    top = 240 / (240 + 46 * rows + 30)
    layout = _layout(result, height=320 + 46 * rows)
    layout |= {
        "barmode": "overlay",
        "yaxis": {"domain": [1 - top + 0.08, 1], "title": {"text": "g/kWh"}, "rangemode": "tozero"},
        "yaxis2": {
            "domain": [0, 1 - top],
            "automargin": True,
            "autorange": "reversed",
            "showgrid": False,
            "categoryorder": "array",
            "categoryarray": names,
        },
    }
    layout["xaxis"]["anchor"] = "y2"
    return {"data": traces, "layout": layout}


def _intensity_lines(result: Json, colours: Mapping[str, str]) -> list[Json]:
    sites = {site["cluster"]: site["series"] for site in result.get("siteIntensity", [])}
    zones = {entry["zone"]: entry for entry in result["intensity"]}
    lines = []
    for cluster in result["clusters"]:
        name, entry = cluster["name"], zones.get(cluster["zone"])
        if entry is not None:
            times = _grid(entry)
            dash = "dot" if name in sites else "solid"
            label = f"{name}: grid" if name in sites else name
            lines.append(_line(label, times, entry["gramsPerKWh"], colours[name], dash, shape="hv"))
        if name in sites:
            points = _thin(sites[name])
            times, values = [p["time"] for p in points], [p["gramsPerKWh"] for p in points]
            lines.append(_line(f"{name}: grid, sun and battery", times, values, colours[name], "solid"))
    return lines


def _line(
    name: str, x: Sequence[Any], y: Sequence[Any], colour: str, dash: str, shape: str = "linear"
) -> Json:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": list(y),
        "line": {"color": colour, "dash": dash, "shape": shape, "width": 2},
        "hovertemplate": "%{y:.0f} g/kWh",
    }


def _waiting_bars(result: Json) -> Json:
    """A thin bar from a workload's arrival to its end: where nothing covers it, it waited or was paused."""
    rows = []
    for workload in result["workloads"]:
        start = workload.get("arrival") or result["start"]
        end = workload["finishedAt"] or result["end"]
        rows.append((workload["name"], start, _milliseconds(start, end), "waiting or paused"))
    return _bars("waiting or paused", rows, "@muted", width=0.12) | {"hoverinfo": "skip"}


def _stay_bars(result: Json, cluster: str, colour: str) -> Json:
    rows = []
    for workload in result["workloads"]:
        for stay in workload["intervals"]:
            if stay["cluster"] == cluster:
                end = stay["end"] or result["end"]
                span = f"{stay['start'][11:16]} to {end[11:16]} UTC"
                text = f"<b>{workload['name']}</b> in {cluster}, epoch {stay['epoch']}<br>{span}"
                text += _receipt(workload, stay)
                rows.append((workload["name"], stay["start"], _milliseconds(stay["start"], end), text))
    bars = _bars(f"runs in {cluster}", rows, colour, width=0.62)
    inside = {"textposition": "inside", "insidetextanchor": "middle", "textangle": 0}
    return bars | {"text": [cluster] * len(rows), "textfont": {"color": "@card"}, **inside}


def _receipt(workload: Json, stay: Json) -> str:
    for placement in workload["placements"]:
        if (placement["cluster"], placement["epoch"]) == (stay["cluster"], stay["epoch"]):
            return f"<br>{placement['energyKWh']:.1f} kWh, {placement['grams']:.0f} g"
    return ""


def _bars(name: str, rows: Sequence[tuple[str, str, float, str]], colour: str, width: float) -> Json:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "yaxis": "y2",
        "y": [row[0] for row in rows],
        "base": [row[1] for row in rows],
        "x": [row[2] for row in rows],
        "hovertext": [row[3] for row in rows],
        "hoverinfo": "text",
        "width": width,
        "marker": {"color": colour, "line": {"width": 0}},
    }


def _deadline_marks(result: Json) -> Json:
    due = [workload for workload in result["workloads"] if workload["deadline"]]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "deadline",
        "yaxis": "y2",
        "x": [workload["deadline"] for workload in due],
        "y": [workload["name"] for workload in due],
        "hovertext": [f"{w['name']}: deadline {w['deadline'][11:16]} UTC" for w in due],
        "hoverinfo": "text",
        "marker": {
            "color": "@text",
            "symbol": "line-ns",
            "size": 22,
            "line": {"width": 2.5, "color": "@text"},
        },
    }


def battery(result: Json, site: Json) -> Json:
    """What a battery held, above what flowed at its site."""
    points = _thin(site["series"])
    times = [point["time"] for point in points]
    reserve = site["reserve"] * site["capacityKWh"]
    held = {
        "type": "scatter",
        "mode": "lines",
        "name": "held",
        "x": times,
        "y": [point["socKWh"] for point in points],
        "fill": "tozeroy",
        "fillcolor": "@batteryfill",
        "line": {"color": "@battery", "width": 2},
        "hovertemplate": "%{y:.1f} kWh",
    }
    floor = _flow("reserve", [times[0], times[-1]] if times else [], [reserve, reserve], "@text", "dash", "y")
    flows = [
        _flow("sun (available)", times, [p["solarKW"] for p in points], "@sun", "solid"),
        _flow("load", times, [p["loadKW"] for p in points], "@text", "solid"),
        _flow("grid", times, [p["gridKW"] for p in points], "@gridpower", "dot"),
        _filled("discharging", times, [p["dischargeKW"] for p in points], "@battery", "@batteryfill"),
        _filled("charging", times, [-p["chargeKW"] for p in points], "@charge", "@chargefill"),
    ]
    layout = _layout(result, height=500)
    layout |= {
        "yaxis": {"domain": [0.6, 1], "title": {"text": "kWh"}, "range": [0, site["capacityKWh"] * 1.05]},
        "yaxis2": {"domain": [0, 0.5], "title": {"text": "kW"}},
    }
    layout["xaxis"]["anchor"] = "y2"
    return {"data": [held, floor, *flows], "layout": layout}


def _flow(name: str, x: Sequence[Any], y: Sequence[Any], colour: str, dash: str, axis: str = "y2") -> Json:
    unit = "kWh" if axis == "y" else "kW"
    line = _line(name, x, y, colour, dash)
    return line | {"yaxis": axis, "hovertemplate": f"%{{y:.1f}} {unit}"}


def _filled(name: str, x: Sequence[Any], y: Sequence[Any], colour: str, fill: str) -> Json:
    return _flow(name, x, y, colour, "solid") | {"fill": "tozeroy", "fillcolor": fill}


def savings(result: Json) -> Json:
    """Per workload: with Voltaire, without it, and with everything in the greenest region."""
    ran = [workload for workload in result["workloads"] if workload["placements"]]
    names = [workload["name"] for workload in ran]
    bars = [
        ("with Voltaire", "grams", "@voltaire"),
        ("greenest region and stay", "greenestStayGrams", "@greenest"),
        ("without Voltaire (counterfactual)", "counterfactualGrams", "@muted"),
    ]
    traces = []
    for label, key, colour in bars:
        values = [None if workload[key] is None else workload[key] / 1000 for workload in ran]
        traces.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": label,
                "y": names,
                "x": values,
                "text": ["" if value is None else f"{value:.2f}" for value in values],
                "textposition": "outside",
                "cliponaxis": False,
                "marker": {"color": colour},
                "hovertemplate": "%{x:.3f} kg",
            }
        )
    layout = _layout(result, height=150 + 66 * max(1, len(ran)))
    layout |= {"yaxis": {"automargin": True, "autorange": "reversed", "showgrid": False}, "bargap": 0.28}
    layout["hovermode"] = "closest"
    layout["xaxis"] = {"title": {"text": "kg CO2eq"}, "rangemode": "tozero"}
    layout["margin"] = {**layout["margin"], "r": 44}
    return {"data": traces, "layout": layout}


def _layout(result: Json, height: int) -> Json:
    return {
        "height": height,
        "margin": {"l": 48, "r": 12, "t": 8, "b": 40},
        "paper_bgcolor": "@card",
        "plot_bgcolor": "@card",
        "font": {"color": "@text", "size": 13, "family": "system-ui, sans-serif"},
        "hoverlabel": {"bgcolor": "@card", "bordercolor": "@muted", "font": {"color": "@text"}},
        "hovermode": "x unified",
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
        "xaxis": {
            "type": "date",
            "range": [result["start"], result["end"]],
            "tickformat": "%H:%M",
            "hoverformat": "%d %b %H:%M UTC",
        },
    }


def _grid(entry: Json) -> list[str]:
    start = datetime.fromisoformat(entry["start"])
    step = timedelta(minutes=entry["stepMinutes"])
    return [(start + i * step).isoformat() for i in range(len(entry["gramsPerKWh"]))]


def _thin(points: Sequence[Json], most: int = 600) -> Sequence[Json]:
    """At most about `most` points, evenly chosen: no screen shows more."""
    return points[:: max(1, len(points) // most)]


def _milliseconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / timedelta(milliseconds=1)
