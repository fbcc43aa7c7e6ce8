"""What a workload draws: the one answer that planning and accounting share.

IT power in kW, before PUE. A declared figure beats the cluster's, which beats the table.
"""

from __future__ import annotations

import re

from voltaire.fleet.snapshot import ClusterView, WorkloadView

HOST_SHARE_KW = 0.15
"""The rest of a server, per accelerator: 1.2 kW for a server of eight (EcoLogits, energy model for LLMs)."""

_BOARD_KW = {
    # Maximum board power in the vendors' data sheets. The SXM form where there are several.
    "t4": 0.07,
    "l4": 0.072,
    "a10": 0.15,
    "a10g": 0.3,
    "v100": 0.3,
    "a30": 0.165,
    "a40": 0.3,
    "a100": 0.4,
    "l40": 0.3,
    "l40s": 0.35,
    "h100": 0.7,
    "h200": 0.7,
    "b200": 1.0,
    "mi210": 0.3,
    "mi250": 0.5,
    "mi250x": 0.5,
    "mi300x": 0.75,
    "gaudi2": 0.6,
    "gaudi3": 0.9,
}
_PCIE_BOARD_KW = {"a100": 0.3, "v100": 0.25, "h100": 0.35}

UNKNOWN_ACCELERATOR_KW = 0.4 + HOST_SHARE_KW
"""For a type the table does not know: an A100 with its share of the host."""

WITHOUT_ACCELERATOR_KW = HOST_SHARE_KW
"""For a workload without accelerators and without declared power: an eighth of a server."""


def accelerator_kw(accelerator_type: str) -> float:
    """IT power of one accelerator at work with its share of the host, from its name.

    Names as nodes carry them are understood: `a100`, `NVIDIA-H100-PCIe`, `NVIDIA-A100-SXM4-80GB`.
    """
    words = re.split(r"[^a-z0-9]+", accelerator_type.lower())
    model = next((word for word in words if word in _BOARD_KW), None)
    if model is None:
        return UNKNOWN_ACCELERATOR_KW
    board = _PCIE_BOARD_KW.get(model, _BOARD_KW[model]) if "pcie" in words else _BOARD_KW[model]
    return board + HOST_SHARE_KW


def workload_power_kw(workload: WorkloadView, cluster: ClusterView, accelerator_type: str | None) -> float:
    """IT power of the whole gang at work on `cluster` with `accelerator_type`, kW."""
    if workload.power_kw is not None:
        return workload.power_kw
    if workload.accelerators == 0 or accelerator_type is None:
        return (
            WITHOUT_ACCELERATOR_KW
            if workload.accelerators == 0
            else (workload.accelerators * UNKNOWN_ACCELERATOR_KW)
        )
    declared = cluster.accelerator_kw.get(accelerator_type)
    each = accelerator_kw(accelerator_type) if declared is None else declared
    return workload.accelerators * each
