"""The reference pages say what the CRDs say."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.schema import nodes, root
from voltaire.api.reference import index, page, write
from voltaire.api.resources import KINDS, Kind

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@each_kind
def test_is_what_is_committed(kind: Kind) -> None:
    assert (FOLDER / f"{kind.kind.lower()}.md").read_text() == page(kind), "run make generate"


def test_the_index_lists_every_kind() -> None:
    assert (FOLDER / "resources.md").read_text() == index()
    assert all(f"[{kind}](" in index() for kind in KINDS)


@each_kind
def test_names_every_field_and_every_rule(kind: Kind) -> None:
    text = page(kind)
    for path, node in nodes(root(kind)):
        if path[:1] in (("spec",), ("status",)) and "description" in node and len(path) > 1:
            assert path[-1] in text
        for rule in node.get("x-kubernetes-validations", []):
            assert rule["message"] in text


def test_tables_are_whole(tmp_path: Path) -> None:
    for path in write(tmp_path):
        for line in path.read_text().splitlines():
            if line.startswith("| `"):
                assert line.replace("\\|", "").count("|") in (4, 5), line
