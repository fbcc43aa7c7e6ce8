"""Everything that can happen to a workload in a small world, explored breadth-first.

Each world is reached by crashes before and after any write, requests lost, answers lost, old pictures,
members out of reach, changes of mind. On every transition: never two copies with pods, nothing created while
an older copy may exist, epochs only grow, counters move once. From every world: once faults end, every desire
is reached and then nothing more is done; a deletion leaves nothing behind.
"""

from __future__ import annotations

import pytest

from tests.executor.explorer import Explorer
from voltaire.executor.machine import Profile

CASES = {
    "two members": Explorer(limit=40_000),
    "three members": Explorer(clusters=3, limit=10_000),
    "late requests and refusals": Explorer(late=True, refusing=True, limit=15_000),
    "somebody else at work in the members": Explorer(meddling=True, late=True, limit=15_000),
    "restarting elsewhere when lost": Explorer(profile=Profile(restart_when_lost=True), limit=15_000),
    "a server": Explorer(
        profile=Profile(exclusive=False), meddling=True, late=True, refusing=True, limit=15_000
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_nothing_that_can_happen_breaks_a_promise(name: str) -> None:
    explorer = CASES[name]
    worlds = explorer.explore()
    assert len(worlds) >= explorer.limit, "the world is smaller than it should be"
    for world in worlds:
        for desire in explorer.wishes(world):
            explorer.converges(world, desire)


def test_the_explorer_finds_a_machine_that_trusts_old_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The promises can be broken: believing any picture to be live ends in two copies, or worse."""
    monkeypatch.setattr("tests.executor.explorer.ALL_LIVE", True)
    with pytest.raises(AssertionError):
        Explorer(limit=15_000).explore()
