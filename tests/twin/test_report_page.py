import json
import re
from typing import Any

import pytest

from tests.audit import made
from tests.report_pages import needs_no_network, own_part
from voltaire.twin.report import figures, render, render_comparison
from voltaire.twin.report.rows import of_clairvoyant, rows, saved_share

Json = dict[str, Any]


@pytest.fixture(scope="module")
def result() -> Json:
    return made.document()


def interval(mean: float) -> Json:
    return {"mean": mean, "low": mean - 0.02, "high": mean + 0.03}


@pytest.fixture(scope="module")
def comparison() -> Json:
    policies = [
        {"name": "clairvoyant", "weeks": 20, "grams": interval(9e4), "saving": interval(0.4),
         "share": interval(1.0), "missed": 0, "violations": 0, "migrations": 12.5},
        {"name": "carbon-agnostic", "weeks": 20, "grams": interval(15e4), "saving": None, "share": None,
         "missed": 1, "violations": 0, "migrations": 0.0},
    ]  # fmt: skip
    return {"baseline": "carbon-agnostic", "best": "clairvoyant", "interval": "Student t",
            "policies": policies, "forecast": "perfect", "fleet": ["a.yaml"], "carbon": "m.csv",
            "weeks": ["2022-01-03T00:00:00Z", "2022-01-10T00:00:00Z"]}  # fmt: skip


@pytest.fixture(scope="module")
def page(result: Json, comparison: Json) -> str:
    return render(result, comparison)


def test_the_page_needs_no_network(page: str) -> None:
    needs_no_network(page)


def test_the_page_tells_policies_savings_and_intervals(page: str) -> None:
    text = own_part(page)
    for expected in ("carbon-agnostic", "clairvoyant", "40.0 % (38.0 to 43.0)", "Battery store in south"):
        assert expected in text


def test_cost_is_shown_where_prices_are_known(result: Json, comparison: Json, page: str) -> None:
    assert "cost, " not in own_part(page)
    summaries = {
        name: {**played, "summary": {**played["summary"], "cost": 1234.4}}
        for name, played in result["policies"].items()
    }
    text = own_part(render({**result, "currency": "EUR", "policies": summaries}))
    assert "cost, EUR" in text
    assert text.count("1,234") == len(summaries)
    rows = [{**row, "cost": interval(77.2)} for row in comparison["policies"]]
    text = own_part(render_comparison({**comparison, "currency": "EUR", "policies": rows}))
    assert "cost, mean, EUR" in text
    assert text.count(">77<") == len(rows)


def test_the_page_says_what_was_known_ahead(result: Json, comparison: Json, page: str) -> None:
    assert "known" not in own_part(page)
    assert f"forecast {result['forecast']}, work known 36 h ahead" in render({**result, "announcedH": 36.0})
    assert "work known 12 h ahead" in render_comparison({**comparison, "announcedH": 12.0})


def test_every_place_for_a_plot_has_its_plot(page: str) -> None:
    plots = json.loads(re.search(r'<script id="plots" type="application/json">(.*?)</script>', page)[1])
    shown = re.findall(r'class="plot" id="([^"]+)"(?: data-of="[^"]+" data-plot="([^"]+)")?', page)
    assert len(shown) == 6
    assert {chosen or name for name, chosen in shown} <= plots.keys()
    choices = re.findall(r'<option value="([^"]+)"', page)
    assert {f"timeline:{name}" for name in choices} <= plots.keys()


def test_every_colour_a_plot_names_exists_in_both_themes(page: str) -> None:
    named = set(re.findall(r'"@([a-z0-9]+)"', own_part(page)))
    light, dark = page.split("@media (prefers-color-scheme: dark)")[:2]
    assert named
    for theme in (light, dark):
        assert named <= set(re.findall(r"--([a-z0-9]+):", theme))


def test_the_gantt_has_a_bar_per_run(result: Json) -> None:
    data = figures.timeline(result, "clairvoyant")["data"]
    bars = {trace["name"]: trace for trace in data if trace["type"] == "bar"}
    timelines = result["policies"]["clairvoyant"]["timelines"]
    runs = [run for row in timelines for run in row["runs"]]
    assert len(bars["north"]["y"]) == sum(run[2:] == ["north", "Run"] for run in runs)
    assert len(bars["transfer or restart"]["y"]) == sum(run[3] != "Run" for run in runs)
    assert bars["south"]["x"][bars["south"]["y"].index("a")] == 2.5 * 3_600_000


def test_of_too_many_jobs_those_of_most_energy_are_drawn(result: Json) -> None:
    small = [{**result["jobs"][3], "id": f"small-{i}", "durationH": 0.1} for i in range(60)]
    drawn = figures.drawn_jobs({**result, "jobs": [*small, *result["jobs"]]})
    assert len(drawn) == figures.MOST_ROWS
    assert {job["id"] for job in result["jobs"]} <= {job["id"] for job in drawn}


def test_savings_count_what_batteries_hold(result: Json) -> None:
    policies = {name: {"summary": dict(one["summary"])} for name, one in result["policies"].items()}
    policies["carbon-agnostic"]["summary"] |= {"grams": 1000.0, "storedChangeGrams": 0.0}
    policies["clairvoyant"]["summary"] |= {"grams": 700.0, "storedChangeGrams": 100.0}
    policies["voltaire"] = {"summary": policies["clairvoyant"]["summary"] | {"grams": 800.0}}
    changed = {**result, "policies": policies}
    assert saved_share(changed, "clairvoyant") == pytest.approx(0.4)
    assert of_clairvoyant(changed, "voltaire") == pytest.approx(0.75)
    assert [row["name"] for row in rows(changed)] == ["clairvoyant", "voltaire", "carbon-agnostic"]


def test_a_result_of_one_policy_without_batteries_renders(result: Json) -> None:
    played = {**result["policies"]["carbon-agnostic"], "batteries": []}
    page = render({**result, "batteries": [], "policies": {"gaia": played}})
    assert "<select" not in own_part(page).replace("select {", "")
    assert "Figures here are those of <b>gaia</b>" in page


def test_text_from_outside_is_escaped(result: Json) -> None:
    evil = "</script><script>alert(1)</script>"
    page = render({**result, "policies": {evil: result["policies"]["clairvoyant"]}})
    assert "<script>alert" not in own_part(page)


def test_a_comparison_has_a_page_of_its_own(comparison: Json) -> None:
    text = own_part(render_comparison(comparison))
    assert "2 policies over 2 start weeks" in text
    assert "100.0 % (98.0 to 103.0)" in text
