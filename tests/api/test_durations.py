"""Durations at the API are Go's: written as Go writes them, read as Go reads them."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voltaire.api.base import DURATION_PATTERN, camel, format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90m", 5400),
        ("1h30m", 5400),
        ("0s", 0),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("48h", 172800),
        ("1m30s", 90),
    ],
)
def test_reads_go_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "5", "h", "1d", "-1h", "1h-5m", "1 h", "PT1H", "1H", "1h\n", None, 5, "٣h"]
)
def test_refuses_anything_else(text: object) -> None:
    with pytest.raises(ValueError, match="written like 90m"):
        parse_duration(text)  # type: ignore[arg-type]


def test_refuses_what_go_cannot_hold() -> None:
    with pytest.raises(ValueError, match="290 years"):
        parse_duration("99999999999999999999999999999h")


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=365)))
def test_what_is_written_reads_back(value: timedelta) -> None:
    text = format_duration(value)
    assert re.fullmatch(DURATION_PATTERN, text)
    assert abs(parse_duration(text) - value) <= timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (5400, "1h30m"), (1e-6, "0.000001s"), (59.999999, "59.999999s"), (3600, "1h")],
)
def test_writes_them_without_empty_parts(seconds: float, text: str) -> None:
    assert format_duration(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("max_charge_kw", "maxChargeKW"),
        ("capacity_kwh", "capacityKWh"),
        ("grams_per_kwh", "gramsPerKWh"),
        ("size_gb", "sizeGB"),
        ("grid_zone", "gridZone"),
        ("pue", "pue"),
    ],
)
def test_names_carry_their_unit(name: str, wire: str) -> None:
    assert camel(name) == wire
