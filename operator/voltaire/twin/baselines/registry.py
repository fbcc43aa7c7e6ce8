"""The baselines by their names on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from voltaire.twin.baselines.base import Baseline
from voltaire.twin.baselines.batteries import DEFAULT_RULE, RULES, BatteryRule
from voltaire.twin.baselines.carbonscaler import CarbonScaler
from voltaire.twin.baselines.caspian import Caspian
from voltaire.twin.baselines.planned import Gaia, LetsWaitAwhile
from voltaire.twin.baselines.reactive import (
    CarbonAgnostic,
    GreedyNow,
    GreedyPayback,
    LowestMeanStay,
    Threshold,
)
from voltaire.twin.scenario import Scenario

_MADE: dict[str, Callable[[str, BatteryRule], Baseline]] = {
    "carbon-agnostic": CarbonAgnostic,
    "lowest-mean-stay": LowestMeanStay,
    "greedy-now": GreedyNow,
    "greedy-payback": GreedyPayback,
    "threshold": Threshold,
    "lets-wait-awhile": LetsWaitAwhile,
    "gaia": Gaia,
    "caspian": Caspian,
    "carbonscaler": CarbonScaler,
}


def baseline(name: str, battery: str = DEFAULT_RULE) -> Baseline:
    """A fresh baseline for one run, its batteries under the rule named `battery` (see `batteries.RULES`).

    Raises ValueError for a name that does not exist.
    """
    if name not in _MADE:
        raise ValueError(f"no baseline is called {name}: there are {', '.join(_MADE)}")
    if battery not in RULES:
        raise ValueError(f"no battery rule is called {battery}: there are {', '.join(RULES)}")
    return _MADE[name](name, RULES[battery])


def make(name: str, scenario: Scenario) -> Baseline:
    """The baseline of that name for a run, its batteries under the run's rule. Raises ValueError."""
    return baseline(name, scenario.baseline_battery or DEFAULT_RULE)


BASELINES: Mapping[str, Callable[[Scenario], Baseline]] = MappingProxyType(
    {name: partial(make, name) for name in _MADE}
)
"""By name, what makes a baseline for a run of a scenario."""
