"""Whether the fleet's carbon intensities mean the same: values of different basis are never ranked together.

The basis that most clusters have is the one that is planned with; zones of another take no part. Where none
has a majority nothing can be ranked, and placements freeze. Either way the zones are named, and how to align
them, in the same words in conditions and in what a workload is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from voltaire.api.conditions import Finding
from voltaire.api.gridzone import Basis
from voltaire.fleet.picture import Picture

COMPARABLE = "Comparable"
Key = tuple[str, str, str]
MOST_NAMED = 6
"""So many zones of one basis are named: what a workload is told has an end."""

NOTHING_KNOWN = (
    "No carbon intensity is known: placements stay as they are. The Ready condition of each GridZone says "
    "what its sources lack."
)


def spoken(basis: Key) -> str:
    """A basis in words."""
    return f"{basis[0]} {basis[1]} {basis[2]}"


def bases(picture: Picture) -> dict[str, Key]:
    """The basis of each zone, by the name of its GridZone, that supplies a cluster and is known now."""
    supplied = {cluster.spec.grid_zone for cluster in picture.clusters.values()}
    known = {
        name: signal.basis for name, signal in picture.signals.items() if name in supplied and signal.fresh
    }
    return {name: key_of(basis) for name, basis in known.items()}


def comparable(picture: Picture, zone: str | None = None) -> tuple[Finding, ...]:
    """What to say of a zone, or (None) of the whole fleet; nothing while no intensity is known at all."""
    known = bases(picture)
    if zone is not None and zone not in known and len(known) > 0:
        return (
            Finding(COMPARABLE, "Unknown", "NotInUse", "It supplies no cluster, or its value is unknown."),
        )
    if not known:
        return ()
    weight = Counter(
        known[cluster.spec.grid_zone]
        for cluster in picture.clusters.values()
        if cluster.spec.grid_zone in known
    )
    ranked = weight.most_common()
    tied = len(ranked) > 1 and ranked[0][1] == ranked[1][1]
    main = None if tied else ranked[0][0]
    if len(ranked) == 1 or (zone is not None and main is not None and known[zone] == main):
        return (Finding(COMPARABLE, "True", "SameBasis", spoken(known[zone] if zone else ranked[0][0])),)
    return (Finding(COMPARABLE, "False", "MixedBasis", mixed(known, main)),)


def mixed(known: Mapping[str, Key], main: Key | None) -> str:
    """Which zones differ, what follows, and what to do. `known`: the basis of each zone; `main`: the one that
    is planned with, if any."""
    groups: dict[Key, list[str]] = {}
    for name in sorted(known):
        groups.setdefault(known[name], []).append(name)
    listed = "; ".join(f"{_named(names)}: {spoken(basis)}" for basis, names in sorted(groups.items()))
    if main is None:
        effect = "No basis has a majority of the clusters, so nothing is ranked and placements stay."
        wanted = "one basis"
    else:
        effect = f"Only clusters on a {spoken(main)} basis are planned with; the others take no part."
        wanted = spoken(main)
    return (
        f"Carbon intensities of different basis are never ranked together. {listed}. {effect} To align them, "
        f"give all GridZones {wanted} in spec.basis and sources that give it: the table of providers in the "
        "guide to carbon intensity says which do."
    )


def _named(zones: Sequence[str]) -> str:
    more = len(zones) - MOST_NAMED
    return ", ".join(zones[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def key_of(basis: Basis) -> Key:
    """What is compared of a basis."""
    return basis.signal, basis.boundary, basis.perspective
