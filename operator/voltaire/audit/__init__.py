"""Recomputes what a result file states, from its events and the traces it was made of.

Belongs here: arithmetic that stands on its own. Does not: anything of the planner, the twin, the ledger, the
fleet or the executor, which an import contract forbids: a figure that two programs compute from the same
events is worth more than one that a program computes twice. The identities: docs/how-to/audit-a-result.md.
"""

from voltaire.audit.findings import Finding, Ledger
from voltaire.audit.run import NotAResult, audit
from voltaire.audit.table import BadTrace
from voltaire.audit.traces import Traces, read_traces

__all__ = ["BadTrace", "Finding", "Ledger", "NotAResult", "Traces", "audit", "read_traces"]
