"""The policies of a result side by side, for people."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from voltaire.twin.result import PolicyResult, Summary, TwinResult

HOME, BEST = "carbon-agnostic", "clairvoyant"


def policy_table(result: TwinResult) -> Table:
    """One row a policy. Savings are against `carbon-agnostic`, shares of what `clairvoyant` saves; `-` where
    those were not played."""
    title = f"{len(result.jobs)} jobs, {result.slots} slots of {result.slotMinutes:g} min from {result.start}"
    table = Table(title=f"{title}, forecast {result.forecast}", box=None, title_justify="left")
    table.add_column("policy")
    for name in ("kg", "saved", "of clairvoyant", "missed", "moves", "GB", "gap", "plan ms", "CPU s"):
        table.add_column(name, justify="right")
    for name, played in result.policies.items():
        table.add_row(name, *_cells(played.summary, result.policies))
    return table


def saved_grams(summary: Summary, played: Mapping[str, PolicyResult]) -> float | None:
    """Grams saved against staying at home; None where that was not played."""
    home = played.get(HOME)
    return None if home is None else home.summary.grams - summary.grams


def _cells(s: Summary, played: Mapping[str, PolicyResult]) -> tuple[str, ...]:
    saved, home, best = saved_grams(s, played), played.get(HOME), played.get(BEST)
    most = None if best is None else saved_grams(best.summary, played)
    return (
        f"{s.grams / 1000:,.1f}",
        "-"
        if saved is None or home is None or home.summary.grams <= 0
        else f"{saved / home.summary.grams:.1%}",
        "-" if saved is None or not most or most <= 0 else f"{saved / most:.1%}",
        f"{s.missed}" + (f" ({s.unfinished} unfinished)" if s.unfinished else ""),
        str(s.migrations),
        f"{s.gbMoved:,.0f}",
        "-" if s.gapP50 is None else f"{s.gapP50:.2%}",
        "-" if s.planSecondsP50 is None else f"{s.planSecondsP50 * 1000:.1f}",
        f"{s.seconds:.1f}",
    )
