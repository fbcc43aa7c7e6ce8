from dataclasses import replace
from pathlib import Path

import pytest

from tests.twin.sweep.cases import case
from voltaire.twin.sweep.case import Store, Workload, digest


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1}, {"start": "2022-03-15T00:00:00Z"}, {"policy": "gaia"}, {"forecast": "none"},
        {"contents": "other"}, {"jobs": Workload(load=0.6)}, {"store": Store("paris", 100.0, 4.0)},
        {"prices": (("FR", "p.csv"),)}, {"announced_h": 36.0},
    ],
)  # fmt: skip
def test_what_the_result_depends_on_changes_the_key(changes: dict[str, object]) -> None:
    assert replace(case(), **changes).key != case().key  # type: ignore[arg-type]


def test_where_the_files_lie_does_not_change_the_key() -> None:
    moved = replace(case(), fleet=("/elsewhere/a.yaml",), carbon="/elsewhere/m.csv")
    assert moved.key == case().key


def test_what_no_forecast_changes_is_one_case_for_all_forecasts() -> None:
    assert case("clairvoyant").key == case("clairvoyant", forecast="none").key
    assert case("clairvoyant").key != case("carbon-agnostic").key


def test_the_rule_of_the_baselines_batteries_is_another_case_for_baselines_only() -> None:
    idle = {"baseline_battery": "idle"}
    assert case("gaia").key != case("gaia", **idle).key
    assert case("voltaire").key == case("voltaire", **idle).key


def test_whose_prices_a_file_holds_counts_and_not_where_it_lies() -> None:
    keys = {
        case(prices=((zone, path),)).key for zone, path in (("FR", "p.csv"), ("FR", "q.csv"), ("DE", "p.csv"))
    }
    assert len(keys) == 2


def test_a_digest_is_of_contents_not_of_names(tmp_path: Path) -> None:
    for name, text in (("a.csv", "1"), ("b.csv", "1"), ("c.csv", "2")):
        (tmp_path / name).write_text(text)
    a, b, c = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    assert digest([a]) == digest([b]) != digest([c])
    assert digest([a, None]) != digest([None, a])


def test_a_folder_counts_with_all_its_yaml_files(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1")
    before = digest([tmp_path])
    (tmp_path / "b.yaml").write_text("b: 1")
    assert digest([tmp_path]) != before
