"""Numbers as they stand on wires: read strictly, because Python's own reading is generous.

`float()` takes `1_000`, Arabic digits and `infinity`; JSON parsers take `NaN`, and `true` is an int.
"""

from __future__ import annotations

import json
import math
import re

from voltaire.signals.errors import Implausible, Malformed

_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity|null|none|n/?a)", re.IGNORECASE | re.ASCII)
_SHOWN = 40


def shown(value: object) -> str:
    """A value from outside as it may stand in a message: short and printable."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def parse_number(text: str) -> float:
    """A decimal number. Raises Implausible for NaN and infinities, Malformed for what is no number."""
    text = text.strip()
    if _NOT_FINITE.fullmatch(text):
        raise Implausible(f"{shown(text)} is not a finite number")
    if len(text) > 64 or not _DECIMAL.fullmatch(text):
        raise Malformed(f"{shown(text)} is not a number")
    return finite(float(text))


def number(value: object) -> float:
    """A number out of a JSON document; numerals in strings are taken, booleans and null are not.

    Raises Implausible for NaN, infinities and null, Malformed for anything that is no number.
    """
    if isinstance(value, str):
        return parse_number(value)
    if value is None:
        raise Implausible("null is not a number")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(f"{shown(value)} is not a number")
    try:
        return finite(float(value))
    except OverflowError:
        raise Implausible("an integer too large to be a measurement") from None


def finite(value: float) -> float:
    """`value`, if it is finite; raises Implausible otherwise."""
    if not math.isfinite(value):
        raise Implausible(f"{value} is not a finite number")
    return value


def parse_json(body: bytes, origin: str) -> object:
    """A JSON document. Raises Malformed naming `origin`; a page of HTML is called by its name."""
    start = body[:256].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml", b"<")):
        raise Malformed(f"{origin} answered with a web page instead of JSON")
    if not start:
        raise Malformed(f"{origin} answered with an empty body")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        detail = getattr(error, "msg", type(error).__name__)
        raise Malformed(f"{origin} answered with something that is not JSON, or cut off: {detail}") from None
