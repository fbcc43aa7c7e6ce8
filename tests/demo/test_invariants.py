from dataclasses import replace

import pytest

from tests.demo.builders import END, Pods, at, evidence, receipt, status, workload
from voltaire.demo.invariants import CHECKS, Evidence, check


def names(seen: Evidence) -> list[str]:
    return [violation.name for violation in check(seen)]


def moved(**changes: object) -> Evidence:
    """A job that ran in Virginia until 5 h and in Paris from 6 h to 11 h."""
    facts = workload("w", **changes)
    pods = Pods().begin(0.1, "w", "virginia", 1).end(5, "w", "virginia", 1)
    pods.begin(6, "w", "paris", 2).end(11, "w", "paris", 2)
    receipts = [receipt(facts, "virginia", 1, 0.1, 5), receipt(facts, "paris", 2, 6, 11)]
    return evidence([facts], pods, {"w": status(facts, receipts, 11)})


def test_a_clean_move_violates_nothing() -> None:
    assert names(moved()) == []


def test_every_check_names_what_it_finds() -> None:
    assert set(CHECKS) >= {"AtMostOneCopy", "Residency", "Capacity", "NoOrphans", "RequiredDeadlines"}


@pytest.mark.parametrize(("cluster", "epoch"), [("paris", 2), ("virginia", 2)])
def test_two_copies_are_found_across_clusters_and_across_epochs(cluster: str, epoch: int) -> None:
    facts = workload("w")
    pods = Pods().begin(0, "w", "virginia", 1).begin(4.999, "w", cluster, epoch)
    pods.end(5, "w", "virginia", 1).end(10, "w", cluster, epoch)
    receipts = [receipt(facts, "virginia", 1, 0, 5), receipt(facts, cluster, epoch, 5, 10)]
    seen = evidence([facts], pods, {"w": status(facts, receipts, 10)})
    assert names(seen) == ["AtMostOneCopy", "GangNotExceeded"]


def test_the_true_order_counts_not_the_times_of_arrival() -> None:
    """The same instant, but the first was gone before the second began: no overlap."""
    facts = workload("w")
    pods = Pods().begin(0, "w", "virginia", 1).end(5.4, "w", "virginia", 1)
    pods.begin(5, "w", "paris", 2).end(10, "w", "paris", 2)
    receipts = [receipt(facts, "virginia", 1, 0, 5), receipt(facts, "paris", 2, 5, 10)]
    assert names(evidence([facts], pods, {"w": status(facts, receipts, 10)})) == []


def test_a_server_may_overlap_while_it_moves() -> None:
    facts = workload("w", type="Serving", deadline=None)
    pods = Pods().begin(0, "w", "virginia", 1).begin(5, "w", "paris", 2)
    pods.end(5.2, "w", "virginia", 1).end(24, "w", "paris", 2)
    receipts = [receipt(facts, "virginia", 1, 0, 5.2), receipt(facts, "paris", 2, 5, 24)]
    assert names(evidence([facts], pods, {"w": status(facts, receipts, None, phase="Paused")})) == []


def test_replacement_pods_beside_the_old_ones_exceed_the_gang() -> None:
    facts = workload("w")
    pods = Pods().begin(0, "w", "paris", 1).begin(1, "w", "paris", 1)
    pods.events[1] = replace(pods.events[1], pod_uid="second")
    seen = evidence([facts], pods, {"w": status(facts, [], None)})
    assert "GangNotExceeded" in names(seen)


def test_data_outside_its_jurisdictions_is_found() -> None:
    found = [violation for violation in check(moved(residency=("EU",))) if violation.name == "Residency"]
    assert [violation.time for violation in found] == [at(0.1)]
    assert names(moved(residency=("EU", "US"))) == []


def test_more_accelerators_than_there_are_is_found() -> None:
    many = [workload(f"w{index}") for index in range(3)]
    pods = Pods()
    for facts in many:
        pods.begin(1, facts.uid, "paris", 1)
    for facts in many:
        pods.end(11, facts.uid, "paris", 1)
    statuses = {f.uid: status(f, [receipt(f, "paris", 1, 1, 11)], 11) for f in many}
    assert names(evidence(many, pods, statuses)) == ["Capacity"]


def test_a_full_cluster_may_hand_over_at_the_same_instant() -> None:
    first, second = workload("a", accelerators=16), workload("b", accelerators=16)
    pods = Pods().begin(0, "a", "paris", 1, 16).end(10, "a", "paris", 1, 16)
    pods.begin(10, "b", "paris", 1, 16).end(20, "b", "paris", 1, 16)
    statuses = {
        "a": status(first, [receipt(first, "paris", 1, 0, 10)], 10),
        "b": status(second, [receipt(second, "paris", 1, 10, 20)], 20),
    }
    assert names(evidence([first, second], pods, statuses)) == []


