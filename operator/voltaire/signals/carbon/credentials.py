"""Keys, tokens and passwords out of Secrets. They are read at every use, so that a rotation is seen."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from voltaire.api.base import SecretKey
from voltaire.signals.errors import ConfigError, SignalError, Unreadable

ReadSecret = Callable[[str, str, str], Awaitable[str]]
_KEY = re.compile(r"[\x21-\x7e]{1,4096}")


async def read_key(read_secret: ReadSecret, ref: SecretKey) -> str:
    """The value a reference names, without white space around it.

    Raises Unreadable, ConfigError. Messages name the Secret, never the value.
    """
    where = f"key {ref.key} of Secret {ref.namespace}/{ref.name}"
    try:
        key = (await read_secret(ref.namespace, ref.name, ref.key)).strip()
    except SignalError:
        raise
    except Exception as error:
        raise Unreadable(f"{where} cannot be read: {type(error).__name__}") from error
    if not _KEY.fullmatch(key):
        raise ConfigError(f"{where} is not an API key: empty, or with spaces or control characters")
    return key
