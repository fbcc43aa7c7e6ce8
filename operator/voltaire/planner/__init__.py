"""Pure planning: `plan(snapshot, now) -> Plan`. No clock, no network, no Kubernetes.

Belongs here: timelines, supply at a site, the order of choosing, hysteresis, explanations. Does not: acting,
and anything that must be awaited.
"""

from voltaire.planner.core import plan
from voltaire.planner.reasons import Reason
from voltaire.planner.supply import site_intensity

__all__ = ["Reason", "plan", "site_intensity"]