def test_an_epoch_that_does_not_grow_is_found() -> None:
    facts = workload("w")
    pods = Pods().begin(0, "w", "virginia", 2).end(5, "w", "virginia", 2)
    pods.begin(6, "w", "paris", 2).end(11, "w", "paris", 2)
    receipts = [receipt(facts, "virginia", 2, 0, 5), receipt(facts, "paris", 2, 6, 11)]
    assert names(evidence([facts], pods, {"w": status(facts, receipts, 11)})) == ["EpochsGrow"]


def test_starting_too_early_is_found() -> None:
    assert names(moved(earliest_start=at(1))) == ["NotBeforeEarliestStart"]


@pytest.mark.parametrize("mode", ["Never", "Suspend"])
def test_moving_what_may_not_move_is_found(mode: str) -> None:
    assert names(moved(disruption=mode)) == ["DisruptionRespected"]


def test_stopping_what_may_not_stop_is_found() -> None:
    facts = workload("w", disruption="Never")
    pods = Pods().begin(0, "w", "paris", 1).end(2, "w", "paris", 1).begin(3, "w", "paris", 2)
    pods.end(11, "w", "paris", 2)
    receipts = [receipt(facts, "paris", 1, 0, 2), receipt(facts, "paris", 2, 3, 11)]
    seen = evidence([facts], pods, {"w": status(facts, receipts, 11)})
    assert names(seen) == ["DisruptionRespected"]


def test_a_required_deadline_missed_is_found_only_if_it_was_feasible() -> None:
    assert names(moved(deadline=at(10.5))) == ["RequiredDeadlines"]
    assert names(moved(deadline=at(9))) == []
    assert names(moved(deadline=at(10.5), deadline_required=False)) == []


def test_work_that_never_finished_misses_its_deadline() -> None:
    facts = workload("w")
    pods = Pods().begin(1, "w", "paris", 1)
    seen = evidence([facts], pods, {"w": status(facts, [receipt(facts, "paris", 1, 1, 24)], None)})
    assert names(seen) == ["RequiredDeadlines"]


def test_a_finish_that_the_pods_contradict_is_found() -> None:
    facts = workload("w", deadline=at(11))
    pods = Pods().begin(0, "w", "paris", 1).end(14, "w", "paris", 1)
    seen = evidence([facts], pods, {"w": status(facts, [receipt(facts, "paris", 1, 0, 14)], 10.5)})
    assert names(seen) == ["RequiredDeadlines"]


@pytest.mark.parametrize(
    "receipts",
    [
        [("virginia", 1, 0.1, 5)],
        [("virginia", 1, 0.1, 5), ("paris", 2, 8, 11)],
        [("virginia", 1, 0.1, 5), ("paris", 2, 6, 11), ("california", 3, 12, 13)],
        [("virginia", 1, 0.1, 5), ("paris", 3, 6, 11)],
    ],
    ids=["one is missing", "it begins elsewhen", "nobody was there", "another epoch"],
)
def test_receipts_that_tell_another_story_are_found(receipts: list[tuple[str, int, float, float]]) -> None:
    seen = moved()
    facts = seen.workloads["w"]
    told = status(facts, [receipt(facts, *one) for one in receipts], 11)
    assert set(names(replace(seen, statuses={"w": told}))) == {"PlacementsAgree"}


def test_energy_that_was_not_billed_is_found() -> None:
    seen = moved()
    told = seen.statuses["w"]
    lost = [told.receipts[0], told.receipts[1].model_copy(update={"energy_kwh": 2.4})]
    found = check(replace(seen, statuses={"w": told.model_copy(update={"receipts": lost})}))
    assert [violation.name for violation in found] == ["EnergyAccounted"]
    assert "2.40 kWh billed for 5.00 h, 24.00 kWh expected" in found[0].detail


def test_orphans_are_found() -> None:
    facts = workload("w")
    pods = Pods().begin(0, "w", "paris", 1).begin(3, "stranger", "paris", 1).end(10, "w", "paris", 1)
    seen = evidence([facts], pods, {"w": status(facts, [receipt(facts, "paris", 1, 0, 10)], 10)})
    assert names(seen) == ["NoOrphans"]


def test_pods_that_outlive_their_workload_are_found() -> None:
    facts = workload("w")
    pods = Pods().begin(0, "w", "paris", 1)
    told = status(facts, [{**receipt(facts, "paris", 1, 0, 10), "end": None}], 10)
    found = check(evidence([facts], pods, {"w": told}, end=END))
    assert {violation.name for violation in found} >= {"NoOrphans"}


def test_what_deletion_leaves_is_found() -> None:
    found = check(replace(moved(), left_behind=["paris/ai/w-0"]))
    assert [(violation.name, violation.time) for violation in found] == [("NoOrphans", END)]
