"""Breadth-first search over everything that can go wrong, with the invariants checked on each transition."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tests.executor import world as w
from tests.executor.world import World
from voltaire.api.actions import Outcome, Request, Verb
from voltaire.executor.machine import Answer, Desire, Keep, Profile, Remove, Run, State, Step, Stop, step

REMOVE = Remove(w.NOW)
RUNS = tuple(Run(name) for name in w.NAMES)
ALL_LIVE = False  # a test makes it lie, to see that the promises can be broken
ANSWERS_KEPT = (Verb.CREATE, Verb.RESUME)


@dataclass(frozen=True, slots=True)
class _Done:
    """A step, its new state without times, and by how much it moved the counters."""

    step: Step
    state: State
    migrations: int
    pauses: int


# What is believed of each member: what it is, and whether it was read live; None when it is away.
Picture = tuple[tuple[w.Member, bool] | None, ...]
_Known = dict[tuple[Desire, Picture], _Done]


@dataclass
class Explorer:
    """`meddling`: somebody changes objects in the members. `late`: requests other than CREATE may arrive
    after their sender gave up on them. `refusing`: members may refuse a CREATE for good."""

    clusters: int = 2
    profile: Profile = field(default_factory=Profile)
    meddling: bool = False
    late: bool = False
    refusing: bool = False
    limit: int = 200_000
    steps: dict[tuple[State, Answer | None], _Known] = field(default_factory=lambda: defaultdict(dict))
    converging: set[tuple[World, Desire]] = field(default_factory=set)

    @property
    def desires(self) -> tuple[Desire, ...]:
        return (*RUNS[: self.clusters], Stop(), Keep(), REMOVE)

    def wishes(self, world: World) -> tuple[Desire, ...]:
        """What may be wanted now: a deletion is for good."""
        return (REMOVE,) if world.removed else self.desires

    def explore(self) -> set[World]:
        """Every world that can be reached, up to the limit; AssertionError where a promise is broken."""
        start = w.first(self.clusters)
        known, queue = {start}, deque([start])
        while queue and len(known) < self.limit:
            for following in self.successors(queue.popleft()):
                count = len(known)
                known.add(following)
                if len(known) > count:
                    queue.append(following)
        return known

    @property
    def at_most_one(self) -> bool:
        """Whether two copies are forbidden: not for servers, nor for those who accepted it."""
        return self.profile.exclusive and not self.profile.restart_when_lost

    # One thing that happens

    def successors(self, world: World) -> Iterator[World]:
        yield from (w.renumbered(following) for following in self._nature(world))
        if world.answer is not None:
            yield w.renumbered(replace(world, answer=None))  # the operator crashed
        known = self.steps[world.state, world.answer]
        for picture in self._pictures(world):
            for desire in self.wishes(world):
                yield from self._operate(world, desire, self._step(known, world, desire, picture))

    def _nature(self, world: World) -> Iterator[World]:
        for index, member in enumerate(world.members):
            for changed in w.nature(member, meddling=self.meddling, finishing=self.profile.exclusive):
                members = (*world.members[:index], changed, *world.members[index + 1 :])
                self._check_members(members)
                yield replace(world, members=members)
            if world.caches[index] != member:
                caches = (*world.caches[:index], member, *world.caches[index + 1 :])
                yield replace(world, caches=caches)
        if world.late is not None:
            members, _ = w.perform(world.members, world.late, w.unused_uid(world))
            self._check_members(members)
            yield replace(world, members=members, late=None)

    def _pictures(self, world: World) -> Iterator[Picture]:
        """What the operator may believe: all live, all from its watches, one member live, one away."""
        live: Picture = tuple((member, True) for member in world.members)
        stale: Picture = tuple((member, False) for member in world.caches)
        yield live
        yield stale
        for index in range(self.clusters):
            yield (*stale[:index], live[index], *stale[index + 1 :])
            yield (*live[:index], None, *live[index + 1 :])

    def _operate(self, world: World, desire: Desire, done: _Done) -> Iterator[World]:
        if done.step.finished:
            if self.at_most_one:  # otherwise the sweep removes what was left in a lost cluster
                assert all(member == w.Member() for member in world.members), "left something behind"
            return
        after, request = self._persisted(world, done, desire), done.step.request
        if request is None:
            if after != world:
                yield w.renumbered(after)
            return
        yield w.renumbered(after)  # it crashed before it could ask, or the request was lost
        members, outcome = self._perform(after, request)
        rest = (after.late, after.ran_in, after.ran, after.removed)
        yield w.renumbered(World(after.state, members, after.caches, None, *rest))  # the answer was lost
        answer = Answer(request, outcome)
        yield w.renumbered(World(after.state, members, after.caches, answer, *rest))
        if self.late and world.late is None and request.verb is not Verb.CREATE:
            yield w.renumbered(replace(after, late=request))
        if self.refusing and request.verb in ANSWERS_KEPT:
            refused = Outcome(reason="Forbidden", message="no", permanent=True)
            yield w.renumbered(replace(after, answer=Answer(request, refused)))

    def _step(self, known: _Known, world: World, desire: Desire, picture: Picture) -> _Done:
        key = (desire, picture)
        if key not in known:
            seen = {
                name: w.away(name) if part is None else w.observed(name, part[0], live=part[1] or ALL_LIVE)
                for name, part in zip(w.NAMES, picture, strict=False)
            }
            state = world.state
            lost = {name: w.LONG_AGO for name, part in zip(w.NAMES, picture, strict=False) if part is None}
            done = step(state, desire, seen, now=w.NOW, profile=self.profile, answer=world.answer, lost=lost)
            self.check_step(state, done)
            moved = done.state.migrations - state.migrations
            paused = done.state.pauses - state.pauses
            known[key] = _Done(done, w.timeless(done.state), moved, paused)
        return known[key]

    # Promises

    def check_step(self, state: State, done: Step) -> None:
        """Epochs grow, and only by what a step announces; nothing is asked of a copy nobody knows."""
        assert done.state.epoch >= state.epoch, "an epoch shrank"
        placement = done.state.placement
        if done.request is not None and done.request.verb in ANSWERS_KEPT:
            assert placement is not None
            assert (done.request.cluster, done.request.epoch) == (placement.cluster, placement.epoch)
        if placement is not None:
            assert placement.epoch <= done.state.epoch
        if done.request is not None and done.request.verb is not Verb.CREATE:
            assert done.request.object_uid is not None, "a change without a precondition"
        assert done.reason
        assert done.reason[0].isupper()
        assert " " not in done.reason

    def _check_members(self, members: tuple[w.Member, ...]) -> None:
        if self.at_most_one:
            assert sum(member.pods != w.NONE for member in members) <= 1, "two copies have pods"

    def _perform(self, world: World, request: Request) -> tuple[tuple[w.Member, ...], Outcome]:
        if request.verb is Verb.CREATE and self.at_most_one:
            others = [m for name, m in zip(w.NAMES, world.members, strict=False) if name != request.cluster]
            assert all(member == w.Member() for member in others), "created while an older copy may exist"
        members, outcome = w.perform(world.members, request, w.unused_uid(world))
        self._check_members(members)
        return members, outcome

    @staticmethod
    def _persisted(world: World, done: _Done, desire: Desire) -> World:
        """The world with the new status; the counters move exactly when they should."""
        before, after = world.state, done.state
        ran_in, ran = world.ran_in, world.ran
        migrations = pauses = 0
        begins = after.phase in ("Running", "Succeeded") and before.phase not in ("Running", "Succeeded")
        gave_up = before.previous is not None and after.previous is None and before.phase == "Placing"
        if (begins and after.placement is not None and not gave_up) or (
            after.phase in ("Running", "Draining")
            and not gave_up
            and after.placement is not None
            and after.placement.started_at
        ):
            migrations = int(ran_in is not None and ran_in != after.placement.cluster)
            ran_in, ran = after.placement.cluster, True
        if after.phase == "Paused" and before.phase != "Paused":
            pauses, ran = int(ran), False
        assert done.migrations == migrations, "a migration was not counted once"
        assert done.pauses == pauses, "a pause was not counted once"
        answer = world.answer if done.step.request is None else None
        removed = isinstance(desire, Remove)
        return World(after, world.members, world.caches, answer, world.late, ran_in, ran, removed)

    # Once faults end

    def converges(self, world: World, desire: Desire) -> None:
        """Without faults the desire is reached, and then nothing more is done."""
        path: list[tuple[World, Desire]] = []
        world = replace(world, caches=world.members)  # a watch that works is up to date
        for _ in range(60):
            if (world, desire) in self.converging:
                break
            path.append((world, desire))
            following = self.calm(world, desire)
            if following is None or following == world:
                self.reached(world, desire, finished=following is None)
                break
            world = following
        else:
            raise AssertionError(f"does not come to rest for {desire}: {world}")
        self.converging.update(path)

    def calm(self, world: World, desire: Desire) -> World | None:
        """One faultless round; None once a deletion is complete."""
        members = world.members
        if world.late is not None:
            members, _ = w.perform(members, world.late, w.unused_uid(world))
        members = tuple(w.settled(member) for member in members)
        world = w.renumbered(replace(world, members=members, caches=members, late=None))
        live = tuple((member, True) for member in world.members)
        done = self._step(self.steps[world.state, world.answer], world, desire, live)
        assert not done.step.needs_live, "asks again for what it has"
        if done.step.finished:
            assert all(member == w.Member() for member in world.members), "left something behind"
            return None
        after, request = self._persisted(world, done, desire), done.step.request
        if request is None:
            return w.renumbered(after)
        members, outcome = self._perform(after, request)
        caches = members  # and so is the watch
        return w.renumbered(replace(after, members=members, caches=caches, answer=Answer(request, outcome)))

    def reached(self, world: World, desire: Desire, *, finished: bool) -> None:
        """Whether a world at rest is what was wanted."""
        assert finished == isinstance(desire, Remove), f"{desire} was not reached: {world}"
        if finished:
            return
        state, places = world.state, dict(zip(w.NAMES, world.members, strict=False))
        at_work = [name for name, member in places.items() if member.pods]
        if state.final:
            assert at_work == [], world
        elif isinstance(desire, Run):
            assert (state.phase, at_work) == ("Running", [desire.cluster]), world
            assert state.placement is not None
            assert state.placement.cluster == desire.cluster
            assert state.previous is None
        elif isinstance(desire, Stop):
            assert state.phase in ("Paused", "Pending", "Stopped"), world
            assert at_work == [], world
