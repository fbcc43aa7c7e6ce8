"""What fields a file must have, and what each may hold. Unknown fields are welcome, a missing one is a
finding."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from voltaire.audit.findings import Ledger


@dataclass(frozen=True, slots=True)
class Kind:
    """What a single value may be."""

    words: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Nullable:
    """Null where it is not known."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Many:
    """A list; all elements alike."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Each:
    """An object whose keys are names; all values alike."""

    shape: Shape


@dataclass(frozen=True, slots=True)
class Row:
    """A list of fixed length, each place with a shape of its own."""

    shapes: tuple[Shape, ...]


Shape = Kind | Nullable | Many | Each | Row | Mapping[str, "Shape"]


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).utcoffset() == timedelta(0)
    except (TypeError, ValueError):
        return False


NUMBER = Kind("a finite number", _number)
AMOUNT = Kind("a number of at least 0", lambda value: _number(value) and value >= 0)
POSITIVE = Kind("a number above 0", lambda value: _number(value) and value > 0)
FRACTION = Kind("a number from 0 to 1", lambda value: _number(value) and 0 <= value <= 1)
EFFICIENCY = Kind("a number above 0, at most 1", lambda value: _number(value) and 0 < value <= 1)
COUNT = Kind("a whole number of at least 0", lambda value: _number(value) and value == int(value) >= 0)
FLAG = Kind("true or false", lambda value: isinstance(value, bool))
TEXT = Kind("text", lambda value: isinstance(value, str) and value != "")
TIME = Kind("a time, RFC 3339 in UTC", _time)


def one_of(*words: object) -> Kind:
    """One of these values."""
    return Kind(" or ".join(str(word) for word in words), lambda value: value in words)


def check(ledger: Ledger, shape: Shape, value: Any, path: str = "") -> None:
    """Findings `MissingField` and `WrongKind` for what does not fit."""
    match shape:
        case Kind():
            ledger.holds("WrongKind", path or "the file", shape.fits(value), value, shape.words)
        case Nullable():
            if value is not None:
                check(ledger, shape.shape, value, path)
        case Many():
            _elements(ledger, [shape.shape] * len(value) if isinstance(value, list) else None, value, path)
        case Row():
            _elements(ledger, list(shape.shapes), value, path)
        case Each():
            if _is(ledger, path, value, dict, "an object"):
                for name, one in value.items():
                    check(ledger, shape.shape, one, f"{path}.{name}")
        case _:
            _fields(ledger, shape, value, path)


def _elements(ledger: Ledger, shapes: list[Shape] | None, value: Any, path: str) -> None:
    if not _is(ledger, path, value, list, "a list") or shapes is None:
        return
    if ledger.fact("Length", path, len(value), len(shapes)):
        for index, (inner, one) in enumerate(zip(shapes, value, strict=True)):
            check(ledger, inner, one, f"{path}[{index}]")


def _fields(ledger: Ledger, shape: Mapping[str, Shape], value: Any, path: str) -> None:
    if not _is(ledger, path, value, dict, "an object"):
        return
    for name, inner in shape.items():
        where = f"{path}.{name}" if path else name
        if ledger.holds("MissingField", where, name in value, "nothing", "a value, or null"):
            check(ledger, inner, value[name], where)


def _is(ledger: Ledger, path: str, value: Any, kind: type, words: str) -> bool:
    return ledger.holds("WrongKind", path or "the file", isinstance(value, kind), value, words)
