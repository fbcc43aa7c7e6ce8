"""Alters every leaf and every list and object of a JSON document in turn."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[str | int, ...]


def written(path: Path) -> str:
    """A path as one writes it, with `*` for places in lists."""
    return re.sub(r"\.\*", "[*]", ".".join("*" if isinstance(part, int) else part for part in path))


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that is no list or object; empty ones count as values."""
    if isinstance(value, dict | list) and value:
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(one, (*path, key))
    else:
        yield path, value


def containers(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every list and object that has something in it."""
    if isinstance(value, dict | list) and value:
        yield path, value
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            yield from containers(one, (*path, key))


def other(value: Any) -> Any:
    """A value of the same kind that says something else: a number moves by a twentieth and a bit."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value * 1.05 + 0.02
        case str():
            moment = re.fullmatch(r"(\d{4}-\d\d-\d\dT)(\d\d)(:.*)", value)
            return f"{moment[1]}{(int(moment[2]) + 1) % 24:02}{moment[3]}" if moment else f"{value}x"
        case None:
            return 1.0
    return ["x"] if isinstance(value, list) else {"x": 1}


def altered(document: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A copy with one value changed."""
    made = copy.deepcopy(document)
    target = made
    for part in path[:-1]:
        target = target[part]
    target[path[-1]] = change(target[path[-1]])
    return made


def without_last(value: Any) -> Any:
    """A list or object that lacks its last entry."""
    return value[:-1] if isinstance(value, list) else dict(list(value.items())[:-1])
