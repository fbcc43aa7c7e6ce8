"""Prices: read as market data is republished, added up to the cost of a run, named where they are wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from tests.twin.scenes import HOUR, START, cluster, fleet, job, scenario
from voltaire.twin.errors import MixedCurrencies, PriceError, TraceGap, TraceTooShort, TwinError, UnevenTrace
from voltaire.twin.play import play
from voltaire.twin.prices import Prices, price_file, read_prices
from voltaire.twin.result import TwinResult
from voltaire.twin.trace import Trace

HEADER = "Datetime (UTC),Datetime (Local),Price (USD/MWh)"


def write(path: Path, prices: Sequence[object], start: datetime = START, header: str = HEADER) -> Path:
    times = [start + k * HOUR for k in range(len(prices))]
    stamp = "%Y-%m-%d %H:%M:%S"
    rows = [f"{t:{stamp}}+00:00,{t + HOUR:{stamp}}+01:00,{p}" for t, p in zip(times, prices, strict=True)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def read(*files: str | Path, wanted: Sequence[str] = ("A",)) -> Prices:
    return read_prices([price_file(str(file)) for file in files], wanted)


def slots(prices: Prices, minutes: int, count: int) -> list[float]:
    found = prices.per_kwh("A", START, timedelta(minutes=minutes), count)
    assert found is not None
    return [round(float(value), 9) for value in found]


def test_the_name_of_a_file_says_whose_prices_it_holds_unless_it_is_said() -> None:
    assert price_file("x/DE-LU_electricity_prices_2022.csv").zone == "DE-LU"
    assert price_file("DE=x/DE-LU_electricity_prices_2022.csv").zone == "DE"
    with pytest.raises(PriceError, match=r"does not say whose prices it holds: write ZONE=prices\.csv"):
        price_file("prices.csv")


def test_prices_are_per_kwh_and_may_be_negative(tmp_path: Path) -> None:
    file = write(tmp_path / "A_electricity_prices_2026.csv", [50, -20, 0.5])
    found = read(file)
    assert found.currency == "USD"
    assert slots(found, 60, 3) == [0.05, -0.02, 0.0005]
    assert slots(found, 30, 4) == [0.05, 0.05, -0.02, -0.02]


def test_files_of_one_zone_follow_on_each_other_in_any_order(tmp_path: Path) -> None:
    late = write(tmp_path / "A_electricity_prices_2027.csv", [30, 40], START + 2 * HOUR)
    early = write(tmp_path / "A_electricity_prices_2026.csv", [10, 20])
    assert slots(read(late, early), 60, 4) == [0.01, 0.02, 0.03, 0.04]


def test_hours_between_two_files_that_are_missing_or_double_are_named(tmp_path: Path) -> None:
    early = write(tmp_path / "A_electricity_prices_2026.csv", [10, 20])
    for begin in (START + 3 * HOUR, START + HOUR):
        late = write(tmp_path / "A_electricity_prices_2027.csv", [30, 40], begin)
        with pytest.raises(UnevenTrace, match=f"ends at 2026-03-02T02:00Z .* begins at {begin:%Y-%m-%dT%H}"):
            read(early, late)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("datetime_utc,A\n2026-03-02T00:00Z,1\n", TwinError, "does not begin with Datetime"),
        (HEADER.replace("/MWh", "/kWh"), PriceError, "has no one column of prices"),
        (HEADER.replace("USD", "cents"), PriceError, "has no one column of prices"),
        (HEADER + ",Price (EUR/MWh)", PriceError, "has no one column of prices"),
    ],
)
def test_what_holds_no_prices_is_named(tmp_path: Path, text: str, error: type[Exception], words: str) -> None:
    (tmp_path / "p.csv").write_text(text)
    with pytest.raises(error, match=words):
        read(f"A={tmp_path}/p.csv")


@pytest.mark.parametrize("bad", ["", "nan", "n/a", "inf"])
def test_an_hour_without_a_price_is_named_with_its_line(tmp_path: Path, bad: str) -> None:
    file = write(tmp_path / "A_electricity_prices_2026.csv", [1, bad, 3])
    with pytest.raises(TraceGap, match=r"line 3: Price \(USD/MWh\) is .* where a number is due"):
        read(file)


def test_a_missing_hour_is_named_with_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "A_electricity_prices_2026.csv", [1, 2, 3, 4])
    file.write_text("\n".join(line for line in file.read_text().splitlines() if "02 02:00" not in line[:20]))
    with pytest.raises(UnevenTrace, match=r"line 4: .*03:00Z where .*02:00Z is due"):
        read(file)


def test_different_currencies_are_named(tmp_path: Path) -> None:
    dollars = write(tmp_path / "A_electricity_prices_2026.csv", [1, 2])
    euros = write(tmp_path / "B_electricity_prices_2026.csv", [1, 2], header=HEADER.replace("USD", "EUR"))
    with pytest.raises(MixedCurrencies, match=r"EUR in B_.*, USD in A_.*convert them to one"):
        read(dollars, euros, wanted=("A", "B"))
    assert read(dollars, euros).currency == "USD"  # nobody asks for B


def played(prices: Prices) -> TwinResult:
    jobs = [job("j", home="a"), job("k", home="b", duration_h=3.0)]
    scene = scenario(fleet(cluster("a"), cluster("b")), jobs, {"a": [100.0], "b": [100.0]}, prices=prices)
    return play(scene, ["carbon-agnostic"])


def hourly(zone: str, *per_mwh: float) -> dict[str, Trace]:
    """These prices again and again."""
    return {zone: Trace("p.csv", START, HOUR, {zone: np.array(per_mwh * 200)})}


def test_cost_is_grid_energy_at_the_price_of_its_hour_by_site() -> None:
    result = played(Prices("USD", hourly("A", 100.0, -50.0) | hourly("B", 10.0, 10.0)))
    policy = result.policies["carbon-agnostic"]
    total = 0.0
    for site, per_mwh in zip(policy.clusters, ((100.0, -50.0), (10.0, 10.0)), strict=True):
        expected = [kwh * per_mwh[hour % 2] / 1000 for hour, kwh in enumerate(site.gridKWh)]
        assert site.cost == pytest.approx(expected)
        total += sum(expected)
    assert policy.summary.cost == pytest.approx(total) == pytest.approx((4 * 50 + 3 * 4 * 10) / 1000)
    assert any(paid < 0 for paid in policy.clusters[0].cost or ())
    assert result.currency == "USD"


def test_without_the_prices_of_one_zone_the_run_has_no_cost_but_the_other_site_has() -> None:
    policy = played(Prices("USD", hourly("A", 100.0))).policies["carbon-agnostic"]
    assert policy.summary.cost is None
    assert [site.cost is None for site in policy.clusters] == [False, True]


def test_prices_that_end_before_the_run_are_named() -> None:
    short = {"A": Trace("p.csv", START, HOUR, {"A": np.ones(3)})}
    with pytest.raises(TraceTooShort, match=r"p.csv holds 2026-03-02T00:00Z to 2026-03-02T03:00Z"):
        played(Prices("USD", short))
