"""Tells what kind of result a file is, and audits it."""

from __future__ import annotations

from typing import Any

from voltaire.audit.demo import audit_demo
from voltaire.audit.findings import Ledger
from voltaire.audit.traces import Traces
from voltaire.audit.twin import audit_twin


class NotAResult(ValueError):
    """The file is neither a twin's result nor a demo's."""


def audit(document: Any, traces: Traces) -> Ledger:
    """Recompute a result as read from JSON. Raises NotAResult."""
    if isinstance(document, dict) and "policies" in document:
        return audit_twin(document, traces)
    if isinstance(document, dict) and "workloads" in document:
        return audit_demo(document, traces)
    raise NotAResult(
        "neither a result of `voltaire twin run --json` (it has `policies`) nor of `voltaire demo` (it has "
        "`workloads`)"
    )
