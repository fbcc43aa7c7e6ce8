from datetime import timedelta
from typing import Any

from tests.demo.builders import START, Pods, at
from voltaire.demo.observations import PodLog, pod_event, pod_lives, stays, tighten


def pod(name: str = "p", *, phase: str = "Running", node: str = "n", labels: Any = None) -> dict[str, Any]:
    """A pod as an API server gives it."""
    if labels is None:
        labels = {"voltaire.dev/workload-uid": "w", "voltaire.dev/epoch": "3"}
    container = {"resources": {"limits": {"nvidia.com/gpu": "4", "cpu": "2"}}}
    return {
        "metadata": {"uid": name, "name": name, "resourceVersion": "17", "labels": labels},
        "spec": {"nodeName": node, "containers": [container]},
        "status": {"phase": phase},
    }


def test_a_pod_tells_its_workload_epoch_and_accelerators() -> None:
    event = pod_event("paris", pod(), START)
    assert event is not None
    assert (event.workload_uid, event.epoch, event.accelerators, event.revision) == ("w", 3, 4, 17)
    assert event.exists
    assert event.bound
    assert event.running


def test_a_terminal_or_deleted_pod_does_not_exist() -> None:
    for event in (
        pod_event("paris", pod(phase="Succeeded"), START),
        pod_event("paris", pod(phase="Failed"), START),
        pod_event("paris", pod(), START, deleted=True),
    ):
        assert event is not None
        assert not event.exists
        assert not event.running


def test_other_peoples_pods_are_not_ours() -> None:
    assert pod_event("paris", pod(labels={"app": "x"}), START) is None


def test_a_pending_pod_holds_no_accelerator_yet() -> None:
    event = pod_event("paris", pod(phase="Pending", node=""), START)
    assert event is not None
    assert event.exists
    assert not event.bound


def test_a_late_watch_does_not_make_pods_overlap() -> None:
    """Paris' end reaches us after Virginia's begin although it came first: then it was no later than that."""
    pods = Pods().begin(0, "w", "paris", 1).end(5.3, "w", "paris", 1).begin(5.2, "w", "virginia", 2)
    assert [event.time for event in tighten(pods.events)] == [at(0), at(5.2), at(5.2)]
    first, second = stays(pods.lives())
    assert first.end is not None
    assert first.end.time <= second.start.time


def test_a_life_runs_from_first_sight_to_terminal() -> None:
    (life,) = Pods().begin(1, "w", "paris", 1).end(4, "w", "paris", 1).end(9, "w", "paris", 1).lives()
    assert life.start.time == at(1)
    assert life.end is not None
    assert life.end.time == at(4)


def test_pods_of_one_place_and_epoch_make_one_stay_until_there_is_a_gap() -> None:
    log = PodLog()
    story = [("a", 1, True), ("b", 2, True), ("a", 3, False), ("b", 4, False), ("c", 6, True)]
    for revision, (name, hour, exists) in enumerate(story):
        body = pod(name, phase="Running" if exists else "Succeeded")
        event = pod_event("paris", body, at(hour), revision=revision)
        assert event is not None
        log.add(event)
    first, second = stays(pod_lives(log.events))
    assert (first.start.time, first.pod_uids) == (at(1), ("a", "b"))
    assert first.end is not None
    assert first.end.time == at(4)
    assert (second.start.time, second.end) == (at(6), None)


def test_what_a_new_list_lacks_is_gone() -> None:
    log = PodLog()
    for name in ("a", "b"):
        event = pod_event("paris", pod(name), at(1))
        assert event is not None
        log.add(event)
    log.relisted("paris", ["b"], at(3), 40)
    assert [event.pod_uid for event in log.present("paris")] == ["b"]
    ended = next(life for life in pod_lives(log.events) if life.pod_uid == "a")
    assert ended.end is not None
    assert (ended.end.time, ended.end.revision) == (at(3), 40)


def test_a_short_life_between_two_looks_is_kept() -> None:
    (life,) = Pods().begin(1, "w", "paris", 1).end(1 + 1 / 3600, "w", "paris", 1).lives()
    assert life.end is not None
    assert life.end.time - life.start.time == timedelta(seconds=1)
