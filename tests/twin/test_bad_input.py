"""Whatever is wrong with a file has a name, a place and a remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.twin.scenes import (
    START,
    battery,
    cluster,
    fleet,
    job,
    placement_policy,
    scenario,
    with_battery,
    zone,
)
from voltaire.twin.errors import (
    Duplicate,
    EmptyFleet,
    FleetError,
    ForecastError,
    JobsError,
    TraceError,
    TraceGap,
    TraceTooShort,
    TwinError,
    UnevenTrace,
    UnknownName,
)
from voltaire.twin.fleet_file import read_fleet, read_objects
from voltaire.twin.forecast_kind import ForecastKind, parse_forecast
from voltaire.twin.jobs_file import COLUMNS, job_of, read_jobs
from voltaire.twin.registry import make_policy
from voltaire.twin.trace import read_trace

FLEET = fleet(cluster("a"))
HEADER = ",".join(COLUMNS)
GOOD = "j,0,2,4,0.7,3,a,1,10,"


def refused(error: type[TwinError], words: str) -> Any:
    return pytest.raises(error, match=words)


@pytest.mark.parametrize(
    ("documents", "error", "words"),
    [
        ([], EmptyFleet, "no RegionalCluster"),
        ([cluster("a")], UnknownName, "GridZone a"),
        ([cluster("a"), cluster("a"), zone("a")], Duplicate, "RegionalCluster a is there twice"),
        ([with_battery(cluster("a"), "pack"), zone("a")], UnknownName, "Battery pack"),
        (
            [with_battery(cluster(n), "pack") for n in "ab"] + [zone("a"), zone("b"), battery("pack")],
            FleetError,
            "stands at a and at b",
        ),
        ([cluster("a", pue=0.5), zone("a")], FleetError, "RegionalCluster a: spec.power.pue"),
        ([cluster("a"), zone("a"), battery("p", chargeEfficiency=1.2)], FleetError, "chargeEfficiency"),
    ],
)
def test_a_bad_fleet(documents: list[dict[str, Any]], error: type[TwinError], words: str) -> None:
    with refused(error, words):
        read_fleet(documents)


def test_a_cluster_whose_nodes_would_have_to_be_counted() -> None:
    site = cluster("a")
    del site["spec"]["capacity"]["accelerators"][0]["count"]
    with refused(FleetError, "h100 needs a count"):
        read_fleet([site, zone("a")])
    site["spec"]["capacity"] = {}
    with refused(FleetError, "declare them"):
        read_fleet([site, zone("a")])


@pytest.mark.parametrize("text", ["a: [", "- 1\n- 2\n", "\x00"])
def test_what_is_no_fleet_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "fleet.yaml").write_text(text)
    with refused(FleetError, "fleet.yaml"):
        read_objects(tmp_path / "fleet.yaml")


@pytest.mark.parametrize(
    ("rows", "error", "words"),
    [
        (["j,0,2,4,0.7,3,a,1,10"], None, ""),
        ([GOOD, GOOD], Duplicate, "job j is there twice"),
        (["j,0,2,4,0.7,3,mars,1,10,"], UnknownName, "home in mars"),
        (["j,-1,2,4,0.7,3,a,1,10,"], JobsError, "line 2: arrival_h is '-1'"),
        (["j,nan,2,4,0.7,3,a,1,10,"], JobsError, "arrival_h is 'nan'"),
        (["j,0,0,4,0.7,3,a,1,10,"], JobsError, "duration_h is '0', where a number above 0"),
        (["j,0,2,4.5,0.7,3,a,1,10,"], JobsError, "a whole number"),
        (["j,0,2,4,0.7,3,a,yes,10,"], JobsError, "interruptible is 'yes'"),
        (["j,0,2,4,0.7"], JobsError, "interruptible is ''"),
        ([",0,2,4,0.7,3,a,1,10,"], JobsError, "id is empty"),
    ],
)
def test_a_bad_job(tmp_path: Path, rows: list[str], error: type[TwinError] | None, words: str) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text("\n".join([HEADER, *rows]))
    if error is None:
        assert len(read_jobs(path, FLEET, START)) == 1
        return
    with refused(error, words):
        read_jobs(path, FLEET, START)


def test_a_job_file_without_its_columns(tmp_path: Path) -> None:
    (tmp_path / "jobs.csv").write_text("id,arrival_h\n")
    with refused(JobsError, "lacks duration_h"):
        read_jobs(tmp_path / "jobs.csv", FLEET, START)


def workload(**changes: Any) -> Any:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}
    manifest = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": template, "backoffLimit": 0}}
    manifest["spec"]["podReplacementPolicy"] = "Failed"
    spec = {"type": "Training", "manifest": manifest, "profile": {"duration": "2h", "accelerators": 4}}
    annotations = {"twin.voltaire.dev/arrival": "1h30m"}
    metadata = {"name": "w", "namespace": "ai", "annotations": annotations}
    return {"metadata": {**metadata, **changes.pop("metadata", {})}, "spec": {**spec, **changes}}


def parsed(**changes: Any) -> Any:
    from voltaire.api.resources import AIWORKLOAD

    return AIWORKLOAD.parse(workload(**changes))


def test_an_aiworkload_is_a_job() -> None:
    found = job_of(parsed(disruption={"mode": "Migrate", "checkpoint": {"sizeGB": 7}}), FLEET, START)
    assert (found.id, found.arrival_h, found.duration_h) == ("ai/w", 1.5, 2.0)
    assert (found.mode, found.checkpoint_gb, found.on_termination) == ("Migrate", 7.0, False)


def test_an_aiworkload_that_arrives_at_a_time() -> None:
    at = {"annotations": {"twin.voltaire.dev/arrival": "2026-03-02T05:30:00+01:00"}}
    assert job_of(parsed(metadata=at), FLEET, START).arrival_h == 4.5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metadata": {"annotations": {}}}, "arrival is missing"),
        ({"metadata": {"annotations": {"twin.voltaire.dev/arrival": "soon"}}}, "'soon'"),
        ({"metadata": {"annotations": {"twin.voltaire.dev/arrival": "2020-01-01"}}}, "before the run"),
        ({"profile": {"accelerators": 4}}, "give spec.profile.duration"),
    ],
)
def test_an_aiworkload_that_cannot_be_played(changes: dict[str, Any], words: str) -> None:
    with refused(JobsError, words):
        job_of(parsed(**changes), FLEET, START)


def matrix(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "carbon.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("lines", "error", "words"),
    [
        (["time,A"], TraceError, "does not begin with datetime_utc"),
        (["datetime_utc,B"], UnknownName, "no column for the zone A"),
        (["datetime_utc,A", "2026-03-02T00:00Z,1"], TraceTooShort, "fewer than two rows"),
        (["datetime_utc,A", "yesterday,1"], TraceError, "line 2: 'yesterday'"),
        (["datetime_utc,A", "2026-03-02T01:00Z,1", "2026-03-02T00:00Z,1"], UnevenTrace, "sort the rows"),
        (
            ["datetime_utc,A", "2026-03-02T00:00Z,1", "2026-03-02T01:00Z,1", "2026-03-02T03:00Z,1"],
            UnevenTrace,
            "line 4",
        ),
        (["datetime_utc,A", "2026-03-02T00:00Z,1", "2026-03-02T01:00Z,"], TraceGap, "line 3: A is 'empty'"),
        (["datetime_utc,A", "2026-03-02T00:00Z,nan", "2026-03-02T01:00Z,1"], TraceGap, "A is 'nan'"),
        (["datetime_utc,A", "2026-03-02T00:00Z,-5", "2026-03-02T01:00Z,1"], TraceGap, "A is '-5'"),
    ],
)
def test_a_bad_trace(tmp_path: Path, lines: list[str], error: type[TwinError], words: str) -> None:
    with refused(error, words):
        read_trace(matrix(tmp_path, *lines), ["A"])


def test_zero_is_a_value(tmp_path: Path) -> None:
    lines = ["datetime_utc,A", "2026-03-02T00:00Z,0", "2026-03-02T01:00Z,0"]
    assert read_trace(matrix(tmp_path, *lines), ["A"]).values["A"].tolist() == [0.0, 0.0]


def test_a_run_that_the_trace_does_not_cover() -> None:
    with refused(TraceTooShort, "needs 500 hours, to its last deadline"):
        scenario(FLEET, [job(deadline_h=500.0)], {"a": [100]})
    with refused(TraceTooShort, "from 2025"):
        scenario(FLEET, [job()], {"a": [100]}, start=datetime(2025, 1, 1, tzinfo=UTC))


def test_slots_that_do_not_fit() -> None:
    with refused(UnevenTrace, "no boundary of slots"):
        scenario(FLEET, [job()], {"a": [100]}, start=START + timedelta(minutes=20))
    with refused(UnevenTrace, "one must divide the other"):
        scenario(FLEET, [job()], {"a": [100]}, slot=timedelta(minutes=40))


def test_nobody_arrives() -> None:
    with refused(JobsError, "in the first 2 hours"):
        scenario(FLEET, [job(arrival_h=3.0)], {"a": [100]}, hours=2.0)


def test_a_policy_that_is_not_there() -> None:
    with refused(UnknownName, "no policy hope"):
        make_policy("hope", scenario(FLEET, [job()], {"a": [100]}))


def test_a_sun_without_a_place() -> None:
    site = with_battery(cluster("a"), "pack")
    del site["spec"]["location"]
    dark = fleet(site, battery("pack", solar={"peakKW": 5}), placement_policy())
    with refused(FleetError, "spec.location"):
        scenario(dark, [job()], {"a": [100]})


def test_kinds_of_forecasts() -> None:
    assert parse_forecast("dayahead:0.08") == ForecastKind("dayahead", 0.08)
    assert [str(parse_forecast(text)) for text in ("perfect", "none")] == ["perfect", "none"]
    for text in ("dayahead", "dayahead:2", "dayahead:x", "perfect:1", "guess"):
        with refused(ForecastError, text):
            parse_forecast(text)
