"""Walks the schema of a CRD."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from voltaire.api.crd import crd
from voltaire.api.resources import Kind

Schema = dict[str, Any]
Path = tuple[str, ...]
ANY_KEY = "*"
ANY_ITEM = "0"


def root(kind: Kind) -> Schema:
    """The openAPIV3Schema of the kind's only version."""
    schema: Schema = crd(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: Schema, path: Path = ()) -> Iterator[tuple[Path, Schema]]:
    """Every node with its path; items are called `0`, values of maps `*`."""
    yield path, schema
    for name, node in schema.get("properties", {}).items():
        yield from nodes(node, (*path, name))
    if "items" in schema:
        yield from nodes(schema["items"], (*path, ANY_ITEM))
    if "additionalProperties" in schema:
        yield from nodes(schema["additionalProperties"], (*path, ANY_KEY))
