"""Strategies for documents that no provider would send."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from voltaire.signals.errors import DataError

_TIMES = ("2026-03-14T05:30Z", "2026-03-14T05:30:00+00:00", "2026-03-14T05", "9999-12-31T23:59Z", "x")


def documents(fields: Sequence[str]) -> st.SearchStrategy[Any]:
    """JSON made of the fields a reader looks for, with anything in them."""
    leaves = (
        st.none()
        | st.booleans()
        | st.floats()
        | st.integers()
        | st.text(max_size=12)
        | st.sampled_from(_TIMES)
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(list(fields)), inner),
        max_leaves=20,
    )


def mutations(document: Any) -> st.SearchStrategy[Any]:
    """The document with one value anywhere in it replaced or removed."""
    return st.sampled_from(list(_paths(document))).flatmap(
        lambda path: documents(["a"]).map(lambda value: _with(document, path, value))
    )


def _paths(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(deeper for key, value in inner for deeper in _paths(value, (*path, key)))]


def _with(node: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(node) if isinstance(node, dict) else list(node)
    copy[path[0]] = _with(node[path[0]], path[1:], value)
    return copy


def only_data_errors(read: Callable[[], Any]) -> None:
    """What a reader raises is a DataError; what it gives has only intensities that a grid can have."""
    try:
        result = read()
    except DataError:
        return
    for sample in result:
        assert sample.grams_per_kwh is None or 0 <= sample.grams_per_kwh <= 5000
        assert sample.start < sample.end
    assert [s.start for s in result] == sorted({s.start for s in result})
    assert all(early.end <= late.start for early, late in pairwise(result))
