"""From a template and figures to one file that needs no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

Filters = Mapping[str, Any]


def render_page(
    package: str, template: str, plots: Mapping[str, Any], filters: Filters, **context: Any
) -> str:
    """The page of a template in the package's folder `templates`, which extends `page.html.j2`.

    `plots`: Plotly figures by the id of the element that shows them; where a reader chooses, by `ID:CHOICE`.
    Their colours are names such as `@cluster0`, which the page replaces by its theme's. A policy in the page
    forbids any network.
    """
    environment = Environment(
        loader=ChoiceLoader(
            [PackageLoader(package, "templates"), PackageLoader("voltaire.pages", "templates")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= dict(filters)
    return environment.get_template(template).render(
        plots=Markup(_embedded(plots)),  # noqa: S704 (escaped in _embedded)
        plotly=Markup(get_plotlyjs()),  # noqa: S704 (the library's own script)
        **context,
    )


def _embedded(value: Any) -> str:
    """JSON that is safe inside a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")
