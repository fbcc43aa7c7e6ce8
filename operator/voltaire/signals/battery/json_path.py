"""One value in a JSON document: by a JSON path (RFC 9535), or by names joined by dots.

Dots are short for a path: `cells.0.soc` means `$['cells'][0]['soc']`, where a number finds the element of a
list or the member of that name. What could keep the operator busy for long is not taken: regular
expressions (`match`, `search`) and more than one descent (`..`) in a path.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from jsonpath_rfc9535 import JSONPathEnvironment, JSONPathError, JSONPathQuery

from voltaire.signals.carbon.table import near
from voltaire.signals.errors import AmbiguousQuery, ConfigError, NoData
from voltaire.signals.numbers import shown


class _Environment(JSONPathEnvironment):
    """RFC 9535 without the functions that take regular expressions."""

    def setup_function_extensions(self) -> None:
        super().setup_function_extensions()
        for name in ("match", "search"):
            del self.function_extensions[name]


_ENVIRONMENT = _Environment()


def at_path(document: object, path: str) -> object:
    """The one value at a path.

    Raises NoData (naming the part that is missing, where the path is dotted), AmbiguousQuery for several
    values, ConfigError for what is no path.
    """
    if not path.startswith("$"):
        return _at_dotted(document, path.split("."))
    values = _find(compiled(path), document)
    if not values:
        raise NoData("the document has nothing there")
    if len(values) > 1:
        raise AmbiguousQuery(f"the document has {len(values)} values there: narrow it to one")
    return values[0]


def all_at_path(document: object, path: str) -> list[object]:
    """All values at a JSON path, in order. Raises NoData where there is none, ConfigError."""
    if not path.startswith("$"):
        raise ConfigError(f"{shown(path)} is to be a JSON path as in RFC 9535, beginning with $")
    values = _find(compiled(path), document)
    if not values:
        raise NoData("the document has nothing there")
    return values


def compiled(path: str) -> JSONPathQuery:
    """A path that begins with `$`. Raises ConfigError."""
    try:
        query = _ENVIRONMENT.compile(path)
    except (JSONPathError, RecursionError, ValueError) as error:
        said = str(error).split("\n", 1)[0]
        raise ConfigError(f"it is not a JSON path as in RFC 9535: {said}") from None
    if str(query).count("..") > 1:
        raise ConfigError("it descends (..) more than once, which may take for ever: name the way")
    return query


def _at_dotted(document: object, parts: Sequence[str]) -> object:
    """Names and indices, part by part so that what is missing can be named."""
    value = document
    for part in parts:
        found = _find(_ENVIRONMENT.compile(f"${_segment(part)}"), value)
        if not found:
            raise NoData(_missing(value, part))
        value = found[0]
    return value


def _segment(part: str) -> str:
    """A part between dots as a segment: a number selects the member of that name, or the element."""
    name = json.dumps(part)
    return f"[{name},{int(part)}]" if _is_index(part) else f"[{name}]"


def _is_index(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) < 7


def _missing(value: object, part: str) -> str:
    if isinstance(value, dict):
        return f"the document has no {shown(part)}{near(part, map(str, value))}"
    if isinstance(value, list):
        return f"{shown(part)} is not an index of a list of {len(value)}"
    return f"there is nothing below {shown(value)} where {shown(part)} is looked for"


def _find(query: JSONPathQuery, document: Any) -> list[object]:
    try:
        return list(query.find(document).values())
    except (JSONPathError, RecursionError):
        raise NoData("the document is nested too deeply for this path") from None
