"""Headers that prove who asks, made from Secrets at every use so that a rotation is seen."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field

from voltaire.api.base import SecretKey
from voltaire.signals.carbon.credentials import ReadSecret, read_key


@dataclass(frozen=True, slots=True)
class Login:
    """`secrets`: what must not be repeated in a message."""

    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Login(***)"


async def bearer(ref: SecretKey | None, read_secret: ReadSecret) -> Login:
    """A bearer token, if there is one. Raises Unreadable, ConfigError."""
    if ref is None:
        return Login()
    token = await read_key(read_secret, ref)
    return Login({"Authorization": f"Bearer {token}"}, (token,))


async def basic(name: str, ref: SecretKey, read_secret: ReadSecret) -> Login:
    """Basic authentication (RFC 7617). Raises Unreadable, ConfigError."""
    password = await read_key(read_secret, ref)
    pair = b64encode(f"{name}:{password}".encode()).decode()
    return Login({"Authorization": f"Basic {pair}"}, (password, pair))
