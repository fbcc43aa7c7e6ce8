"""Lists and watches a kind on an API server, and loses nothing in between: the demo's own eyes.

The operator has an informer of its own; what checks the operator does not share it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kubernetes.aio import config
from kubernetes.aio.client import Configuration

from voltaire.kube.client import Kube
from voltaire.kube.errors import Expired, KubeError

Listed = Callable[[list[dict[str, Any]], int], None]
Changed = Callable[[str, Mapping[str, Any]], None]
_SILENCE_SECONDS = 90.0
_RETRY_SECONDS = 0.2
_BOOKMARK, _ERROR = "BOOKMARK", "ERROR"


async def connect(kubeconfig: Path) -> Kube:
    """A client with the identity of a kubeconfig file's current context."""
    configuration = Configuration()
    await config.load_kube_config(config_file=str(kubeconfig), client_configuration=configuration)
    return Kube(configuration)


async def follow(kube: Kube, path: str, listed: Listed, changed: Changed) -> None:
    """Call `listed(objects, revision)` for every list and `changed(type, object)` for every watch event.

    Never returns. A watch that ends is continued from the last revision it showed; one that cannot be is
    followed by a new list, so that what was deleted meanwhile shows as absent from it.
    """
    revision = ""
    while True:
        try:
            if not revision:
                page = await kube.get(path)
                revision = str(page["metadata"]["resourceVersion"])
                listed(page.get("items") or [], int(revision))
            params = {"resourceVersion": revision, "allowWatchBookmarks": "true"}
            async for event in kube.watch(path, params, silence=_SILENCE_SECONDS):
                if event["type"] == _ERROR:
                    revision = ""
                    break
                revision = event["object"]["metadata"]["resourceVersion"]
                if event["type"] != _BOOKMARK:
                    changed(event["type"], event["object"])
        except Expired:
            revision = ""
        except KubeError:
            revision = ""
            await asyncio.sleep(_RETRY_SECONDS)
