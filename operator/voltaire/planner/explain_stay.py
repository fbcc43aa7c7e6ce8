"""Why something goes on where it is."""

from __future__ import annotations

from voltaire.planner.reasons import Reason
from voltaire.planner.view import View
from voltaire.planner.words import clock, finishes, grams


def why_stay(v: View) -> tuple[Reason, str]:
    """Reason and sentence for what stays for now."""
    case, w, first = v.case, v.case.workload, v.outcome.stretches[0]
    tail, here = f"{finishes(v)}.", v.at(first)
    if v.refused is not None and v.refused.worth_it:
        return (
            Reason.MIGRATION_BUDGET_USED,
            f"A move would pay, but the policy's migration budget is used up for now; {tail}",
        )
    if case.own is None or not v.known(case.own.cluster):
        return Reason.INTENSITY_UNKNOWN, f"{here}, so nothing is changed; {tail}"
    if w.mode == "Never":
        return Reason.NEVER_DISRUPTED, f"{here}; it runs to its end here, undisturbed; {tail}"
    if v.refused is not None:
        saved, needed = max(0.0, v.refused.saving), v.refused.needed
        text = f"a change now would save {grams(saved)} where {grams(needed)} are asked"
        return Reason.NOT_WORTH_MOVING, f"{here}; {text}; {tail}"
    return _against_the_best(v, here, tail)


def _against_the_best(v: View, here: str, tail: str) -> tuple[Reason, str]:
    w, time, keep = v.case.workload, v.fleet.time, v.terms.keep
    other = v.best_other() if w.mode == "Migrate" else None
    if other is None or keep is None or keep.grams is None:
        return Reason.BEST_HERE, f"{here}, and nowhere else to go; {tail}"
    place, cost = other
    saving, name = keep.grams - cost, place.cluster
    until = 0.0 if w.last_change is None else time.seconds(w.last_change + w.minimum_residence)
    if saving > v.terms.change_grams and until > 0:
        text = f"{name} would save {grams(saving)}, but it stays until {clock(time, until)}"
        return Reason.MINIMUM_RESIDENCE, f"{text}; {tail}"
    if len(v.outcome.stretches) > 1:
        then = v.outcome.stretches[1]
        return Reason.BEST_HERE, f"{here}, then from {clock(time, then.start)} {v.at(then)}; {tail}"
    if saving > 0:
        asked = grams(v.terms.change_grams)
        text = f"moving to {name} would save {grams(saving)} where {asked} are asked"
        return Reason.NOT_WORTH_MOVING, f"{here}; {text}; {tail}"
    return Reason.BEST_HERE, f"{here}; moving to {name} would cost {grams(-saving)} more; {tail}"
