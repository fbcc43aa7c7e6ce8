"""KWOK's configuration file for a lab."""

from __future__ import annotations

from typing import Any

from voltaire.lab.node_stages import node_stages
from voltaire.lab.pod_stages import pod_stages


def stages(rate: float) -> list[dict[str, Any]]:
    """KWOK's configuration and all stages for a lab whose clock runs `rate` times as fast as the wall's."""
    return [_configuration(), *node_stages(), *pod_stages(rate)]


def _configuration() -> dict[str, Any]:
    # KWOK takes a file's zeros for meant: what is not given here would be no worker at all.
    options = {
        "podPlayStageParallelism": 16,
        "nodePlayStageParallelism": 4,
        "nodeLeaseParallelism": 4,
        "podsOnNodeSyncParallelism": 2,
        "nodeLeaseDurationSeconds": 40,
    }
    return {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration", "options": options}
