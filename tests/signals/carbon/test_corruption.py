"""Nothing that is wrong with an answer ever drives a decision: every kind of corruption, for every source.

Each case plays on a real HTTP server (`corruption/matrix.py`): a source that is well, then an answer that is
not, for three polls. What the zone then says is what it believed before, or the truth, or nothing; and what
was refused can be seen in its status.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.signals.carbon.corruption.families import FAMILIES, HERE
from tests.signals.carbon.corruption.kinds import BODY, DOCUMENT, WIRE
from tests.signals.carbon.corruption.matrix import KINDS, START, Outcome, Stage, expected, play
from tests.signals.carbon.corruption.table import OWN_WORDS, PAGE, rows

each_family = pytest.mark.parametrize("name", FAMILIES)
GROUPS = {"bodies": BODY, "wires": WIRE, "documents": DOCUMENT}


@each_family
@pytest.mark.parametrize("group", GROUPS)
async def test_no_corruption_drives_a_decision(name: str, group: str) -> None:
    found: dict[str, Outcome] = {kind: await play(FAMILIES[name], kind) for kind in GROUPS[group]}
    assert not {kind: outcome.detail for kind, outcome in found.items() if outcome.driven}


@each_family
def test_the_committed_table_has_a_word_for_every_kind(name: str) -> None:
    table = rows(PAGE.read_text(encoding="utf-8"))
    assert set(table) == set(KINDS)
    verdicts = {kind: cells[list(FAMILIES).index(name)] for kind, cells in table.items()}
    assert sum(verdict != OWN_WORDS["none"] for verdict in verdicts.values()) >= 40
    assert "DRIVEN" not in verdicts.values()


def test_kinds_have_names_of_their_own() -> None:
    assert len(KINDS) == len(set(KINDS)) >= 40
    assert Path(PAGE).name == "refusals.md"


@each_family
async def test_a_source_that_is_well_again_is_used_again(name: str) -> None:
    stage = Stage(FAMILIES[name])
    async with stage.server:
        watcher = stage.watcher()
        await watcher.poll()
        stage.kind = "an empty object"
        stage.clock.time += FAMILIES[name].step
        assert not (await watcher.poll(force=True)).sources[0].healthy
        stage.kind = ""
        stage.clock.time += FAMILIES[name].step
        signal = await watcher.poll(force=True)
        await stage.shared.aclose()
    assert signal.sources[0].healthy
    assert signal.grams_per_kwh == pytest.approx(expected(FAMILIES[name], stage.clock.time), abs=0.6)
    assert START > HERE
