"""Pages that a server can call unchanged: what it said last is kept with the validators it came with."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_PAGES, MOST_BYTES = 512, 256 << 10


@dataclass(slots=True)
class Pages:
    """Bodies by address and headers; another key is another page. In memory only."""

    _kept: OrderedDict[bytes, tuple[dict[str, str], bytes]] = field(default_factory=OrderedDict, repr=False)

    @staticmethod
    def key(url: str, headers: Mapping[str, str]) -> bytes:
        """What tells pages apart, without the secrets in it."""
        parts = [url, *(f"{name.lower()}:{headers[name]}" for name in sorted(headers))]
        return hashlib.sha256("\n".join(parts).encode()).digest()

    def conditions(self, key: bytes) -> Mapping[str, str]:
        """The headers that ask for a page only if it changed."""
        return self._kept[key][0] if key in self._kept else {}

    def unchanged(self, key: bytes) -> bytes | None:
        """The body that a server calls unchanged; None when we have none, so it had no reason to."""
        return self._kept[key][1] if key in self._kept else None

    def keep(self, key: bytes, headers: Mapping[str, str], body: bytes) -> None:
        """Keep a page that came with a validator."""
        self._kept.pop(key, None)
        pairs = (("etag", "If-None-Match"), ("last-modified", "If-Modified-Since"))
        conditions = {ask: headers[name] for name, ask in pairs if name in headers}
        if not conditions or len(body) > MOST_BYTES or "no-store" in headers.get("cache-control", ""):
            return
        self._kept[key] = conditions, body
        while len(self._kept) > MOST_PAGES:
            self._kept.popitem(last=False)
