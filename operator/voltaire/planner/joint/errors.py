"""What can be wrong with a problem: one class for each kind of mistake, all of them `BadProblem`.

BadProblem
├── EmptyFleet       no cluster at all
├── NotFinite        NaN or infinite where a number is meant
├── Negative         below zero where that has no meaning
├── WrongLength      a series that does not cover the slots, one value each
├── BadEfficiency    a battery efficiency outside (0, 1]
├── UnknownName      a name that the problem does not contain
├── Duplicate        two of one name
├── OutOfRange       any other number outside what it may be
└── BadFile          a file that is not a problem of a version known here
"""

from __future__ import annotations


class BadProblem(ValueError):
    """The description contradicts itself; the message names the field and the remedy."""


class EmptyFleet(BadProblem):
    """There is no cluster."""


class NotFinite(BadProblem):
    """NaN or infinity."""


class Negative(BadProblem):
    """A negative amount."""


class WrongLength(BadProblem):
    """A series of another length than the horizon."""


class BadEfficiency(BadProblem):
    """An efficiency that creates energy, or lets none through."""


class UnknownName(BadProblem):
    """A cluster or accelerator type that is not there."""


class Duplicate(BadProblem):
    """Two things of one name."""


class OutOfRange(BadProblem):
    """A number outside its range."""


class BadFile(BadProblem):
    """Not a problem file of a version known here."""
