"""From a twin result, or from a comparison, to one self-contained page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from voltaire.pages import render_page
from voltaire.twin.report import figures
from voltaire.twin.report.rows import chosen, rows, told, without

_PACKAGE = "voltaire.twin.report"


def render(result: Mapping[str, Any], comparison: Mapping[str, Any] | None = None) -> str:
    """The page of a result as read from its JSON. `comparison`: the same policies over many weeks, whose
    savings are then shown with their intervals."""
    document = dict(result)
    table, about = rows(document), chosen(document)
    plots = {"policies": figures.policies(table)}
    for name in document["policies"]:
        plots[f"timeline:{name}"] = figures.timeline(document, name)
        plots[f"occupancy:{name}"] = figures.occupancy(document, name)
        for battery in document["batteries"]:
            key = f"battery-{battery['name']}:{name}"
            plots[key] = figures.battery(document, name, battery["name"])
    if comparison is not None:
        plots |= _interval_plots(comparison)
    summary = document["policies"][about]["summary"]
    return render_page(
        _PACKAGE, "result.html.j2", plots, _FILTERS, result=document, rows=table, about=about,
        summary=summary, row=next(row for row in table if row["name"] == about),
        otherwise=without(document, about), told=_told(document),
        drawn=len(figures.drawn_jobs(document)), comparison=comparison,
    )  # fmt: skip


def render_comparison(comparison: Mapping[str, Any]) -> str:
    """The page of a comparison as `voltaire twin compare --json` writes it."""
    plots = _interval_plots(comparison)
    return render_page(
        _PACKAGE, "comparison.html.j2", plots, _FILTERS, comparison=comparison, told=_told(comparison)
    )


def _told(document: Mapping[str, Any]) -> str:
    return told(document["forecast"], document.get("announcedH", 0.0))


def _interval_plots(comparison: Mapping[str, Any]) -> dict[str, Any]:
    policies = comparison["policies"]
    return {
        "saving": figures.intervals(policies, "saving"),
        "share": figures.intervals(policies, "share"),
    }


def _kilograms(grams: float | None) -> str:
    return "unknown" if grams is None else f"{grams / 1000:,.1f} kg"


def _percent(fraction: float | None) -> str:
    return "–" if fraction is None else f"{fraction * 100:.1f} %"


def _interval(value: Mapping[str, float] | None) -> str:
    if value is None:
        return "–"
    return f"{value['mean'] * 100:.1f} % ({value['low'] * 100:.1f} to {value['high'] * 100:.1f})"


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * 1000:,.1f} ms"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _day(text: str) -> str:
    return f"{datetime.fromisoformat(text):%d %B %Y, %H:%M} UTC"


_FILTERS = {
    "kilograms": _kilograms,
    "percent": _percent,
    "interval": _interval,
    "milliseconds": _milliseconds,
    "number": _number,
    "day": _day,
}
