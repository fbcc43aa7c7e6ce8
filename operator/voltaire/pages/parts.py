"""Parts of Plotly figures, as plain values. Colours are names of the page's theme, with an `@` before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
CLUSTER_COLOURS = 12
_MOST_POINTS = 600


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each, in their order; the thirteenth has the first one's again."""
    return {name: f"@cluster{index % CLUSTER_COLOURS}" for index, name in enumerate(names)}


def line(
    name: str, x: Sequence[Any], y: Sequence[Any], colour: str, dash: str = "solid", shape: str = "linear"
) -> Json:
    """A line of intensity; change `hovertemplate` for other units."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": list(x),
        "y": list(y),
        "line": {"color": colour, "dash": dash, "shape": shape, "width": 2},
        "hovertemplate": "%{y:.0f} g/kWh",
    }


def bars(name: str, rows: Sequence[tuple[str, str, float, str]], colour: str, width: float) -> Json:
    """Bars of a Gantt on the second axis: (row, begin, length in milliseconds, what hovering says)."""
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


def marks(name: str, x: Sequence[str], y: Sequence[str], texts: Sequence[str]) -> Json:
    """Upright marks on a Gantt."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "yaxis": "y2",
        "x": list(x),
        "y": list(y),
        "hovertext": list(texts),
        "hoverinfo": "text",
        "marker": {
            "color": "@text",
            "symbol": "line-ns",
            "size": 22,
            "line": {"width": 2.5, "color": "@text"},
        },
    }


def held(x: Sequence[Any], y: Sequence[Any]) -> Json:
    """What a battery holds."""
    return filled("held", x, y, "@battery", "@batteryfill") | {
        "yaxis": "y",
        "hovertemplate": "%{y:.1f} kWh",
    }


def flow(name: str, x: Sequence[Any], y: Sequence[Any], colour: str, dash: str, axis: str = "y2") -> Json:
    """A power, or energy on the first axis."""
    unit = "kWh" if axis == "y" else "kW"
    return line(name, x, y, colour, dash) | {"yaxis": axis, "hovertemplate": f"%{{y:.1f}} {unit}"}


def filled(name: str, x: Sequence[Any], y: Sequence[Any], colour: str, fill: str) -> Json:
    """A power with the area under it."""
    return flow(name, x, y, colour, "solid") | {"fill": "tozeroy", "fillcolor": fill}


def gantt_axes(rows: Sequence[str], row_height: int = 46) -> Json:
    """Intensity above, one row per name below; `height` with it."""
    count = max(1, len(rows))
    height = 320 + row_height * count
    top, between = 240 / (240 + row_height * count + 30), 48 / height
    return {
        "height": height,
        "barmode": "overlay",
        "yaxis": {
            "domain": [1 - top + between, 1],
            "title": {"text": "g/kWh"},
            "rangemode": "tozero",
            "automargin": True,
        },
        "yaxis2": {
            "domain": [0, 1 - top],
            "automargin": True,
            "autorange": "reversed",
            "showgrid": False,
            "categoryorder": "array",
            "categoryarray": list(rows),
        },
    }


def battery_axes(capacity_kwh: float) -> Json:
    """What is held above what flows."""
    return {
        "yaxis": {
            "domain": [0.6, 1],
            "title": {"text": "kWh"},
            "range": [0, capacity_kwh * 1.05],
            "automargin": True,
        },
        "yaxis2": {"domain": [0, 0.5], "title": {"text": "kW"}, "automargin": True},
    }


def layout(height: int, span: tuple[str, str], tick: str = "%H:%M") -> Json:
    """Common to all figures over time; `span` in RFC 3339."""
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
            "range": list(span),
            "tickformat": tick,
            "hoverformat": "%d %b %H:%M UTC",
            "anchor": "y",
        },
    }


def over_two_axes(figure: Mapping[str, Any]) -> Json:
    """A layout whose time axis stands under the lower of two plots."""
    made = dict(figure)
    made["xaxis"] = {**made["xaxis"], "anchor": "y2"}
    return made


def thin(points: Sequence[Any], most: int = _MOST_POINTS) -> Sequence[Any]:
    """At most about `most` points, evenly chosen: no screen shows more."""
    return points[:: max(1, len(points) // most)]
