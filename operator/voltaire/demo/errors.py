"""What can stop a demo before it starts; each message names the remedy."""

from __future__ import annotations


class DemoError(Exception):
    """The demo cannot go on: the message says why and what to do."""


class TraceError(DemoError):
    """A carbon trace cannot be played."""


class ScenarioError(DemoError):
    """The samples do not describe a fleet that can be played."""
