"""The status tells what passes by itself from what a person has to change, by the signals' own words."""

from __future__ import annotations

from voltaire.fleet import status
from voltaire.signals import errors
from voltaire.signals.errors import ConfigError, SignalError, Unreadable


def every(kind: type[SignalError]) -> set[type[SignalError]]:
    return {kind}.union(*(every(below) for below in kind.__subclasses__()))


def test_every_reason_that_is_called_permanent_is_one_that_a_signal_gives() -> None:
    given = {kind.reason for kind in every(errors.SignalError)}
    assert given >= status._PERMANENT


def test_a_mistake_in_the_configuration_is_permanent() -> None:
    mistakes = every(ConfigError) - {Unreadable}  # a Secret or ConfigMap may still be created
    assert {kind.reason for kind in mistakes} <= status._PERMANENT
