"""Selectors agree with Kubernetes."""

from __future__ import annotations

from typing import Any

import pytest

from voltaire.api.aiworkload import LabelSelector
from voltaire.planner.selector import unmet

LABELS = {"region": "eu", "tier": ""}


@pytest.mark.parametrize(
    ("selector", "missing"),
    [
        ({}, None),
        ({"match_labels": {"region": "eu"}}, None),
        ({"match_labels": {"region": "us"}}, "region=us"),
        ({"match_labels": {"absent": ""}}, "absent="),
        ({"match_labels": {"tier": ""}}, None),
        ([{"key": "region", "operator": "In", "values": ["us", "eu"]}], None),
        ([{"key": "absent", "operator": "In", "values": ["x"]}], "absent In (x)"),
        ([{"key": "absent", "operator": "NotIn", "values": ["x"]}], None),
        ([{"key": "region", "operator": "NotIn", "values": ["eu"]}], "region NotIn (eu)"),
        ([{"key": "tier", "operator": "Exists"}], None),
        ([{"key": "absent", "operator": "Exists"}], "absent Exists"),
        ([{"key": "tier", "operator": "DoesNotExist"}], "tier DoesNotExist"),
        ([{"key": "absent", "operator": "DoesNotExist"}], None),
    ],
)
def test_a_selector_names_what_is_not_met(selector: Any, missing: str | None) -> None:
    body = {"match_expressions": selector} if isinstance(selector, list) else selector
    assert unmet(LabelSelector.model_validate(body), LABELS) == missing
