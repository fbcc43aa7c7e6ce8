"""Pure planning: `Planner(effort).plan(snapshot, now) -> Plan`. No clock, no network, no Kubernetes.

A snapshot becomes cases (`case`, `terms`) and one joint problem (`joint`); `rounds` solves it until budgets
and margins hold; `outcome` works the timelines out to the second; `explain` says why. Belongs here: all that
is decided. Does not: acting, and anything that must be awaited.
"""

from voltaire.planner.core import Planner, plan
from voltaire.planner.joint import Effort
from voltaire.planner.plan import Plan
from voltaire.planner.reasons import Reason
from voltaire.planner.supply import site_intensity
from voltaire.planner.warm import warm_up

__all__ = ["Effort", "Plan", "Planner", "Reason", "plan", "site_intensity", "warm_up"]
