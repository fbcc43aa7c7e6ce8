"""A store of one kind's objects that stays equal to the server's.

List in pages, compare with what is held (so that what vanished in a gap is reported as deleted), then watch
with bookmarks; list anew now and then, because even a correct watch can miss an event. Errors are answered
with back-off, never raised: a store that is old says so by `last_contact`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

import structlog

from voltaire.kube.client import Kube, Object
from voltaire.kube.errors import Expired, KubeError

log = structlog.get_logger(__name__)
PAGE = 500
BREATH = 50  # objects of a list that are taken in a row: parsing thousands must not hold up the event loop
SILENCE = 90.0  # bookmarks come about once a minute: longer silence is a dead connection
FIRST_BACKOFF, LAST_BACKOFF = 0.2, 30.0


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the store before and after."""

    kind: Literal["added", "modified", "deleted"]
    key: str
    object: Object
    old: Object | None


def object_key(body: Object) -> str:
    """`namespace/name`, or `name`."""
    meta = body["metadata"]
    return f"{meta['namespace']}/{meta['name']}" if meta.get("namespace") else str(meta["name"])


def _version(body: Object) -> str:
    return str(body.get("metadata", {}).get("resourceVersion", ""))


class Informer:
    """Keeps `store` equal to the server's objects and tells `on_change` of every difference."""

    def __init__(
        self,
        kube: Kube,
        path: str,
        on_change: Callable[[Change], None],
        *,
        label_selector: str = "",
        field_selector: str = "",
        relist_every: float = 300.0,
        transform: Callable[[Object], Object] | None = None,
    ) -> None:
        self._kube = kube
        self._path = path
        self._on_change = on_change
        selectors = {"labelSelector": label_selector, "fieldSelector": field_selector}
        self._selectors = {key: value for key, value in selectors.items() if value}
        self._relist_every = relist_every
        self._transform = transform or (lambda body: body)
        self.store: dict[str, Object] = {}
        self.synced = asyncio.Event()
        self.last_contact = float("-inf")

    async def run(self) -> None:
        """Never returns; raises only CancelledError."""
        backoff = FIRST_BACKOFF
        while True:
            try:
                version = await self._list()
                backoff = FIRST_BACKOFF
                await self._watch(version)
            except Expired:
                continue
            except (KubeError, KeyError, ValueError) as error:
                log.info("watch interrupted", path=self._path, server=self._kube.server, error=str(error))
                await asyncio.sleep(backoff * random.uniform(0.5, 1.5))  # noqa: S311 (jitter, no secret)
                backoff = min(backoff * 2, LAST_BACKOFF)

    def accept(self, body: Object) -> None:
        """Take an object that a write of ours just returned, so that the next decision reads it."""
        self._put(body)

    async def _list(self) -> str:
        seen: dict[str, Object] = {}
        highest = max((int(v) for body in self if (v := _version(body)).isdigit()), default=0)
        params: dict[str, str | int] = {**self._selectors, "limit": PAGE}
        while True:
            page = await self._kube.get(self._path, **params)
            for item in page.get("items") or ():
                seen[object_key(item)] = item
            if not (token := page["metadata"].get("continue")):
                break
            params["continue"] = token
        version = str(page["metadata"]["resourceVersion"])
        # A server restored from a backup counts from lower versions again: then the list is the truth.
        restored = version.isdigit() and int(version) < highest
        for key in [key for key in self.store if key not in seen]:
            self._drop(key, self.store[key])
        for number, item in enumerate(seen.values(), 1):
            self._put(item, restored)
            if number % BREATH == 0:
                await asyncio.sleep(0)
        self._contact()
        self.synced.set()
        return version

    async def _watch(self, version: str) -> None:
        """Follow the watch until it is time to list anew, across the server's own time-outs."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._relist_every * random.uniform(0.9, 1.1)  # noqa: S311
        while (left := until - loop.time()) > 0:
            params = {
                **self._selectors,
                "resourceVersion": version,
                "allowWatchBookmarks": "true",
                "timeoutSeconds": max(1, int(min(left, 240))),
            }
            async with aclosing(self._kube.watch(self._path, params, silence=SILENCE)) as events:
                async for event in events:
                    version = self._event(event) or version
            self._contact()

    def _event(self, event: Object) -> str:
        kind, body = event["type"], event["object"]
        if kind == "ERROR":
            code = int(body.get("code") or 500)
            error = Expired if code == 410 else KubeError
            raise error(code, str(body.get("reason")), str(body.get("message")))
        self._contact()
        if kind in ("ADDED", "MODIFIED"):
            self._put(body)
        elif kind == "DELETED":
            self._drop(object_key(body), body)
        return _version(body)

    def _put(self, body: Object, restored: bool = False) -> None:
        key, old = object_key(body), self.store.get(object_key(body))
        if old is not None and not _newer(body, old) and not (restored and _version(body) != _version(old)):
            return
        new = self._transform(body)
        self.store[key] = new
        self._on_change(Change("modified" if old is not None else "added", key, new, old))

    def _drop(self, key: str, body: Object) -> None:
        if (old := self.store.pop(key, None)) is not None:
            self._on_change(Change("deleted", key, self._transform(body), old))

    def _contact(self) -> None:
        self.last_contact = asyncio.get_running_loop().time()

    def __iter__(self) -> Iterator[Object]:
        return iter(list(self.store.values()))


def _newer(body: Object, old: Object) -> bool:
    """Whether `body` is a later version of the same object, or another object of the same name.

    Resource versions of one server compare as integers (KEP-5504 makes that official); what our own write
    returned may arrive again, later, from the watch.
    """
    if body["metadata"].get("uid") != old["metadata"].get("uid"):
        return True
    new_version, old_version = _version(body), _version(old)
    if new_version.isdigit() and old_version.isdigit():
        return int(new_version) > int(old_version)
    return new_version != old_version
