"""Tokens of the WattTime API: got with a user name and a password, good for half an hour.

Logins are limited to 100 in five minutes, so zones of one account share a token, and an account that was
refused is not tried again for a while.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from voltaire.signals.carbon import shapes
from voltaire.signals.errors import FetchError, Malformed, Unauthorized
from voltaire.signals.http import Web

# Tokens are good for 30 minutes. Seconds of the monotonic clock.
GOOD_FOR_SECONDS = 25 * 60.0
REFUSED_FOR_SECONDS = 5 * 60.0
# A server that hangs costs one zone its time, not all zones one after the other.
FAILED_FOR_SECONDS = 30.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")


@dataclass(frozen=True, slots=True)
class Account:
    """Who logs in where. `password` never shows in its representation."""

    url: str
    username: str
    password: str = field(repr=False)

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells accounts apart; another password is another account."""
        return self.url, self.username, hashlib.sha256(self.password.encode()).hexdigest()


@dataclass(slots=True)
class _Login:
    """The last login of an account: its token, or why there is none, until when."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    token: str = field(default="", repr=False)
    refusal: FetchError | None = None
    until: float = 0.0


@dataclass(slots=True)
class Logins:
    """All accounts of the operator."""

    web: Web
    monotonic: Callable[[], float] = time.monotonic
    _logins: dict[tuple[str, str, str], _Login] = field(default_factory=dict, repr=False)

    async def token(self, account: Account) -> str:
        """A token that is good for some minutes at least. Raises FetchError, Malformed, UrlRefused."""
        login = self._logins.setdefault(account.key, _Login())
        async with login.lock:
            if self.monotonic() < login.until:
                if login.refusal is not None:
                    raise login.refusal.with_traceback(None)
                return login.token
            try:
                login.token = await self._ask(account)
            except FetchError as error:
                pause = REFUSED_FOR_SECONDS if isinstance(error, Unauthorized) else FAILED_FOR_SECONDS
                login.refusal, login.until = error, self.monotonic() + pause
                raise
            login.refusal, login.until = None, self.monotonic() + GOOD_FOR_SECONDS
            return login.token

    def forget(self, account: Account, token: str) -> None:
        """This token was refused: log in again, unless somebody already has."""
        login = self._logins.get(account.key)
        if login is not None and login.token == token and login.refusal is None:
            login.until = 0.0

    async def _ask(self, account: Account) -> str:
        """Log in."""
        basic = base64.b64encode(f"{account.username}:{account.password}".encode()).decode()
        page = await self.web.get(
            f"{account.url}/login",
            headers={"Authorization": f"Basic {basic}"},
            secrets=(account.password, basic),
            attempts=1,
        )
        token = shapes.mapping(page.json(), f"{page.host} login").get("token")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise Malformed(f"{page.host} login: the answer has no token")
        return token
