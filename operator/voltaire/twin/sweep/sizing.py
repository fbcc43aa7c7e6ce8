"""What a battery of a given size would save at a site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from voltaire.twin.report.rows import emitted
from voltaire.twin.sweep.case import Case
from voltaire.twin.sweep.compare import money
from voltaire.twin.sweep.state import Summary
from voltaire.twin.sweep.statistics import METHOD, interval

VERSION = 1
YEAR_HOURS = 8760.0


def sizing(cases: Sequence[Case], summaries: Sequence[Summary], about: Mapping[str, Any]) -> dict[str, Any]:
    """The document of `voltaire twin size-battery --json`: a row for each site and size.

    `gramsSaved` against the same site with a battery of 0 kWh in the same week, after wear, for a year at
    that rate; `cycles`: how often its capacity was delivered, for a year too; `costSaved`: what less the
    grid's energy costs in a year, in `currency`, None unless all prices are known.
    """
    by = {_place(case): summary for case, summary in zip(cases, summaries, strict=True)}
    sizes = list(dict.fromkeys((site, size) for site, size, _ in by))
    weeks = sorted({week for _, _, week in by})
    rows = [_row(site, size, weeks, by) for site, size in sizes]
    return {
        "version": VERSION, "interval": METHOD, "weeks": weeks, **money(summaries), **about, "rows": rows,
    }  # fmt: skip


def _place(case: Case) -> tuple[str, float, str]:
    assert case.store is not None  # noqa: S101 (cases of a sizing have one)
    return case.store.cluster, case.store.capacity_kwh, case.start


def _row(
    site: str, size: float, weeks: Sequence[str], by: Mapping[tuple[str, float, str], Summary]
) -> dict[str, Any]:
    saved, shares, worn, cycles, paid = [], [], [], [], []
    for week in weeks:
        without, summary = by[site, 0.0, week], by[site, size, week]
        year = YEAR_HOURS / summary["hours"]
        wear = summary["wearGrams"] - without["wearGrams"]
        grams = emitted(without) - emitted(summary)
        saved.append((grams - wear) * year)
        worn.append(wear * year)
        shares.append((grams - wear) / emitted(without))
        given = sum(summary["dischargedKWh"].values()) - sum(without["dischargedKWh"].values())
        if without["cost"] is not None and summary["cost"] is not None:
            paid.append((without["cost"] - summary["cost"]) * year)
        cycles.append(given / size * year if size > 0 else 0.0)
    found = {"gramsSaved": saved, "share": shares, "wearGrams": worn, "cycles": cycles}
    means = {name: _plain(values) for name, values in found.items()}
    per_kwh = None if size <= 0 else {key: value / size for key, value in means["gramsSaved"].items()}
    less = _plain(paid) if len(paid) == len(weeks) else None
    return {"cluster": site, "capacityKWh": size, **means, "gramsSavedPerKWh": per_kwh, "costSaved": less}


def _plain(values: Sequence[float]) -> dict[str, float]:
    made = interval(values)
    assert made is not None  # noqa: S101 (there is at least one week)
    return made.as_dict()
