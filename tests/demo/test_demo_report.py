import json
import re
from dataclasses import replace
from typing import Any

import pytest

from tests.demo.builders import at, played
from tests.report_pages import needs_no_network, own_part
from voltaire.demo import figures
from voltaire.demo.decisions import Decision
from voltaire.demo.invariants import Violation
from voltaire.demo.report import render
from voltaire.demo.result import build


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    return build(played())


@pytest.fixture(scope="module")
def page(result: dict[str, Any]) -> str:
    return render(result)


def test_the_page_needs_no_network(page: str) -> None:
    needs_no_network(page)


def test_the_page_tells_totals_workloads_decisions_and_checks(page: str) -> None:
    text = own_part(page)
    for expected in ("50 %", "all in paris and stay", "Saves 81 % of 9.1 kg.", "✓ AtMostOneCopy"):
        assert expected in text
    assert "virginia → paris" in text


def test_the_page_follows_the_readers_theme_and_screen(page: str) -> None:
    text = own_part(page)
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    assert "max-width: 640px" in text


def test_every_colour_a_plot_names_exists_in_both_themes(page: str, result: dict[str, Any]) -> None:
    plots = [figures.timeline(result), figures.savings(result)]
    plots += [figures.battery(result, battery) for battery in result["batteries"]]
    named = set(re.findall(r'"@([a-z0-9]+)"', json.dumps(plots)))
    light, dark = page.split("@media (prefers-color-scheme: dark)")[:2]
    for theme in (light, dark):
        assert named <= set(re.findall(r"--([a-z0-9]+):", theme))


def test_text_from_outside_is_escaped() -> None:
    run = played()
    evil = "</script><script>alert(1)</script>"
    decision = Decision(at(1), evil, "Wait", None, None, evil, evil)
    violation = Violation("X", evil, at(1), evil)
    text = own_part(render(build(replace(run, decisions=[decision], violations=[violation]))))
    assert "<script>alert" not in text


def test_violations_are_shown() -> None:
    violation = Violation("Residency", "ai/w", at(1), "pods in virginia")
    text = own_part(render(build(replace(played(), violations=[violation]))))
    assert "✗ Residency" in text
    assert "pods in virginia" in text


def test_the_gantt_has_a_bar_per_stay(result: dict[str, Any]) -> None:
    bars = [trace for trace in figures.timeline(result)["data"] if trace["name"].startswith("runs in")]
    drawn = sum(len(trace["y"]) for trace in bars)
    assert drawn == sum(len(workload["intervals"]) for workload in result["workloads"])
    paris = next(trace for trace in bars if trace["name"] == "runs in paris")
    assert paris["x"][paris["y"].index("nightly-batch")] == 10 * 3600 * 1000


def test_a_day_on_which_nothing_happened_renders() -> None:
    run = played()
    empty = replace(run.evidence, workloads={}, statuses={}, lives=[])
    page = render(build(replace(run, evidence=empty, sites=[], decisions=[])))
    assert "A day of 0 workloads" in page
