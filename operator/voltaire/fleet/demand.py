"""What a manifest asks for, as the engine's adapter read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """Accelerators of the whole gang, the type it insists on, and what is wrong with the manifest.

    `problems`: (field, message) pairs; a workload with any is never placed. `amendments`: what is changed
    before it is applied, for the status to say.
    """

    accelerators: int = 0
    accelerator_type: str | None = None
    resource: str | None = None
    replicas: int = 1
    problems: tuple[tuple[str, str], ...] = ()
    amendments: tuple[str, ...] = ()
