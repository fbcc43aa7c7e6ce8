"""`python -m tests.signals.carbon.corruption.table`: plays the whole matrix and writes the page about it."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from pathlib import Path

import structlog

from tests.signals.carbon.corruption.families import FAMILIES
from tests.signals.carbon.corruption.kinds import BODY, DOCUMENT, WIRE
from tests.signals.carbon.corruption.matrix import KINDS, Outcome, play

PAGE = Path(__file__).parents[4] / "docs" / "reference" / "refusals.md"
OWN_WORDS = {"none": "-", "true": "harmless"}
_HEAD = """# What is refused

<!-- Written by `python -m tests.signals.carbon.corruption.table`: run that, do not edit this. -->

Every kind of corruption that the tests apply to every source, and how the zone's status names the refusal.
Each case plays on a real HTTP server on the machine that tests (the exporter's on a ConfigMap): the source is
well, then its answers are corrupted for three polls. {driven} of {cases} cases drove a decision: what the
zone said was the value before with its age, the truth, or nothing.

Words: the reason in `status.sources[].reason`; `Held` for a jump held back; `Noted` for a message although
the value is used; `Aged` where nothing newer came and the value before is used, with its time; `{true}`
where the true value was still there and used; `{none}` where a source has nothing of the kind (no name of a
zone to be wrong, say).

| | {names} |
| --- |{bars}
| kinds that apply | {counts} |
"""


def word(outcome: Outcome) -> str:
    """One cell."""
    if outcome.driven:
        return "DRIVEN"
    return OWN_WORDS["none"] if outcome.reason is None else outcome.reason or OWN_WORDS["true"]


def page(found: Mapping[str, Mapping[str, Outcome]]) -> str:
    """The page; `found` by family and kind."""
    every = [outcome for outcomes in found.values() for outcome in outcomes.values()]
    applied = [outcome for outcome in every if outcome.reason is not None]
    counts = [str(sum(o.reason is not None for o in found[name].values())) for name in found]
    head = _HEAD.format(
        driven=sum(outcome.driven for outcome in every),
        cases=len(applied),
        names=" | ".join(found),
        bars=" --- |" * len(found),
        counts=" | ".join(counts),
        **OWN_WORDS,
    )
    groups = (("Bodies", BODY), ("Wires", WIRE), ("Documents", DOCUMENT))
    parts = [head]
    for title, kinds in groups:
        lines = [f"| {kind} | {' | '.join(word(found[name][kind]) for name in found)} |\n" for kind in kinds]
        names = " | ".join(found)
        parts.append(f"\n## {title}\n\n| kind | {names} |\n| --- |{' --- |' * len(found)}\n{''.join(lines)}")
    return "".join(parts)


def rows(text: str) -> dict[str, list[str]]:
    """The cells of the page by kind."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] in KINDS:
            found[cells[0]] = cells[1:]
    return found


async def _all() -> dict[str, dict[str, Outcome]]:
    found: dict[str, dict[str, Outcome]] = {}
    for name, family in FAMILIES.items():
        found[name] = {kind: await play(family, kind) for kind in KINDS}
        driven = sum(outcome.driven for outcome in found[name].values())
        sys.stderr.write(f"{name}: {len(KINDS)} kinds, {driven} drove a decision\n")
    return found


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    PAGE.write_text(page(asyncio.run(_all())), encoding="utf-8")
