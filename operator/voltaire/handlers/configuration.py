"""Kopf watches the configuration kinds (a few dozen objects) and hands every event to the picture.

AIWorkloads and members' objects come by the thousand and have their own informers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import kopf

from voltaire.api.base import GROUP, VERSION
from voltaire.api.resources import BATTERY, GRIDZONE, PLACEMENTPOLICY, REGIONALCLUSTER, Kind

CONFIGURATION = (REGIONALCLUSTER, GRIDZONE, BATTERY, PLACEMENTPOLICY)
Receive = Callable[[Kind, dict[str, Any], bool], None]


def registry(receive: Receive) -> kopf.OperatorRegistry:
    """Kopf's registry with one event handler a kind; `receive(kind, body, deleted)` gets every event."""
    handlers = kopf.OperatorRegistry()
    for kind in CONFIGURATION:
        kopf.on.event(GROUP, VERSION, kind.plural, id=kind.plural, registry=handlers)(_handler(kind, receive))
    kopf.on.login(registry=handlers)(login)
    return handlers


def _handler(kind: Kind, receive: Receive) -> Callable[..., Awaitable[None]]:
    async def handle(event: Any, body: Any, **_: Any) -> None:  # sync ones run in threads
        receive(kind, dict(body), event["type"] == "DELETED")

    return handle


def login(**kwargs: Any) -> Any:
    """The service account in a cluster, else the kubeconfig."""
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)


def settings() -> kopf.OperatorSettings:
    """Kopf without its annotations, events, scans and endless patience."""
    chosen = kopf.OperatorSettings()
    chosen.scanning.disabled = True
    chosen.posting.enabled = False
    chosen.peering.standalone = True
    chosen.networking.request_timeout = 15
    chosen.networking.connect_timeout = 5
    chosen.networking.error_backoffs = (0.5, 1, 2, 4)
    chosen.watching.server_timeout = 240
    return chosen
