"""Files of electricity prices, read anew: `Datetime (UTC),...,Price (USD/MWh)`, each of one zone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from voltaire.audit.table import BadTrace, Matrix, cell, moments, table

_TIME = "Datetime (UTC)"
_BETWEEN = "_electricity_prices_"
_MWH = 1000.0


@dataclass(slots=True)
class Prices:
    """Per MWh, by zone, one matrix for each file. `currencies`: all that the files are in."""

    zones: dict[str, list[Matrix]] = field(default_factory=dict)
    currencies: set[str] = field(default_factory=set)


def read_prices(files: Iterable[str]) -> Prices:
    """`[ZONE=]FILE` each; without a zone the name begins with it. Raises BadTrace."""
    found = Prices()
    for text in files:
        path, (zone, sign, rest) = Path(text), text.partition("=")
        if sign and not path.exists():
            path = Path(rest)
        elif _BETWEEN in path.name:
            zone = path.name.partition(_BETWEEN)[0]
        else:
            raise BadTrace(f"{text}: whose prices? Write ZONE={text}")
        currency, matrix = _read(path, zone)
        found.currencies.add(currency)
        found.zones.setdefault(zone, []).append(matrix)
    return found


def _read(path: Path, zone: str) -> tuple[str, Matrix]:
    rows = table(path)
    header = [name.strip() for name in rows[0]] if rows else []
    priced = [i for i, name in enumerate(header) if name.startswith("Price (") and name.endswith("/MWh)")]
    if header[:1] != [_TIME] or len(priced) != 1 or len(rows) < 3:
        raise BadTrace(f"{path}: no prices: it begins with {_TIME},...,Price (USD/MWh) and has two rows")
    start, step = moments(path, rows)
    values = [cell(row, priced[0]) for row in rows[1:]]
    return header[priced[0]][len("Price (") : -len("/MWh)")], Matrix(start, step, {zone: values})


def per_kwh(
    files: Sequence[Matrix], zone: str, slots: Sequence[tuple[datetime, datetime]]
) -> list[float | None]:
    """The mean price of each slot; None where no file covers it."""
    found: list[float | None] = []
    for begin, end in slots:
        means = [mean for matrix in files if (mean := matrix.mean(zone, begin, end)) is not None]
        found.append(means[0] / _MWH if means else None)
    return found
