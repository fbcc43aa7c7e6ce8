"""The documents keep up: links lead somewhere, examples are taken, commands and settings exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from voltaire.api.resources import KINDS
from voltaire.settings import PREFIX, Settings

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
MAKEFILE = (REPOSITORY / "Makefile").read_text()

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))


def examples() -> list[Any]:
    """Every object of ours in a YAML block."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^ *```yaml\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
            for document in yaml.safe_load_all(block):
                if document.get("kind") in KINDS:
                    found.append(pytest.param(document, id=f"{page.stem}-{document['kind']}"))
    return found


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


@each_page
def test_targets_of_make_exist(page: Path) -> None:
    for block in re.findall(r"^ *```\n(.*?)^ *```", page.read_text(), re.MULTILINE | re.DOTALL):
        for target in re.findall(r"^ *make ([a-z-]+)", block, re.MULTILINE):
            assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


@pytest.mark.parametrize("example", examples())
def test_an_example_reads(example: Any) -> None:
    KINDS[example["kind"]].parse(example)


@each_page
def test_settings_that_are_named_exist(page: Path) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | {f"{PREFIX}LAB_ASSETS"}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+", page.read_text())) <= known


def test_every_setting_is_documented() -> None:
    text = (REPOSITORY / "docs" / "reference" / "settings.md").read_text()
    for name, field in Settings.model_fields.items():
        assert f"| `{PREFIX}{name.upper()}` |" in text
        assert field.description in text, name
