"""The policies that Voltaire is measured against, behind the twin's one interface.

docs/explanation/baselines.md names for each the paper that it comes from, and where ours differs. They share
with Voltaire what is a fact of the world (eligibility, power, battery physics), and no decision.
"""

from voltaire.twin.baselines.registry import BASELINES, baseline, make

__all__ = ["BASELINES", "baseline", "make"]
