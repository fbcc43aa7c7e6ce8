"""The plots of a twin result, as plain Plotly figures computed from it alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from voltaire.pages import parts

Json = dict[str, Any]
MOST_ROWS = 40
_ROW_HEIGHT = 20
_HOUR_MS = 3_600_000.0
_BUSY_HEIGHT = 340


def drawn_jobs(result: Json) -> list[Json]:
    """The jobs of the Gantt by arrival: those with the most energy, where there are too many to see."""
    jobs = result["jobs"]
    biggest = sorted(jobs, key=lambda job: -_energy(job))[:MOST_ROWS]
    return sorted(biggest, key=lambda job: (job["arrivalH"], job["id"]))


def _energy(job: Json) -> float:
    return float(job["accelerators"] * job["kWPerAccelerator"] * job["durationH"])


def timeline(result: Json, policy: str) -> Json:
    """Intensity of every cluster above a Gantt of a policy's placements, on one time axis."""
    clusters = [cluster["name"] for cluster in result["clusters"]]
    colours = parts.colours(clusters)
    jobs = drawn_jobs(result)
    timelines = {row["id"]: row for row in result["policies"][policy]["timelines"]}
    traces = [
        *(_intensity(result, cluster, colours[cluster["name"]]) for cluster in result["clusters"]),
        _waiting(result, jobs, timelines),
        *(_stays(result, jobs, timelines, cluster, colours[cluster]) for cluster in clusters),
        _changes(result, jobs, timelines),
        _deadlines(result, jobs),
    ]
    layout = _layout(result, 0) | parts.gantt_axes([job["id"] for job in jobs], _ROW_HEIGHT)
    layout["yaxis2"]["tickfont"] = {"size": 10}
    return {"data": traces, "layout": parts.over_two_axes(layout)}


