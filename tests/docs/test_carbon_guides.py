"""Every provider has a guide with what to get, a complete resource that is taken, and its traps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from voltaire.api.base import camel
from voltaire.api.gridzone import Source
from voltaire.api.resources import GRIDZONE
from voltaire.clock import system_clock
from voltaire.signals.addresses import UrlRules
from voltaire.signals.build import SignalDeps, build_zone_watcher

FOLDER = Path(__file__).parents[2] / "docs" / "how-to" / "carbon"
GUIDES = sorted(FOLDER.glob("*.md"))
SIMPLE = {"static", "configMap", "csv"}  # in docs/how-to/read-carbon-intensity.md
each_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)


def zones(guide: Path) -> list[dict[str, Any]]:
    blocks = re.findall(r"```yaml\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    objects = [document for block in blocks for document in yaml.safe_load_all(block)]
    return [one for one in objects if isinstance(one, dict) and one.get("kind") == "GridZone"]


def nobody(_: UrlRules) -> httpx.AsyncClient:
    """No test asks a provider."""
    return httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(404)))


@each_guide
def test_a_guide_says_what_to_get_shows_a_resource_and_names_traps(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")
    assert re.search(r"^## What to (get|allow)$", text, re.MULTILINE)
    assert "## A complete GridZone" in text
    assert text.partition("## Traps")[2].count("\n- ") >= 3


@each_guide
async def test_the_resource_of_a_guide_is_taken_and_its_sources_give_its_basis(guide: Path) -> None:
    async def nothing(*_: str) -> Any:
        raise LookupError

    assert zones(guide)
    for body in zones(guide):
        zone = GRIDZONE.parse(body)
        deps = SignalDeps(system_clock(), nothing, nothing, http_client=nobody)
        signal = await build_zone_watcher(zone.spec, deps).poll()
        await deps.aclose()
        reasons = {source.reason for source in signal.sources}
        assert not reasons & {"WrongBasis", "WrongZone", "Misconfigured"}, signal.message


def test_no_provider_is_without_a_guide() -> None:
    shown = {
        name
        for guide in GUIDES
        for zone in zones(guide)
        for source in zone["spec"]["sources"]
        for name in source
    }
    assert {camel(name) for name in Source.model_fields} <= shown | SIMPLE
