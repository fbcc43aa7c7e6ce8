"""A fleet of mixed basis says which zones differ, what follows, and how to align them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.api.examples import SPECS
from voltaire.api.gridzone import Basis
from voltaire.api.resources import GRIDZONE, PLACEMENTPOLICY, REGIONALCLUSTER
from voltaire.api.values import ZoneSignal
from voltaire.fleet.basis import COMPARABLE, comparable
from voltaire.fleet.picture import Picture
from voltaire.fleet.status import policy_status, zone_status

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LIFE, DIRECT = Basis(), Basis(boundary="direct")
MARGINAL = Basis(signal="marginal", boundary="direct")


def fleet(**zones: tuple[Basis, int]) -> Picture:
    """Zones with their basis and how many clusters they supply."""
    picture = Picture()
    for name, (basis, clusters) in zones.items():
        picture.signals[name] = ZoneSignal(name, basis, 50.0, NOW, "a[0]", None, None, (), "Observed", "")
        for i in range(clusters):
            spec = SPECS["RegionalCluster"][0] | {"gridZone": name}
            made = REGIONALCLUSTER.parse({"metadata": {"name": f"{name}-{i}"}, "spec": spec})
            picture.clusters[made.metadata.name] = made
    return picture


def said(picture: Picture, zone: str | None = None) -> tuple[str, str, str]:
    (finding,) = comparable(picture, zone)
    assert finding.type == COMPARABLE
    return finding.status, finding.reason, finding.message


def test_one_basis_is_comparable() -> None:
    picture = fleet(fr=(LIFE, 1), de=(LIFE, 1))
    assert said(picture) == said(picture, "fr") == ("True", "SameBasis", "average lifecycle consumption")


def test_the_zones_that_differ_are_named_with_the_remedy_and_the_others_are_well() -> None:
    picture = fleet(fr=(LIFE, 1), de=(LIFE, 1), gb=(DIRECT, 1))
    assert said(picture, "fr")[0] == "True"
    for zone in (None, "gb"):
        status, reason, message = said(picture, zone)
        assert (status, reason) == ("False", "MixedBasis")
        assert "gb: average direct consumption; de, fr: average lifecycle consumption" in message
        assert "the others take no part" in message
        assert "give all GridZones average lifecycle consumption in spec.basis" in message


def test_clusters_count_and_not_zones() -> None:
    picture = fleet(fr=(LIFE, 1), de=(LIFE, 1), gb=(DIRECT, 3))
    assert (said(picture, "gb")[0], said(picture, "fr")[0]) == ("True", "False")


def test_without_a_majority_everything_freezes_and_all_are_told() -> None:
    picture = fleet(fr=(LIFE, 1), gb=(DIRECT, 1), us=(MARGINAL, 1))
    for zone in (None, "fr", "gb", "us"):
        status, _, message = said(picture, zone)
        assert status == "False"
        assert "nothing is ranked and placements stay" in message
        assert "us: marginal direct consumption" in message


def test_many_zones_are_counted_and_not_listed() -> None:
    picture = fleet(**{f"z{i:02}": (LIFE if i % 2 else DIRECT, 1) for i in range(40)})
    _, _, message = said(picture)
    assert "z00, z02, z04, z06, z08, z10 and 14 more: average direct consumption" in message
    assert len(message) < 1024


@pytest.mark.parametrize("clusters", [0, 1])
def test_a_zone_that_supplies_nothing_or_is_unknown_is_not_judged(clusters: int) -> None:
    picture = fleet(fr=(LIFE, 1), gb=(DIRECT, clusters))
    if clusters:
        unknown = picture.signals["gb"]
        picture.signals["gb"] = ZoneSignal(
            unknown.zone, DIRECT, None, None, None, None, None, (), "NoData", "nothing"
        )
    assert said(picture)[0] == "True"
    assert said(picture, "gb")[0] == "Unknown"


def test_nothing_is_said_while_nothing_is_known() -> None:
    assert comparable(Picture()) == comparable(Picture(), "fr") == ()


def test_the_condition_stands_in_the_status_of_zones_and_policies() -> None:
    picture = fleet(fr=(LIFE, 1), gb=(DIRECT, 1))
    zone = GRIDZONE.parse({"metadata": {"name": "gb"}, "spec": SPECS["GridZone"][0]})
    policy = PLACEMENTPOLICY.parse({"metadata": {"name": "p"}, "spec": SPECS["PlacementPolicy"][0]})
    for status in (
        zone_status(zone, picture.signals["gb"], NOW, comparable(picture, "gb")),
        policy_status(policy, NOW, comparable(picture)),
    ):
        conditions = {condition["type"]: condition for condition in status["conditions"]}
        assert conditions["Ready"]["status"] == "True"
        assert conditions[COMPARABLE]["reason"] == "MixedBasis"
