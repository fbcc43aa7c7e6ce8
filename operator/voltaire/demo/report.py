"""report.html: one self-contained page, rendered from result.json alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from voltaire.demo import figures

_TEMPLATE = "report.html.j2"


def render(result: Mapping[str, Any]) -> str:
    """The page. It needs no network: a policy in it forbids any."""
    document = dict(result)
    plots = {"timeline": figures.timeline(document), "savings": figures.savings(document)}
    for site in document["batteries"]:
        plots[f"battery-{site['name']}"] = figures.battery(document, site)
    environment = Environment(
        loader=PackageLoader("voltaire.demo", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": _clock, "kilograms": _kilograms, "percent": _percent, "day": _day}
    return environment.get_template(_TEMPLATE).render(
        result=document,
        totals=document["totals"],
        plots=Markup(_embedded(plots)),  # noqa: S704 (escaped in _embedded)
        plotly=Markup(get_plotlyjs()),  # noqa: S704 (the library's own script)
    )


def _embedded(value: Any) -> str:
    """JSON that is safe inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")


def _clock(text: str | None) -> str:
    return "–" if text is None else f"{datetime.fromisoformat(text):%H:%M}"


def _day(text: str) -> str:
    return f"{datetime.fromisoformat(text):%d %B %Y, %H:%M} UTC"


def _kilograms(grams: float | None) -> str:
    return "unknown" if grams is None else f"{grams / 1000:.2f} kg"


def _percent(fraction: float | None) -> str:
    return "unknown" if fraction is None else f"{fraction * 100:.0f} %"
