"""What the tasks of one operator share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voltaire.clock import Clock
from voltaire.engines.direct import DirectEngine
from voltaire.fleet.picture import Picture
from voltaire.kube.informer import Informer
from voltaire.runtime.hub import Hub
from voltaire.runtime.planning import Planning
from voltaire.runtime.record import SiteRecord
from voltaire.settings import Settings


@dataclass(frozen=True, slots=True)
class Shared:
    """`leads` says whether this process may write now."""

    settings: Settings
    clock: Clock
    picture: Picture
    hub: Hub
    engine: DirectEngine
    workloads: Informer
    planning: Planning
    record: SiteRecord
    leads: Callable[[], bool]
