"""The report's plots, as plain Plotly figures computed from result.json alone.

Colours are names such as `@cluster0`; the page replaces them by its theme's, so that light and dark are the
same figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from voltaire.pages import parts

Json = dict[str, Any]


def timeline(result: Json) -> Json:
    """Intensity of every cluster above a Gantt of every workload, on one time axis."""
    clusters = [cluster["name"] for cluster in result["clusters"]]
    colours = parts.colours(clusters)
    names = [workload["name"] for workload in result["workloads"]]
    traces = [
        *_intensity_lines(result, colours),
        _waiting_bars(result),
        *(_stay_bars(result, cluster, colours[cluster]) for cluster in clusters),
        _deadline_marks(result),
    ]
    return {"data": traces, "layout": parts.over_two_axes(_layout(result, 0) | parts.gantt_axes(names))}


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
            lines.append(parts.line(label, times, entry["gramsPerKWh"], colours[name], dash, shape="hv"))
        if name in sites:
            points = parts.thin(sites[name])
            times, values = [p["time"] for p in points], [p["gramsPerKWh"] for p in points]
            lines.append(parts.line(f"{name}: grid, sun and battery", times, values, colours[name], "solid"))
    return lines


def _waiting_bars(result: Json) -> Json:
    """A thin bar from a workload's arrival to its end: where nothing covers it, it waited or was paused."""
    rows = []
    for workload in result["workloads"]:
        start = workload.get("arrival") or result["start"]
        end = workload["finishedAt"] or result["end"]
        rows.append((workload["name"], start, _milliseconds(start, end), "waiting or paused"))
    return parts.bars("waiting or paused", rows, "@muted", width=0.12) | {"hoverinfo": "skip"}


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
    bars = parts.bars(f"runs in {cluster}", rows, colour, width=0.62)
    inside = {"textposition": "inside", "insidetextanchor": "middle", "textangle": 0}
    return bars | {"text": [cluster] * len(rows), "textfont": {"color": "@card"}, **inside}


def _receipt(workload: Json, stay: Json) -> str:
    for placement in workload["placements"]:
        if (placement["cluster"], placement["epoch"]) == (stay["cluster"], stay["epoch"]):
            return f"<br>{placement['energyKWh']:.1f} kWh, {placement['grams']:.0f} g"
    return ""


def _deadline_marks(result: Json) -> Json:
    due = [workload for workload in result["workloads"] if workload["deadline"]]
    return parts.marks(
        "deadline",
        [workload["deadline"] for workload in due],
        [workload["name"] for workload in due],
        [f"{w['name']}: deadline {w['deadline'][11:16]} UTC" for w in due],
    )


def battery(result: Json, site: Json) -> Json:
    """What a battery held, above what flowed at its site."""
    points = parts.thin(site["series"])
    times = [point["time"] for point in points]
    reserve = site["reserve"] * site["capacityKWh"]
    ends = [times[0], times[-1]] if times else []
    traces = [
        parts.held(times, [p["socKWh"] for p in points]),
        parts.flow("reserve", ends, [reserve, reserve], "@text", "dash", "y"),
        parts.flow("sun (available)", times, [p["solarKW"] for p in points], "@sun", "solid"),
        parts.flow("load", times, [p["loadKW"] for p in points], "@text", "solid"),
        parts.flow("grid", times, [p["gridKW"] for p in points], "@gridpower", "dot"),
        parts.filled("discharging", times, [p["dischargeKW"] for p in points], "@battery", "@batteryfill"),
        parts.filled("charging", times, [-p["chargeKW"] for p in points], "@charge", "@chargefill"),
    ]
    layout = _layout(result, height=500) | parts.battery_axes(site["capacityKWh"])
    return {"data": traces, "layout": parts.over_two_axes(layout)}


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
    return parts.layout(height, (result["start"], result["end"]))


def _grid(entry: Json) -> list[str]:
    start = datetime.fromisoformat(entry["start"])
    step = timedelta(minutes=entry["stepMinutes"])
    return [(start + i * step).isoformat() for i in range(len(entry["gramsPerKWh"]))]


def _milliseconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)) / timedelta(milliseconds=1)
