"""Pure planning: `Planner(effort).plan(snapshot, now) -> Plan`. No clock, no network, no Kubernetes.

Belongs here: timelines, supply at a site, the order of choosing, hysteresis, explanations. Does not: acting,
and anything that must be awaited.
"""

from voltaire.planner.core import Planner, plan
from voltaire.planner.joint import Effort
from voltaire.planner.reasons import Reason
from voltaire.planner.supply import site_intensity

__all__ = ["Effort", "Planner", "Reason", "plan", "site_intensity"]
