"""The policies by their names on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from voltaire.twin.errors import UnknownName
from voltaire.twin.policy import Policy
from voltaire.twin.scenario import Scenario

Maker = Callable[[Scenario], Policy]


def _from(module: str, name: str) -> Maker:
    """A policy whose module is imported when it is played: `make(scenario)` in there makes it."""

    def make(scenario: Scenario) -> Policy:
        made: Policy = import_module(module).make(name, scenario)
        return made

    return make


_BASELINES = "voltaire.twin.baselines"
POLICIES: Mapping[str, Maker] = MappingProxyType(
    {
        "voltaire": _from("voltaire.twin.operator_policy", "voltaire"),
        "clairvoyant": _from("voltaire.twin.clairvoyant", "clairvoyant"),
        **{
            name: _from(_BASELINES, name)
            for name in (
                "carbon-agnostic",
                "lowest-mean-stay",
                "greedy-now",
                "greedy-payback",
                "threshold",
                "lets-wait-awhile",
                "gaia",
                "caspian",
                "carbonscaler",
            )
        },
    }
)
"""Name -> what makes the policy for a scenario. `voltaire.twin.baselines.make(name, scenario)` makes the
baselines."""


def make_policy(name: str, scenario: Scenario) -> Policy:
    """The policy of that name. Raises UnknownName."""
    if name not in POLICIES:
        raise UnknownName(f"there is no policy {name}: choose from {', '.join(POLICIES)}")
    return POLICIES[name](scenario)
