"""The joint planner: all workloads, clusters and batteries together, with a proven gap. Pure: no clock that
decides, no network, no Kubernetes.

It is the core that a plan for the whole fleet is made with, and it stands alone: `voltaire plan` runs it on a
problem file. The operator plans with `voltaire.planner.plan`.

`Problem` (clusters, batteries, workloads) -> `solve` -> `Solution` (timelines, bound, gap, prices). How it
works: `prices` finds what scarce capacity is worth; `kernel` gives one workload its cheapest timeline at
those prices; `sites` and `batteries` run storage and sun; `dive` and `first` turn the answers into a plan
that fits, `improve` searches on from there; `exact` is the same problem as one mixed-integer program, for
small instances.
"""

from voltaire.planner.joint.errors import BadProblem
from voltaire.planner.joint.files import from_json, to_json
from voltaire.planner.joint.problem import Battery, Cluster, Mode, Problem, Workload
from voltaire.planner.joint.solution import Solution
from voltaire.planner.joint.solve import WARM_UP, solve, warm_up
from voltaire.planner.joint.task import Effort

__all__ = [
    "WARM_UP",
    "BadProblem",
    "Battery",
    "Cluster",
    "Effort",
    "Mode",
    "Problem",
    "Solution",
    "Workload",
    "from_json",
    "solve",
    "to_json",
    "warm_up",
]
