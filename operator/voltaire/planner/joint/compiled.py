"""Machine code for the loops that decide how long a plan takes. Compiled once, kept in numba's cache.

Kernels call each other across files, and numba renews what is in the cache only when the file of the kernel
itself has changed. So the cache lies in a folder named after all such files: `kernels/<digest>` in
NUMBA_CACHE_DIR, or in the user's cache, or, where neither can be written to, in the temporary folder.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])


def _cache_folder() -> str:
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        source = file.read_bytes()
        if b"joint.compiled import" in source or b"NamedTuple" in source:
            digest.update(source)
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "voltaire"
    below = Path("kernels") / digest.hexdigest()[:16]
    for base in (
        Path(numba.config.CACHE_DIR or user),
        Path(tempfile.gettempdir()) / f"voltaire-{os.getuid()}",
    ):
        if _writable(base / below):
            return str(base / below)
    # For this process only: it compiles, but starts.
    return tempfile.mkdtemp(prefix="voltaire-kernels-")


def _writable(folder: Path) -> bool:
    """Whether files can be made there, by this user only if it is shared."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder.stat().st_uid == os.getuid()
    except OSError:
        return False


numba.config.CACHE_DIR = _cache_folder()


def kernel(function: F) -> F:
    """Compile `function` on first use and cache the result on disk. It runs without Python's lock, so that
    threads run it side by side. It may take it that no number is NaN, and that zeros have no sign."""
    return cast(F, numba.njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})(function))


def inlined(function: F) -> F:
    """For what kernels call in their innermost loops: put in place, because handing arrays to a function
    counts references, which costs more than the few numbers it then works on."""
    return cast(F, numba.njit(inline="always", fastmath={"nnan", "nsz"})(function))
