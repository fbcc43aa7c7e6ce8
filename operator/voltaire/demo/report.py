"""report.html: one self-contained page, rendered from result.json alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from voltaire.demo import figures
from voltaire.pages import render_page

_TEMPLATE = "report.html.j2"


def render(result: Mapping[str, Any]) -> str:
    """The page. It needs no network: a policy in it forbids any."""
    document = dict(result)
    plots = {"timeline": figures.timeline(document), "savings": figures.savings(document)}
    for site in document["batteries"]:
        plots[f"battery-{site['name']}"] = figures.battery(document, site)
    filters = {"clock": _clock, "kilograms": _kilograms, "percent": _percent, "day": _day}
    return render_page("voltaire.demo", _TEMPLATE, plots, filters, result=document, totals=document["totals"])


def _clock(text: str | None) -> str:
    return "–" if text is None else f"{datetime.fromisoformat(text):%H:%M}"


def _day(text: str) -> str:
    return f"{datetime.fromisoformat(text):%d %B %Y, %H:%M} UTC"


def _kilograms(grams: float | None) -> str:
    return "unknown" if grams is None else f"{grams / 1000:.2f} kg"


def _percent(fraction: float | None) -> str:
    return "unknown" if fraction is None else f"{fraction * 100:.0f} %"
