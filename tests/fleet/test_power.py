"""What a workload draws."""

from __future__ import annotations

import pytest

from tests.planner.worlds import cluster, hourly, workload
from voltaire.fleet.power import (
    HOST_SHARE_KW,
    UNKNOWN_ACCELERATOR_KW,
    WITHOUT_ACCELERATOR_KW,
    accelerator_kw,
    workload_power_kw,
)

SITE = cluster("x", hourly(1), accelerator_kw={"a100": 0.9})


def test_a_declared_power_is_taken_as_it_is() -> None:
    assert workload_power_kw(workload(power_kw=3.5), SITE, "a100") == 3.5


def test_the_clusters_figure_beats_the_table() -> None:
    assert workload_power_kw(workload(accelerators=4), SITE, "a100") == pytest.approx(3.6)


def test_the_table_serves_types_the_cluster_does_not_declare() -> None:
    assert workload_power_kw(workload(accelerators=4), SITE, "h100") == pytest.approx(4 * 0.85)


def test_work_without_accelerators_draws_a_share_of_a_server() -> None:
    assert workload_power_kw(workload(accelerators=0), SITE, None) == WITHOUT_ACCELERATOR_KW


def test_an_unknown_type_of_a_gang_counts_as_an_average_one() -> None:
    assert workload_power_kw(workload(accelerators=2), SITE, None) == 2 * UNKNOWN_ACCELERATOR_KW


@pytest.mark.parametrize(
    ("name", "board"),
    [
        ("a100", 0.4),
        ("NVIDIA-A100-SXM4-80GB", 0.4),
        ("NVIDIA-H100-PCIe", 0.35),
        ("NVIDIA-L4", 0.072),
        ("Tesla-T4", 0.07),
    ],
)
def test_names_as_nodes_carry_them_are_understood(name: str, board: float) -> None:
    assert accelerator_kw(name) == pytest.approx(board + HOST_SHARE_KW)


def test_an_unknown_name_has_a_figure_too() -> None:
    assert accelerator_kw("quantum-9000") == UNKNOWN_ACCELERATOR_KW
