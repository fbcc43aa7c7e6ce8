"""What an adapter is: the pure knowledge of one kind of manifest. No adapter talks to an API server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from voltaire.api.actions import Request, Result

Object = Mapping[str, Any]
Patch = dict[str, Any]
FromWall = Callable[[datetime], datetime]
"""`Clock.from_wall`: a member's timestamps are wall-clock time, an Observation's are the operator's."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A manifest that is refused: the field, as written in the AIWorkload, and what to do about it."""

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a manifest asks for. `accelerators` is the whole gang's, 0 where it wants none.

    `accelerator_type` is the type the manifest itself insists on, by a node selector.
    """

    accelerators: int
    resource: str
    pods: int
    accelerator_type: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """The AIWorkload an object belongs to."""

    uid: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What an object and its pods say; the kind-specific part of an Observation.

    `suspended` is true only once the member's own controller has acknowledged it: from then on no new pod
    can appear. `pods` counts what is not in a terminal phase, by the pods themselves or by the object's
    status, whichever is more.
    """

    suspended: bool
    pods: int
    ready: int
    started_at: datetime | None = None
    result: Result | None = None
    finished_at: datetime | None = None
    completions: tuple[int, int] | None = None
    message: str = ""


class Adapter(Protocol):
    """One kind. Everything is a pure function of its arguments."""

    api_version: str
    kind: str
    plural: str

    def validate(self, manifest: Object, namespace: str, name: str) -> list[Problem]:
        """What forbids running it in `namespace` for the AIWorkload `name`; empty when nothing does."""

    def demand(self, manifest: Object) -> Demand:
        """What it asks for. The manifest has passed `validate`."""

    def amendments(self, manifest: Object) -> tuple[str, ...]:
        """In words, what `prepare` changes in what the user wrote, for the sake of at most one copy."""

    def prepare(self, manifest: Object, identity: Identity, request: Request) -> dict[str, Any]:
        """The object to create for `request`. The manifest has passed `validate`."""

    def suspend_patch(self) -> Patch:
        """Merge patch that stops all pods and keeps the object."""

    def resume_patch(self, manifest: Object, request: Request) -> Patch:
        """Merge patch that starts it again, from `request.completed_seconds`, under `request.epoch`."""

    def observe(self, body: Object, pods: Sequence[Object], from_wall: FromWall) -> Seen:
        """What an object and the pods of its workload say."""
