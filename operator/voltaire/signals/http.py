"""The only way out over HTTP: GET, and POST for sites that are controlled; with limits, and typed errors for
everything that goes wrong."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from urllib.parse import quote, quote_plus

import httpx
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from voltaire import __version__
from voltaire.signals.addresses import PinnedTransport, UrlRules
from voltaire.signals.errors import (
    NotFound,
    RateLimited,
    Rejected,
    ServerFailed,
    SignalError,
    TimedOut,
    Unauthorized,
    Unreachable,
)
from voltaire.signals.numbers import parse_json
from voltaire.signals.pace import Pace
from voltaire.signals.pages import Pages

MAX_BODY_BYTES = 1 << 20
TOTAL_SECONDS = 10.0
MAX_REDIRECTS = 3
# Requests to one server at a time: one that hangs takes no connection from the others.
AT_ONCE = 16
ATTEMPTS = 3
DEFAULT_RETRY_AFTER_SECONDS = 60.0
MAX_RETRY_AFTER_SECONDS = 3600.0
# A wait longer than this is left to the next refresh.
PATIENCE_SECONDS = 2.0
# What is shorter is no key, and may stand anywhere.
SHORTEST_KEY = 6
_BACK_OFF = wait_random_exponential(multiplier=0.2, max=PATIENCE_SECONDS)
# What a server repeats of an address may hold a key of somebody else.
_URL = re.compile(r"https?://\S+", re.IGNORECASE)

NewClient = Callable[[UrlRules], httpx.AsyncClient]


def new_client(rules: UrlRules, trust: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """A client that connects to judged addresses only and ignores proxies of the environment; `trust`: other
    certificate authorities than httpx's.

    Connections are not kept: they are keyed by address, and two hosts may share one.
    """
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=0)
    inner = httpx.AsyncHTTPTransport(verify=True if trust is None else trust, limits=limits)
    transport = PinnedTransport(rules, inner)
    return httpx.AsyncClient(
        transport=transport, timeout=TOTAL_SECONDS, trust_env=False, follow_redirects=False
    )


@dataclass(frozen=True, slots=True)
class Page:
    """A successful answer."""

    host: str
    body: bytes

    def json(self) -> object:
        """The body as JSON; raises Malformed."""
        return parse_json(self.body, self.host)


@dataclass(slots=True)
class Web:
    """Fetches pages; one for the whole operator. The client is made at the first request."""

    rules: UrlRules = field(default_factory=UrlRules)
    make_client: NewClient = new_client
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    total_seconds: float = TOTAL_SECONDS
    pace: Pace = field(default_factory=Pace)
    pages: Pages = field(default_factory=Pages)
    _doors: dict[bytes, asyncio.Semaphore] = field(default_factory=dict)
    _client: httpx.AsyncClient | None = None

    async def get(
        self,
        url: str,
        params: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        secrets: Sequence[str] = (),
        attempts: int = ATTEMPTS,
    ) -> Page:
        """GET with retries of what may pass by itself, `attempts` in all and within `total_seconds`.

        Raises FetchError or UrlRefused. Messages name the host alone; values of `headers`, of the URL's own
        query and of `secrets` that a server repeats are blanked.
        """
        return await self._ask(url, params, headers, None, secrets, attempts)

    async def post(
        self,
        url: str,
        body: object,
        headers: Mapping[str, str] | None = None,
        *,
        secrets: Sequence[str] = (),
        attempts: int = ATTEMPTS,
    ) -> Page:
        """POST a JSON body, which may arrive twice; as `get` otherwise, but redirects are refused."""
        return await self._ask(url, None, headers, json.dumps(body).encode(), secrets, attempts)

    async def _ask(
        self,
        url: str,
        params: Mapping[str, str | list[str]] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        secrets: Sequence[str],
        attempts: int,
    ) -> Page:
        try:
            given = httpx.URL(url)
            target = given.copy_merge_params(dict(params or {}))
        except (httpx.InvalidURL, ValueError):
            raise Rejected("the URL cannot be read") from None
        hidden = [*secrets, *(headers or {}).values(), *given.params.values()]
        retrying = AsyncRetrying(
            retry=retry_if_exception(_may_pass),
            stop=stop_after_attempt(attempts),
            wait=_pause_seconds,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            async with asyncio.timeout(self.total_seconds):
                page: Page = await retrying(self._follow, target, dict(headers or {}), body, hidden)
        except TimeoutError:
            raise TimedOut(f"{target.host} gave no answer in {self.total_seconds:g} s") from None
        keys = [text for name, text in (headers or {}).items() if name.lower() != "accept"]
        return Page(page.host, _blanked(page.body, [*secrets, *keys]))

    async def aclose(self) -> None:
        """Close the client, if there is one."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _follow(
        self, url: httpx.URL, headers: dict[str, str], body: bytes | None, secrets: Sequence[str]
    ) -> Page:
        """Ask, and follow redirects of a GET as long as they stay on the same scheme, host and port."""
        for _ in range(MAX_REDIRECTS + 1):
            self.rules.check_url(url)
            answer = await self._send(url, headers, body, secrets)
            if isinstance(answer, Page):
                return answer
            if body is not None:
                raise Rejected(f"{url.host} redirects what is sent to it: name the final address in the spec")
            if _origin(answer) != _origin(url):
                raise Rejected(f"{url.host} redirects elsewhere: name the final address in the spec")
            url = answer
        raise Rejected(f"{url.host} redirects more than {MAX_REDIRECTS} times")

    async def _send(
        self, url: httpx.URL, headers: dict[str, str], sent: bytes | None, secrets: Sequence[str]
    ) -> Page | httpx.URL:
        """One request: the page, or where it redirects to."""
        if self._client is None:
            self._client = self.make_client(self.rules)
        own = {"User-Agent": f"voltaire/{__version__}", "Accept": "application/json"}
        # Not compressed: a limit on what is read is then a limit on what is held.
        own["Accept-Encoding"] = "identity"
        page = Pages.key(str(url), headers)
        if sent is None:
            own |= self.pages.conditions(page)
        else:
            own["Content-Type"] = "application/json"
        verb = "GET" if sent is None else "POST"
        await self.pace.turn(url.host)
        try:
            async with self._client.stream(verb, url, headers={**own, **headers}, content=sent) as response:
                if response.has_redirect_location:
                    return url.join(response.headers["location"])
                body = await _read(response, url.host)
        except httpx.TimeoutException:
            raise TimedOut(f"{url.host} gave no answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError) as error:
            raise Unreachable(f"{url.host} cannot be reached: {type(error).__name__}") from None
        self.pace.note(url.host, response.headers)
        if response.status_code == httpx.codes.OK:
            if sent is None:
                self.pages.keep(page, response.headers, body)
            return Page(url.host, body)
        if response.status_code == httpx.codes.NOT_MODIFIED and sent is None:
            known = self.pages.unchanged(page)
            if known is not None:
                return Page(url.host, known)
        raise _error(response, body, url.host, secrets)


async def _read(response: httpx.Response, host: str) -> bytes:
    """The body, up to the limit."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise Rejected(f"{host} answers compressed although that was not asked for")
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Rejected(f"{host} answers with more than {MAX_BODY_BYTES >> 20} MiB")
    return bytes(body)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _pause_seconds(state: RetryCallState) -> float:
    """How long to wait before asking again: growing and random, and not less than the server asks for."""
    error = state.outcome.exception() if state.outcome is not None else None
    asked = error.retry_after_seconds if isinstance(error, RateLimited) else 0.0
    return max(asked, _BACK_OFF(state))


def _may_pass(error: BaseException) -> bool:
    """Whether asking again at once makes sense."""
    if isinstance(error, RateLimited):
        return error.retry_after_seconds <= PATIENCE_SECONDS
    return isinstance(error, Unreachable | ServerFailed)


def _error(response: httpx.Response, body: bytes, host: str, secrets: Sequence[str]) -> SignalError:
    """The typed error of an answer that is no success."""
    status = response.status_code
    said = _said(body, secrets)
    if status in {401, 403}:
        return Unauthorized(f"{host} answers {status}: the key is wrong or does not allow this{said}", status)
    if status == 404:
        return NotFound(f"{host} answers 404{said}")
    if status == 429:
        wait = retry_after_seconds(response.headers)
        return RateLimited(f"{host} answers 429: asked too often, wait {wait:g} s{said}", wait)
    if status >= 500:
        return ServerFailed(f"{host} answers {status}{said}")
    return Rejected(f"{host} answers {status}{said}", status)


def _spellings(secret: str) -> set[str]:
    """How a server may write what it was sent: as it is, quoted for a URL, or escaped in JSON."""
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        secret.replace("/", "\\/"),
    }


def _blanked(body: bytes, secrets: Sequence[str]) -> bytes:
    """A body without the keys that the server repeats: parts of it may stand in messages."""
    for secret in secrets:
        if len(secret) >= SHORTEST_KEY and secret[:3].encode() in body:
            for spelling in _spellings(secret):
                body = body.replace(spelling.encode(), b"***")
    return body


def _said(body: bytes, secrets: Sequence[str]) -> str:
    """What the server says is wrong, without anything secret it repeats."""
    try:
        document = parse_json(body, "")
    except SignalError:
        return ""
    if not isinstance(document, dict):
        return ""
    text = ", ".join(dict.fromkeys(_texts(document)))
    for secret in filter(None, secrets):
        for spelling in _spellings(secret):
            text = text.replace(spelling, "***")
    text = _URL.sub("(a URL)", text)
    return f": {''.join(c for c in text if c.isprintable())[:200]}" if text else ""


def _texts(document: Mapping[str, object]) -> Iterator[str]:
    """Where providers write what is wrong: `error` or `message`, flat or one below the other, `detail` and
    `title` as in RFC 9457."""
    inner = document.get("error")
    nested = (inner.get("code"), inner.get("message")) if isinstance(inner, dict) else (inner,)
    for text in (*nested, document.get("message"), document.get("title"), document.get("detail")):
        if isinstance(text, str) and text:
            yield text


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """How long `Retry-After` asks to wait, in seconds or until a date (counted from the answer's `Date`).

    One minute without a readable one; never more than an hour.
    """
    text = headers.get("retry-after", "").strip()
    seconds = DEFAULT_RETRY_AFTER_SECONDS
    if text.isascii() and text.isdigit() and len(text) < 10:
        seconds = float(text)
    elif text:
        try:
            until, sent = parsedate_to_datetime(text), parsedate_to_datetime(headers.get("date", ""))
            seconds = (until - sent).total_seconds()
        except (ValueError, TypeError):
            seconds = DEFAULT_RETRY_AFTER_SECONDS
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_SECONDS)
