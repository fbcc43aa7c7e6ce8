"""Values in documents: by JSON path as in RFC 9535, and by names joined by dots."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals.json_values import JSON
from voltaire.signals.battery.json_path import at_path
from voltaire.signals.errors import AmbiguousQuery, ConfigError, NoData, SignalError

CELLS = {"cells": [{"id": "a", "soc": 7}, {"id": "b", "soc": 9}], "it's": 3, "$": 4}


@pytest.mark.parametrize(
    ("document", "path"),
    [({"a": [{"b": 7}]}, "a.0.b"), ([[1], [7]], "1.0"), ({"0": 7}, "0"), ({"": {"x": 7}}, ".x")],
)
def test_dotted_paths_go_through_objects_and_lists(document: object, path: str) -> None:
    assert at_path(document, path) == 7


@pytest.mark.parametrize("path", ["a.-1", "a.٠", "a.1", "a.00000000", "b", "a.0.c", "a.0.b.d"])
def test_dotted_paths_that_lead_nowhere_are_named(path: str) -> None:
    with pytest.raises(NoData):
        at_path({"a": [{"b": 7}]}, path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$.cells[0].soc", 7),
        ("$['cells'][-1]['soc']", 9),
        ("$.cells[?@.id=='b'].soc", 9),
        ('$["it\'s"]', 3),
        ("$['$']", 4),
        ("$..[?@.id=='a'].soc", 7),
    ],
)
def test_json_paths_find_one_value(path: str, value: object) -> None:
    assert at_path(CELLS, path) == value


@pytest.mark.parametrize("path", ["cells.0.soc", "it's"])
def test_a_dotted_path_is_short_for_a_json_path(path: str) -> None:
    name = {"cells.0.soc": "$['cells'][0]['soc']", "it's": '$["it\'s"]'}[path]
    assert at_path(CELLS, path) == at_path(CELLS, name)


@pytest.mark.parametrize(
    ("path", "error", "named"),
    [
        ("$.cells[*].soc", AmbiguousQuery, "2 values"),
        ("$.cells[9].soc", NoData, "nothing there"),
        ("$.cells[", ConfigError, "RFC 9535"),
        ("$", None, ""),
        ("$..a..b", ConfigError, "more than once"),
        ("$[?match(@.id, '(a+)+')]", ConfigError, "match"),
        ("$[?search(@.id, 'a')]", ConfigError, "search"),
        ("$.cells[?@..a]..b", ConfigError, "more than once"),
        ("$" + "[0]" * 300, NoData, "nothing there"),
    ],
)
def test_what_is_not_one_value_says_why(path: str, error: type[SignalError] | None, named: str) -> None:
    if error is None:
        assert at_path(CELLS, path) is CELLS
        return
    with pytest.raises(error, match=named):
        at_path(CELLS, path)


def test_a_document_nested_too_deeply_is_no_data() -> None:
    document: object = 7
    for _ in range(500):
        document = [document]
    with pytest.raises(NoData, match="deeply"):
        at_path(document, "$..a")


@settings(deadline=None)
@given(JSON, st.text(alphabet="a01.value$[]'*?@()=", max_size=12))
def test_fuzzed_documents_and_paths_raise_only_signal_errors(document: object, path: str) -> None:
    try:
        at_path(document, path)
    except SignalError:
        return
