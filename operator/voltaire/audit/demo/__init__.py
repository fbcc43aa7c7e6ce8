"""The identities of a demo result."""

from voltaire.audit.demo.audit import audit_demo

__all__ = ["audit_demo"]