def _intensity(result: Json, cluster: Json, colour: str) -> Json:
    step = max(1, len(cluster["gramsPerKWh"]) // 1000)
    values = cluster["gramsPerKWh"][::step]
    times = [_time(result, slot * step * result["slotMinutes"] / 60) for slot in range(len(values))]
    return parts.line(f"{cluster['name']}: grid", times, values, colour, "solid", "hv") | {
        "showlegend": False
    }


def _waiting(result: Json, jobs: Sequence[Json], timelines: Json) -> Json:
    end = result["slots"] * result["slotMinutes"] / 60
    rows = [
        (
            job["id"],
            _time(result, job["arrivalH"]),
            ((timelines[job["id"]]["doneH"] or end) - job["arrivalH"]) * _HOUR_MS,
            "waiting or paused",
        )
        for job in jobs
    ]
    return parts.bars("waiting or paused", rows, "@muted", 0.12) | {"hoverinfo": "skip"}


def _stays(result: Json, jobs: Sequence[Json], timelines: Json, cluster: str, colour: str) -> Json:
    rows = [
        (job["id"], _time(result, start), (end - start) * _HOUR_MS, _says(result, job, cluster, start, end))
        for job in jobs
        for start, end, place, kind in timelines[job["id"]]["runs"]
        if place == cluster and kind == "Run"
    ]
    return parts.bars(cluster, rows, colour, 0.7)


def _changes(result: Json, jobs: Sequence[Json], timelines: Json) -> Json:
    rows = [
        (job["id"], _time(result, start), (end - start) * _HOUR_MS, f"{kind.lower()}: {job['id']}, {place}")
        for job in jobs
        for start, end, place, kind in timelines[job["id"]]["runs"]
        if kind != "Run"
    ]
    return parts.bars("transfer or restart", rows, "@text", 0.3)


def _says(result: Json, job: Json, cluster: str, start: float, end: float) -> str:
    power = job["accelerators"] * job["kWPerAccelerator"]
    span = f"{_clock(result, start)} to {_clock(result, end)} UTC"
    what = f"{job['accelerators']} accelerators, {power * (end - start):,.1f} kWh"
    return f"<b>{job['id']}</b> in {cluster}<br>{span}<br>{what}"


def _deadlines(result: Json, jobs: Sequence[Json]) -> Json:
    due = [job for job in jobs if job["deadlineH"] is not None]
    mark = parts.marks(
        "deadline",
        [_time(result, job["deadlineH"]) for job in due],
        [job["id"] for job in due],
        [f"{job['id']}: deadline {_clock(result, job['deadlineH'])} UTC" for job in due],
    )
    mark["marker"] |= {"size": 12}
    return mark


def occupancy(result: Json, policy: str) -> Json:
    """IT power in each cluster over time, stacked, of all jobs."""
    colours = parts.colours([cluster["name"] for cluster in result["clusters"]])
    hours = result["slotMinutes"] / 60
    traces = []
    for entry in result["policies"][policy]["clusters"]:
        points = parts.thin([energy / hours for energy in entry["itKWh"]], 1000)
        step = max(1, len(entry["itKWh"]) // 1000)
        times = [_time(result, slot * step * hours) for slot in range(len(points))]
        colour = colours[entry["name"]]
        area = parts.line(entry["name"], times, points, colour, shape="hv")
        traces.append(area | {"stackgroup": "power", "fillcolor": colour, "hovertemplate": "%{y:,.1f} kW"})
        traces[-1]["line"] = {**area["line"], "width": 0}
    layout = _layout(result, _BUSY_HEIGHT)
    layout["yaxis"] = {"title": {"text": "kW"}, "rangemode": "tozero", "automargin": True}
    return {"data": traces, "layout": layout}


def battery(result: Json, policy: str, name: str) -> Json:
    """What a battery held, above what flowed at its site, under a policy."""
    built = next(one for one in result["batteries"] if one["name"] == name)
    played = result["policies"][policy]
    did = next(one for one in played["batteries"] if one["name"] == name)
    site = next(one for one in played["clusters"] if one["name"] == built["cluster"])
    hours = result["slotMinutes"] / 60
    slots = parts.thin(range(result["slots"]), 800)
    times = [_time(result, slot * hours) for slot in slots]
    ends = [_time(result, (slot + 1) * hours) for slot in slots]
    reserve = built["reserve"] * built["capacityKWh"]

    def kw(values: Sequence[float], sign: float = 1.0) -> list[float]:
        return [sign * values[slot] / hours for slot in slots]

    charge = [a + b for a, b in zip(did["chargeGridKWh"], did["chargeSolarKWh"], strict=True)]
    traces = [
        parts.held(ends, [did["socKWh"][slot] for slot in slots]),
        parts.flow("reserve", [times[0], ends[-1]] if slots else [], [reserve] * 2, "@text", "dash", "y"),
        parts.flow("sun (available)", times, kw(built["solarKWh"]), "@sun", "solid"),
        parts.flow("load", times, kw(site["facilityKWh"]), "@text", "solid"),
        parts.flow("grid", times, kw(site["gridKWh"]), "@gridpower", "dot"),
        parts.filled("discharging", times, kw(did["dischargeKWh"]), "@battery", "@batteryfill"),
        parts.filled("charging", times, kw(charge, -1.0), "@charge", "@chargefill"),
    ]
    layout = _layout(result, 480) | parts.battery_axes(built["capacityKWh"])
    return {"data": traces, "layout": parts.over_two_axes(layout)}


def policies(rows: Sequence[Json]) -> Json:
    """What each policy emitted, kg."""
    names = [row["name"] for row in rows]
    values = [row["emitted"] / 1000 for row in rows]
    bar = {
        "type": "bar",
        "orientation": "h",
        "y": names,
        "x": values,
        "text": [f"{value:,.0f}" for value in values],
        "textposition": "outside",
        "cliponaxis": False,
        "marker": {"color": ["@voltaire" if name == "voltaire" else "@greenest" for name in names]},
        "hovertemplate": "%{x:,.1f} kg<extra></extra>",
    }
    return {"data": [bar], "layout": _sideways(len(rows), "kg CO2eq")}


def intervals(rows: Sequence[Json], key: str) -> Json:
    """Means of many weeks with their intervals, in percent. Policies without one are left out."""
    known = [row for row in rows if row[key] is not None]
    mean = [100 * row[key]["mean"] for row in known]
    up = [100 * (row[key]["high"] - row[key]["mean"]) for row in known]
    down = [100 * (row[key]["mean"] - row[key]["low"]) for row in known]
    dots = {
        "type": "scatter",
        "mode": "markers",
        "y": [row["name"] for row in known],
        "x": mean,
        "marker": {"size": 10, "color": "@voltaire"},
        "error_x": {"type": "data", "array": up, "arrayminus": down, "color": "@text", "thickness": 1.5},
        "hovertemplate": "%{x:.1f} %<extra></extra>",
    }
    return {"data": [dots], "layout": _sideways(len(known), "%")}


def _sideways(count: int, unit: str) -> Json:
    layout = parts.layout(90 + 34 * max(1, count), ("", ""))
    layout |= {"yaxis": {"automargin": True, "autorange": "reversed", "showgrid": False}, "bargap": 0.3}
    layout["xaxis"] = {"title": {"text": unit}, "rangemode": "tozero"}
    layout["hovermode"] = "closest"
    layout["showlegend"] = False
    layout["margin"] = {**layout["margin"], "r": 64}
    return layout


def _layout(result: Json, height: int) -> Json:
    end = result["slots"] * result["slotMinutes"] / 60
    return parts.layout(height, (_time(result, 0), _time(result, end)), "%d %b %H:%M")


def _time(result: Json, hours: float) -> str:
    return (datetime.fromisoformat(result["start"]) + timedelta(hours=hours)).isoformat()


def _clock(result: Json, hours: float) -> str:
    return f"{datetime.fromisoformat(result['start']) + timedelta(hours=hours):%d %b %H:%M}"
