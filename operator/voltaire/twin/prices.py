"""Day-ahead prices of electricity, from one CSV a zone and year, as market data is commonly republished:

    Datetime (UTC),Datetime (Local),Price (USD/MWh)
    2022-01-01 00:00:00+00:00,2022-01-01 01:00:00+01:00,49.24

A row holds from its UTC time to the next row's; local times are for people and are not read. Prices may be
negative. A file that is called `ZONE_electricity_prices_YEAR.csv` says whose prices it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from voltaire.twin.errors import MixedCurrencies, PriceError, UnevenTrace
from voltaire.twin.trace import Floats, Trace, read_columns

TIME_COLUMN = "Datetime (UTC)"
KWH_PER_MWH = 1000.0
_NAME = re.compile(r"(?P<zone>.+)_electricity_prices_\d{4}\.csv")
_PRICE = re.compile(r"Price \((?P<currency>[A-Z]{3})/MWh\)")


@dataclass(frozen=True, slots=True)
class PriceFile:
    """A file and the zone whose prices it holds. Its words on the command line: `[ZONE=]FILE`."""

    zone: str
    path: Path

    def __str__(self) -> str:
        return f"{self.zone}={self.path}"


@dataclass(frozen=True, slots=True)
class Prices:
    """`currency` per MWh, by zone; no zone may be there."""

    currency: str | None = None
    zones: Mapping[str, Trace] = field(default_factory=dict)

    def per_kwh(self, zone: str, start: datetime, slot: timedelta, count: int) -> Floats | None:
        """`currency` per kWh in each slot, (count,); None for a zone without prices. Raises TraceTooShort for
        hours that are missing."""
        trace = self.zones.get(zone)
        return None if trace is None else trace.on_grid(zone, start, slot, count) / KWH_PER_MWH


def price_file(text: str) -> PriceFile:
    """From `[ZONE=]FILE`. Raises PriceError where no zone is named."""
    path = Path(text)
    zone, sign, rest = text.partition("=")
    if sign and not path.exists():
        return PriceFile(zone, Path(rest))
    named = _NAME.fullmatch(path.name)
    if named is None:
        raise PriceError(
            f"{text} does not say whose prices it holds: write ZONE={text}, or call the file "
            "ZONE_electricity_prices_YEAR.csv"
        )
    return PriceFile(named["zone"], path)


def read_prices(files: Sequence[PriceFile], wanted: Iterable[str]) -> Prices:
    """The files of the zones that are wanted; several of one zone follow on each other.

    Raises PriceError for what is no such file, MixedCurrencies, UnevenTrace where hours are missing or
    double, TraceGap for a price that is no number.
    """
    zones = set(wanted)
    found: dict[str, list[Trace]] = {}
    currencies: dict[str, PriceFile] = {}
    for file in files:
        if file.zone in zones:
            currency, trace = _read(file)
            currencies.setdefault(currency, file)
            found.setdefault(file.zone, []).append(trace)
    if len(currencies) > 1:
        listed = ", ".join(f"{currency} in {file.path.name}" for currency, file in sorted(currencies.items()))
        raise MixedCurrencies(f"prices in different currencies do not add up ({listed}): convert them to one")
    joined = {zone: _joined(zone, traces) for zone, traces in found.items()}
    return Prices(next(iter(currencies), None), joined)


def _read(file: PriceFile) -> tuple[str, Trace]:
    def columns(header: Sequence[str]) -> dict[str, int]:
        priced = [i for i, name in enumerate(header) if _PRICE.fullmatch(name)]
        if len(priced) != 1:
            raise PriceError(
                f"{file.path} has no one column of prices: its first line must read "
                f"{TIME_COLUMN},...,Price (USD/MWh), in the currency's three letters; it reads {header}"
            )
        return {header[priced[0]]: priced[0]}

    trace = read_columns(file.path, TIME_COLUMN, columns, negative=True)
    ((column, values),) = trace.values.items()
    match = _PRICE.fullmatch(column)
    assert match is not None  # noqa: S101 (the column was chosen by it)
    return match["currency"], Trace(trace.source, trace.start, trace.step, {file.zone: values})


def _joined(zone: str, traces: Sequence[Trace]) -> Trace:
    first, *others = sorted(traces, key=lambda trace: trace.start)
    for trace in others:
        if trace.start != first.end or trace.step != first.step:
            raise UnevenTrace(
                f"prices of {zone}: {first.source} ends at {first.end:%Y-%m-%dT%H:%MZ} (steps of "
                f"{first.step}), {trace.source} begins at {trace.start:%Y-%m-%dT%H:%MZ} (steps of "
                f"{trace.step}): give files that follow on each other, without missing or double hours"
            )
        values = np.concatenate([first.values[zone], trace.values[zone]])
        first = Trace(f"{first.source}, {trace.source}", first.start, first.step, {zone: values})
    return first
