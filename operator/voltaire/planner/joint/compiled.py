"""Machine code for the loops that decide how long a plan takes. Compiled once, kept in numba's cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile `function` on first use and cache the result on disk. It runs without Python's lock, so that
    threads run it side by side. It may take it that no number is NaN, and that zeros have no sign."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})(function))


def inlined(function: F) -> F:
    """For what kernels call in their innermost loops: put in place, because handing arrays to a function
    counts references, which costs more than the few numbers it then works on."""
    return cast(F, numba.njit(inline="always", fastmath={"nnan", "nsz"})(function))
