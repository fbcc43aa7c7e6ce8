"""What policies did over many weeks, together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from voltaire.twin.report.rows import BEST, HOME, emitted
from voltaire.twin.sweep.state import Summary
from voltaire.twin.sweep.statistics import METHOD, Interval, interval

STAY = "lowest-mean-stay"
VERSION = 1


def comparison(summaries: Sequence[Summary], about: Mapping[str, Any]) -> dict[str, Any]:
    """The document of `voltaire twin compare --json`. `about`: further fields, of where this comes from.

    `saving` is 1 - emitted / emitted by the carbon-agnostic policy in the same week, `share` what was saved
    over what the clairvoyant saved, `bound` the same over what its proven bound would leave; means of the
    weeks, and over all weeks together in `pooledShare`.
    """
    weeks = sorted({summary["start"] for summary in summaries})
    by = {(summary["policy"], summary["start"]): summary for summary in summaries}
    names = list(dict.fromkeys(summary["policy"] for summary in summaries))
    rows = [_row(name, weeks, by) for name in names]
    rows.sort(key=lambda row: row["grams"]["mean"])
    return {
        "version": VERSION, "baseline": HOME, "best": BEST, "interval": METHOD, "weeks": weeks,
        **money(summaries), **about,
        "policies": rows, "runs": list(summaries),
    }  # fmt: skip


def money(summaries: Sequence[Summary]) -> dict[str, Any]:
    """The currency of all runs, and the zones whose prices are missing."""
    return {
        "currency": next((summary["currency"] for summary in summaries), None),
        "withoutPrice": sorted({zone for summary in summaries for zone in summary["withoutPrice"]}),
    }


def _row(name: str, weeks: Sequence[str], by: Mapping[tuple[str, str], Summary]) -> dict[str, Any]:
    mine = {week: by[name, week] for week in weeks if (name, week) in by}
    grams = interval([emitted(summary) for summary in mine.values()])
    savings, shares, bounds, stays = [], [], [], []
    total = most = 0.0
    for week, summary in mine.items():
        home, best, stay = (by.get((other, week)) for other in (HOME, BEST, STAY))
        if home is not None:
            saved = emitted(home) - emitted(summary)
            savings.append(saved / emitted(home))
            if best is not None and (possible := emitted(home) - emitted(best)) > 0:
                shares.append(saved / possible)
                total, most = total + saved, most + possible
            bound = None if best is None else best.get("lowerBoundGrams")
            if bound is not None and emitted(home) > bound:
                bounds.append(saved / (emitted(home) - bound))
        if stay is not None:
            stays.append(emitted(summary) / emitted(stay))
    return {
        "name": name,
        "weeks": len(mine),
        "grams": _plain(grams),
        "saving": _plain(interval(savings)),
        "share": _plain(interval(shares)),
        "bound": _plain(interval(bounds)),
        "pooledShare": total / most if most > 0 else None,
        "worstAgainstStay": max(stays, default=None),
        "cost": _plain(interval([s["cost"] for s in mine.values()]) if _priced(mine.values()) else None),
        **_counts(list(mine.values())),
    }


def _priced(mine: Iterable[Summary]) -> bool:
    return all(summary["cost"] is not None for summary in mine)


def _counts(mine: Sequence[Summary]) -> dict[str, Any]:
    jobs = sum(summary["jobs"] for summary in mine)
    missed = sum(summary["missed"] for summary in mine)
    return {
        "jobs": jobs,
        "missed": missed,
        "onTime": 1.0 - missed / jobs if jobs else None,
        "violations": sum(summary["violations"] for summary in mine),
        "migrations": sum(summary["migrations"] for summary in mine) / len(mine),
        "gbMoved": sum(summary["gbMoved"] for summary in mine) / len(mine),
        "gapP50": _middle([s["gapP50"] for s in mine]),
        "gapP95": _middle([s["gapP95"] for s in mine]),
        "planSecondsP50": _middle([s["planSecondsP50"] for s in mine]),
        "planSecondsP95": _middle([s["planSecondsP95"] for s in mine]),
        "cpuSeconds": sum(summary["seconds"] for summary in mine),
    }


def _middle(values: Sequence[float | None]) -> float | None:
    known = sorted(value for value in values if value is not None)
    return known[len(known) // 2] if known else None


def _plain(value: Interval | None) -> dict[str, float] | None:
    return None if value is None else value.as_dict()
