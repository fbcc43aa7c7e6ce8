"""The models read what the API server stores, and refuse what it would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.api.examples import SPECS, example
from tests.api.schema import ANY_ITEM, ANY_KEY, nodes, root
from voltaire.api.resources import KINDS, Kind

VARIANTS = [(kind, index) for kind, specs in SPECS.items() for index in range(len(specs))]
each_variant = pytest.mark.parametrize(("kind", "variant"), VARIANTS)


def fields(value: Any, path: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """The schema paths of everything that is set."""
    if isinstance(value, dict):
        return {path}.union(*(fields(node, (*path, name)) for name, node in value.items()))
    if isinstance(value, list):
        return {path}.union(*(fields(node, (*path, ANY_ITEM)) for node in value))
    return {path}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_examples_set_every_field(kind: Kind) -> None:
    covered = set().union(*(fields(spec) for spec in SPECS[kind.kind]))
    declared = {path for path, _ in nodes(root(kind)["properties"]["spec"]) if not {ANY_KEY} & set(path)}
    assert declared - covered == set()


@each_variant
def test_reads_what_it_writes(kind: str, variant: int) -> None:
    spec = KINDS[kind].spec
    parsed = spec.model_validate(SPECS[kind][variant])
    assert spec.model_validate(parsed.to_wire()) == parsed


@each_variant
def test_parses_a_whole_object(kind: str, variant: int) -> None:
    parsed = KINDS[kind].parse(example(kind, variant=variant))
    assert parsed.key == "example"
    assert parsed.status.conditions == []


@pytest.mark.parametrize("kind", KINDS)
def test_unknown_fields_are_refused_by_name(kind: str) -> None:
    with pytest.raises(ValidationError, match="carbonFree"):
        KINDS[kind].parse(example(kind, changes={"carbonFree": True}))


@pytest.mark.parametrize("kind", KINDS)
def test_a_status_from_a_newer_version_is_read(kind: str) -> None:
    body = example(kind) | {"status": {"observedGeneration": 3, "fromTheFuture": {"a": 1}}}
    assert KINDS[kind].parse(body).status.observed_generation == 3


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        KINDS["AIWorkload"].parse(example("AIWorkload", changes={"schedule.deadline": "2030-01-02T00:00:00"}))


def test_a_key_names_the_namespace_if_there_is_one() -> None:
    body = example("AIWorkload")
    body["metadata"]["namespace"] = "ai"
    assert KINDS["AIWorkload"].parse(body).key == "ai/example"
