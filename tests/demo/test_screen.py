import io
from datetime import timedelta

import pytest
from rich.console import Console

from tests.demo.builders import END, START, Pods, at, clusters, workload
from voltaire.demo import day
from voltaire.demo.decisions import Decision
from voltaire.demo.screen import ClusterRow, Frame, LineScreen, LiveScreen, WorkloadRow, bar, sparkline
from voltaire.demo.view import frame, load_kw

DECISION = Decision(at(5), "train-llm", "Migrate", "paris", "california", "Cleaner", "the sun is up")


def some_frame(hours: float = 5) -> Frame:
    cluster = ClusterRow("california", "US-CAL-CISO", 280.0, 49.6, [None, 3.0, 1.0], 8, 16, 0.55, 5.0, 2.5)
    job = WorkloadRow("train-llm", "Running", "california", 42, END, 1, "the sun is up")
    server = WorkloadRow("chat", "Running", "paris", None, None, 0, "")
    return Frame(at(hours), hours / 24, [cluster], [job, server], [DECISION], "1.0 kg, 60% saved")


@pytest.mark.parametrize("width", [80, 160])
def test_the_picture_shows_places_work_and_reasons(width: int) -> None:
    out = io.StringIO()
    with LiveScreen(Console(file=out, force_terminal=True, width=width, height=50)) as screen:
        screen.show(some_frame())
    text = out.getvalue()
    for expected in ("california", "train-llm", "42", "8/16", "55%", "the sun", "60% saved", "paris"):
        assert expected in text


def test_without_a_terminal_there_are_lines() -> None:
    out = io.StringIO()
    with LineScreen(Console(file=out, width=80)) as screen:
        screen.show(some_frame(5))
        screen.show(some_frame(5.5))
        screen.show(some_frame(6.1))
        screen.decided(DECISION)
    lines = out.getvalue().splitlines()
    assert lines == [
        "05:00  california 50 g/kWh 8/16 battery 55%",
        "06:06  california 50 g/kWh 8/16 battery 55%",
        "05:00  train-llm: Migrate paris → california: the sun is up",
    ]


def test_bars_and_sparklines() -> None:
    assert bar(0.5) == "▰▰▰▰▱▱▱▱"
    assert bar(7) == "▰" * 8
    assert sparkline([0.0, None, 10.0, 5.0]) == "▁ │█▅"
    assert sparkline([None]) == ""
    assert sparkline([4.0, 4.0]) == "▁│▁"


def test_the_load_is_what_runs_times_pue_and_the_overhead() -> None:
    pods = Pods().begin(0, "w", "california", 1, 8).events
    facts = workload("w", accelerators=16, power_kw=8.0)
    assert load_kw(clusters()["california"], pods, {"w": facts}) == pytest.approx(0.5 + 1.15 * 4.0)
    assert load_kw(clusters()["california"], pods, {}) == 0.5
    ended = Pods().end(0, "w", "california", 1, 8).events
    assert load_kw(clusters()["california"], ended, {"w": facts}) == 0.5


def test_the_frame_counts_accelerators_that_pods_hold() -> None:
    zones = {zone: day.series(zone, START - timedelta(days=1), END) for zone in day.ZONES}
    pods = {"paris": Pods().begin(0, "w", "paris", 1, 8).events}
    made = frame(at(6), START, END, clusters(), zones, {}, pods, {}, [], [])
    assert made.passed == 0.25
    assert {row.name: row.used for row in made.clusters} == {"paris": 8, "virginia": 0, "california": 0}
    assert made.clusters[0].effective is None
