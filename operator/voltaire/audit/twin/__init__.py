"""The identities of a twin result."""

from voltaire.audit.twin.audit import audit_twin

__all__ = ["audit_twin"]
