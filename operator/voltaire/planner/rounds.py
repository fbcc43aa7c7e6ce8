"""Planning in rounds: solve, see what may not be, ask for less, solve again from there.

What can be wrong with a first solution: a change now that is not worth it or for which the budget has no
room, more migrations than are left, a required deadline that was missed in planning for it with time to
spare. Then what was refused is held for a slot, what was missed is asked for with more force, and the last
solution is where the next begins. After the first round nobody begins a change who did not want to before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from voltaire.planner.case import Case
from voltaire.planner.changes import Change, change_now, within_budget
from voltaire.planner.ground import Ground, all_runs, survey
from voltaire.planner.joint import Effort, Problem, Solution, solve
from voltaire.planner.joint.from_snapshot import Ask, Level, problem_of
from voltaire.planner.joint.keep import keep_close
from voltaire.planner.outcome import Outcome, Run
from voltaire.planner.sites import Fleet
from voltaire.planner.terms import Terms

ROUNDS = 5
LATER_SHARE = 0.3
"""Share of the effort that each round after the first gets: it only mends."""

CLOSE_SHARE = 0.005
"""A timeline of the last plan is kept where the new one would save less than this share of what it costs."""

DEARER = 4.0
"""How much dearer changes become for what plans more migrations than it has left."""


@dataclass(slots=True)
class Made:
    """What came of it, by uid. `refused`: changes that are not made now: not worth it, or over the budget."""

    problem: Problem
    ground: Ground
    outcomes: dict[str, Outcome]
    asks: dict[str, Ask]
    refused: dict[str, Change]


class Rounds:
    """One plan in the making. `cases` by uid, all to be planned; `last`: an earlier solution and how many
    slots ago it was made."""

    def __init__(
        self, fleet: Fleet, cases: Mapping[str, tuple[Case, Terms]], effort: Effort,
        last: tuple[Solution, int] | None,
    ) -> None:  # fmt: skip
        self.fleet, self.cases, self.effort = fleet, dict(sorted(cases.items())), effort
        self.asks = {uid: Ask(first_level(case, fleet)) for uid, (case, _) in self.cases.items()}
        self.first = self.last = last
        self.refused: dict[str, Change] = {}
        self.may: set[str] | None = None

    def run(self) -> Made:
        """Solve until nothing is wrong, at most `ROUNDS` times."""
        effort = self.effort
        for left in range(ROUNDS - 1, -1, -1):
            made = self._solve(effort)
            if left == 0 or not self._mend(made, strict=left == 1):
                break
            self.last, effort = (made.ground.solution, 0), _less(self.effort)
        return self._kept(made)

    def _kept(self, made: Made) -> Made:
        """With what hardly differs from the last plan as it was there."""
        if self.first is None:
            return made
        old, elapsed = self.first
        solution = keep_close(made.problem, made.ground.solution, old, elapsed, CLOSE_SHARE)
        return made if solution is made.ground.solution else self._read(made.problem, solution)

    def _solve(self, effort: Effort) -> Made:
        problem = problem_of(self.fleet, self.cases, self.asks)
        return self._read(problem, solve(problem, effort, *(self.last or (None, 0))))

    def _read(self, problem: Problem, solution: Solution) -> Made:
        ground = survey(self.fleet, solution)
        runs = all_runs(self.fleet, solution, [case for case, _ in self.cases.values()])
        outcomes = {
            uid: self._outcome(ground, case, terms, of)
            for (uid, (case, terms)), of in zip(self.cases.items(), runs, strict=True)
        }
        return Made(problem, ground, outcomes, dict(self.asks), dict(self.refused))

    def _outcome(self, ground: Ground, case: Case, terms: Terms, runs: list[Run]) -> Outcome:
        if case.leaving and case.own is not None and (not runs or runs[0][1] > 0):
            runs = [(case.own, 0.0, runs[0][1] if runs else float("inf")), *runs]
        elif case.own is None and runs:
            runs = _early(case, runs, ground, self.fleet)
        return ground.reckoner.work_out(case, runs, terms.after)

    def _mend(self, made: Made, strict: bool) -> bool:
        """Change what is asked for; False where nothing needs to be."""
        before = dict(self.asks)
        self._missed(made)
        self._too_many(made)
        self._changes(made, strict)
        return self.asks != before

    def _missed(self, made: Made) -> None:
        for uid in made.ground.solution.unfinished:
            ask, blind = self.asks[uid], not all(site.known for site in self.fleet.sites.values())
            level = Level(min(ask.level + 1, Level.AT_ONCE))
            if level is Level.ANYWHERE and not blind:
                level = Level.AT_ONCE
            self.asks[uid] = replace(ask, level=level, held=False)

    def _too_many(self, made: Made) -> None:
        for uid, outcome in made.outcomes.items():
            if outcome.migrations > self.cases[uid][0].workload.migrations_left:
                ask = self.asks[uid]
                fewer = replace(ask, dearer=ask.dearer * DEARER)
                self.asks[uid] = fewer if ask.dearer < DEARER**2 else replace(ask, bound=True)

    def _changes(self, made: Made, strict: bool) -> None:
        wanted, late = list[Change](), set[str]()
        for uid, (case, terms) in self.cases.items():
            change = change_now(case, terms, made.outcomes[uid], made.ground, self.fleet)
            if change is None:
                continue
            if self.may is not None and uid in self.may:
                wanted.append(replace(change, pressing=True))  # it was found worth it before
            elif self.may is None or change.pressing:
                wanted.append(change)
            else:
                late.add(uid)
        may, over = within_budget((c for c in wanted if c.worth_it), self.fleet)
        refused = {c.uid: c for c in wanted if not c.worth_it or c.uid in over}
        self.refused |= refused
        if not refused and not late and self.asks == made.asks:
            return
        for uid, (case, _) in self.cases.items():
            pressed = self.asks[uid].level > made.asks[uid].level and not strict
            if uid not in may and not pressed:
                self.asks[uid] = self._still(case, made.outcomes[uid], self.asks[uid])
        self.may = may

    def _still(self, case: Case, outcome: Outcome, ask: Ask) -> Ask:
        """Asked to begin no change in the first slot."""
        if case.own is not None:
            return replace(ask, held=True)
        if case.anchor is None or not case.can_migrate:
            return ask
        first = outcome.stretches[0].place.cluster if outcome.stretches else case.anchor
        urgent = ask.level >= Level.AT_ONCE and any(p.cluster == case.anchor for p in case.places)
        if first == case.anchor or urgent:
            return replace(ask, bound=True)
        return replace(ask, delayed=True)


def first_level(case: Case, fleet: Fleet) -> Level:
    """Where nothing it may use is known, a required deadline may use what is not."""
    return Level.ANYWHERE if case.required and not case.choices(fleet) else Level.GUARDED


def _less(effort: Effort) -> Effort:
    if effort.rounds is not None:
        some = None if effort.neighbourhoods is None else max(1, int(effort.neighbourhoods * LATER_SHARE))
        return replace(effort, rounds=max(1, int(effort.rounds * LATER_SHARE)), neighbourhoods=some)
    return replace(effort, seconds=effort.seconds * LATER_SHARE)


def _early(case: Case, runs: list[Run], ground: Ground, fleet: Fleet) -> list[Run]:
    """At its earliest start begins what has the slot of that to itself, and, if there is room, what begins
    with the first whole slot after it."""
    place, begin, end = runs[0]
    earliest, slot = fleet.time.seconds(case.workload.earliest_start), fleet.time.slot_seconds
    if begin < earliest:
        return [(place, earliest, end), *runs[1:]]
    if not max(0.0, begin - slot) < earliest < begin:
        return runs
    k, gang = int(earliest // slot), case.workload.accelerators
    pool, site = ground.pool(place), ground.clusters[place.cluster]
    if ground.free[pool, k] < gang or ground.room[site, k] < place.facility_kw:
        return runs
    ground.free[pool, k] -= gang
    ground.room[site, k] -= place.facility_kw
    return [(place, earliest, end), *runs[1:]]
