"""From a table to the answer at a time: what has begun is the past, what comes later is the forecast.

A table is therefore its own perfect forecast, which suits a played trace and a series whose author planned
it, and makes the tracked forecast error zero.
"""

from __future__ import annotations

from datetime import datetime

from voltaire.api.gridzone import Basis
from voltaire.signals.carbon.samples import AHEAD, PAST, Answer, Sample
from voltaire.signals.carbon.table import Table
from voltaire.signals.errors import NoData, WrongBasis


def check_basis(table: Table, basis: Basis) -> None:
    """An export of Electricity Maps is flow-traced average intensity; a matrix means what the spec declares.

    Raises WrongBasis.
    """
    if table.boundary_known and (basis.signal, basis.perspective) != ("average", "consumption"):
        raise WrongBasis(
            f"an export of Electricity Maps holds average consumption-based intensity, the zone's basis is "
            f"{basis.signal} {basis.perspective}-based: change the basis or the file"
        )


def answer_at(table: Table, basis: Basis, now: datetime) -> Answer:
    """The days around `now`. Raises NoData when the table ends before them or begins after `now`."""
    series = table.series
    if now < series.start:
        raise NoData(f"the series begins at {series.start:%Y-%m-%dT%H:%MZ}, it is {now:%Y-%m-%dT%H:%MZ}")
    if now - PAST >= series.end:
        raise NoData(f"the series ends at {series.end:%Y-%m-%dT%H:%MZ}, it is {now:%Y-%m-%dT%H:%MZ}")
    current = (now - series.start) // series.step
    first = max(0, (now - PAST - series.start) // series.step)
    last = min(len(series.values), (now + AHEAD - series.start) // series.step + 1)
    return Answer(
        basis,
        tuple(_sample(table, i) for i in range(first, min(current + 1, last))),
        tuple(_sample(table, i) for i in range(current + 1, last)),
    )


def occurred_in(table: Table, start: datetime, end: datetime) -> tuple[Sample, ...]:
    """The steps of a table that lie in [start, end)."""
    series = table.series
    first = max(0, -((series.start - start) // series.step))
    last = min(len(series.values), (end - series.start) // series.step)
    return tuple(_sample(table, index) for index in range(first, last))


def _sample(table: Table, index: int) -> Sample:
    """One step of the table."""
    start = table.series.start + index * table.series.step
    return Sample(
        start,
        start + table.series.step,
        table.series.values[index],
        index in table.estimated,
        table.refused.get(index, ""),
    )
