"""What a member's Events say when an object has no pods at all: a quota, Pod Security, a missing account."""

from __future__ import annotations

from voltaire.api.actions import Observation
from voltaire.engines.adapters.shape import items, path
from voltaire.engines.views import LONGEST_MESSAGE
from voltaire.kube.client import Kube, resource_path
from voltaire.kube.errors import KubeError


async def why_no_pods(kube: Kube, seen: Observation, namespace: str) -> str:
    """The last warning about the object; what is known already while there are pods, or should be none."""
    if seen.message or seen.pods or not seen.exists or seen.suspended or seen.deleting or seen.result:
        return seen.message
    selector = f"type=Warning,involvedObject.uid={seen.object_uid}"
    try:
        found = await kube.get(resource_path("v1", "events", namespace), fieldSelector=selector, limit=50)
    except KubeError:
        return ""  # a hint is not worth an observation
    events = items(found.get("items"))
    if not events:
        return ""
    last = max(events, key=lambda event: str(event.get("lastTimestamp") or event.get("eventTime") or ""))
    return f"{last.get('reason')}: {path(last, 'message')}"[:LONGEST_MESSAGE]
