"""The policies of a result side by side, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from voltaire.twin.report.rows import HOME, rows, told
from voltaire.twin.result import TwinResult


def policy_table(result: TwinResult) -> Table:
    """One row a policy, greenest first. `kg` is what `voltaire twin compare` counts too: grid energy times
    intensity, less what batteries hold more at the end than at first. Savings are against `carbon-agnostic`,
    shares of what `clairvoyant` saves; `-` where those were not played.
    """
    title = f"{len(result.jobs)} jobs, {result.slots} slots of {result.slotMinutes:g} min from {result.start}"
    table = Table(
        title=f"{title}, {told(result.forecast, result.announcedH)}", box=None, title_justify="left"
    )
    priced = any(cluster["pricePerKWh"] is not None for cluster in result.clusters)
    table.add_column("policy")
    for name in _columns(result.currency if priced else None):
        table.add_column(name, justify="right")
    summaries = {name: {"summary": asdict(played.summary)} for name, played in result.policies.items()}
    for row in rows({"policies": summaries}):
        table.add_row(row["name"], *_cells(row, HOME in result.policies, priced))
    return table


def without_price(result: TwinResult) -> tuple[str, ...]:
    """Zones of clusters whose price is not known, where some are."""
    lacking = dict.fromkeys(c["zone"] for c in result.clusters if c["pricePerKWh"] is None)
    return tuple(lacking) if len(lacking) < len({c["zone"] for c in result.clusters}) else ()


def _columns(currency: str | None) -> Iterator[str]:
    yield from ("kg", "saved", "of clairvoyant")
    if currency is not None:
        yield f"cost {currency}"
    yield from ("missed", "moves", "GB", "gap", "plan ms", "CPU s")


def _cells(row: Mapping[str, Any], compared: bool, priced: bool) -> Iterator[str]:
    yield f"{row['emitted'] / 1000:,.1f}"
    yield _percent(row["saved"] if compared else None)
    yield _percent(row["share"])
    if priced:
        yield "-" if row["cost"] is None else f"{row['cost']:,.2f}"
    yield f"{row['missed']}" + (f" ({row['unfinished']} unfinished)" if row["unfinished"] else "")
    yield str(row["migrations"])
    yield f"{row['gbMoved']:,.0f}"
    yield "-" if row["gapP50"] is None else f"{row['gapP50']:.2%}"
    yield "-" if row["planSecondsP50"] is None else f"{row['planSecondsP50'] * 1000:.1f}"
    yield f"{row['seconds']:.1f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
