"""Numbers and times as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voltaire.planner.slots import PlanTime

if TYPE_CHECKING:
    from voltaire.planner.view import View


def grams(value: float) -> str:
    """`340 g`, `5.2 kg`, `1.3 t`."""
    size = abs(value)
    if size < 999.5:
        return f"{value:.0f} g" if size >= 9.95 or size == 0 else f"{value:.1f} g"
    if size < 999_500:
        return f"{value / 1e3:.1f} kg" if size < 99_950 else f"{value / 1e3:.0f} kg"
    return f"{value / 1e6:.1f} t"


def intensity(value: float) -> str:
    """`31 g/kWh`."""
    return f"{value:.0f} g/kWh"


def span(seconds: float) -> str:
    """`25 min`, `6 h`, `3 d`: rounded to what matters."""
    size = abs(seconds)
    if size < 90 * 60:
        return f"{size / 60:.0f} min"
    return f"{size / 3600:.0f} h" if size < 72 * 3600 else f"{size / 86400:.0f} d"


def clock(time: PlanTime, seconds: float) -> str:
    """`14:20` today, `15 Mar 02:00` on other days; UTC."""
    moment, today = time.time(seconds), time.now
    text = f"{moment:%H:%M}"
    return text if moment.date() == today.date() else f"{moment.day} {moment:%b} {text}"


def finishes(v: View) -> str:
    """`finishes 14:20, 6 h before the deadline`."""
    finish, time = v.outcome.finish, v.fleet.time
    if finish is None:
        return "no end is in sight"
    text = f"finishes {clock(time, finish)}"
    if not v.terms.has_deadline:
        return text
    slack = v.terms.deadline - finish
    if abs(slack) <= 60:
        return f"{text}, just at the deadline"
    return f"{text}, {span(slack)} {'before' if slack >= 0 else 'after'} the deadline"
