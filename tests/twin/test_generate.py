"""Job files from a seed, a load and a trace's shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.twin.scenes import START, cluster, fleet
from voltaire.twin.errors import JobsError
from voltaire.twin.generate import JobShape, Row, make_jobs, write_jobs
from voltaire.twin.job_traces import read_shapes
from voltaire.twin.jobs_file import read_jobs

FLEET = fleet(cluster("a", count=512, jurisdictions=["EU", "FR"]), cluster("b", count=256))
HOURS = 168.0


def accelerator_hours(rows: list[Row]) -> float:
    return sum(row[2] * row[3] for row in rows)


@pytest.mark.parametrize("load", [0.3, 0.85])
@pytest.mark.parametrize("count", [None, 400])
def test_the_load_is_met(load: float, count: int | None) -> None:
    rows = make_jobs(FLEET, JobShape(load=load, count=count), seed=4)
    assert accelerator_hours(rows) / (768 * HOURS) == pytest.approx(load, rel=0.15)
    assert count is None or len(rows) == count


def test_the_same_seed_makes_the_same_jobs() -> None:
    first, same, other = (make_jobs(FLEET, JobShape(), seed) for seed in (1, 1, 2))
    assert first == same != other


def test_what_is_written_reads_as_jobs_within_their_ranges(tmp_path: Path) -> None:
    rows = make_jobs(FLEET, JobShape(count=500, rigid=0.25, resident=0.4), seed=3)
    (tmp_path / "jobs.csv").write_text(write_jobs(rows))
    jobs = read_jobs(tmp_path / "jobs.csv", FLEET, START)
    assert len(jobs) == 500
    assert np.mean([not job.interruptible for job in jobs]) == pytest.approx(0.25, abs=0.07)
    resident = [job for job in jobs if job.residency]
    assert {job.home for job in resident} == {"a"}
    assert all(job.residency == {"EU"} for job in resident)
    for job in jobs:
        slack = (job.deadline_h or 0.0) - job.arrival_h - job.duration_h
        assert 0.0 <= job.arrival_h < HOURS
        assert 0.1 * job.duration_h - 1e-3 <= slack <= 3.0 * job.duration_h + 1e-3
        assert 5.0 <= job.checkpoint_gb <= 500.0
        assert job.accelerators <= (512 if job.home == "a" else 256)


def test_arrivals_follow_the_day() -> None:
    rows = make_jobs(FLEET, JobShape(count=4000), seed=5)
    hour = np.array([row[1] % 24 for row in rows])
    assert np.sum((hour > 11) & (hour < 17)) > 1.5 * np.sum((hour < 4) | (hour > 22))


@pytest.mark.parametrize(
    "text",
    [
        "timestamp,duration,num_gpus\n2017-10-09 06:00:00,7200,8\n2017-10-09 06:00:00,0,8\n",
        "arrival_time,length,cpus\n6.0,2.0,8\n7.0,2.0,0\n",
        "num_gpu,creation_time,deletion_time\n8,21600,28800\n8,21600,\n",
    ],
)
def test_recorded_jobs_are_told_apart_by_their_columns(tmp_path: Path, text: str) -> None:
    (tmp_path / "trace.csv").write_text(text)
    shapes = read_shapes(tmp_path / "trace.csv")
    assert shapes.tolist() == [[8.0, 2.0, 6.0]]
    rows = make_jobs(FLEET, JobShape(load=0.1), 1, shapes)
    assert {(row[2], row[3]) for row in rows} == {(2.0, 8)}
    assert {round(row[1], 3) for row in rows} == {6.0}


def test_a_trace_of_unknown_columns(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("when,what\n1,2\n")
    with pytest.raises(JobsError, match="no job trace that is known"):
        read_shapes(tmp_path / "trace.csv")


def test_a_shape_that_makes_no_sense() -> None:
    with pytest.raises(JobsError, match="slack goes from 2 to 1"):
        JobShape(slack=(2.0, 1.0))
    with pytest.raises(JobsError, match="above 0"):
        JobShape(checkpoint_gb=(0.0, 1.0))
