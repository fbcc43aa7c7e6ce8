"""Free loopback ports."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack

from voltaire.lab.errors import LabError

# Below the range from which the kernel takes the ports of outgoing connections (32768 and up by default): an
# API server that is stopped and started again finds its port still free.
_RANGE = range(20000, 30000)


def free_ports(count: int) -> Iterator[int]:
    """So many different TCP ports nobody listens on. Raises LabError when there are not enough."""
    candidates = random.sample(_RANGE, len(_RANGE))
    found: list[int] = []
    with ExitStack() as held:
        for port in candidates:
            if len(found) == count:
                break
            probe = held.enter_context(socket.socket())
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    if len(found) < count:
        raise LabError(f"fewer than {count} free ports between {_RANGE.start} and {_RANGE.stop} on 127.0.0.1")
    return iter(found)
