"""Promises and loads by cluster, however the workloads come and go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voltaire.fleet.tally import Presence, Promise, Tally

CLUSTERS = st.sampled_from(["paris", "virginia"])
PROMISES = st.lists(st.tuples(CLUSTERS, st.sampled_from(["a100", None]), st.integers(0, 8)), max_size=2)
PRESENCE = st.none() | st.tuples(CLUSTERS, st.floats(0, 100))
CHANGES = st.lists(st.tuples(st.sampled_from("abc"), PROMISES.map(tuple), PRESENCE), max_size=12)


@given(CHANGES)
def test_it_always_is_what_counting_anew_gives(
    changes: list[tuple[str, tuple[Promise, ...], Presence | None]],
) -> None:
    tally, held, there = Tally(), dict[str, tuple[Promise, ...]](), dict[str, Presence]()
    for uid, promises, present in changes:
        tally.load_kw("paris")  # a sum that was asked for before is not kept too long
        tally.set(uid, promises, present)
        held[uid] = promises
        there.pop(uid, None)
        if present is not None:
            there[uid] = present
    for cluster in ("paris", "virginia"):
        powers = [power for where, power in there.values() if where == cluster]
        assert tally.count(cluster) == len(powers)
        assert abs(tally.load_kw(cluster) - sum(powers)) < 1e-9
        for kind in ("a100", None):
            own = {uid: sum(n for c, k, n in p if (c, k) == (cluster, kind)) for uid, p in held.items()}
            assert tally.promised(cluster, kind) == sum(own.values())
            assert tally.promised(cluster, kind, without="a") == sum(own.values()) - own.get("a", 0)
