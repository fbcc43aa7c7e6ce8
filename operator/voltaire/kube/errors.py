"""What can go wrong when an API server is asked.

KubeError
 ├─ Unreachable     no HTTP answer: refused, timed out, broken off; whether it was done is unknown
 ├─ Unauthorized    401
 ├─ Forbidden       403
 ├─ NotFound        404
 ├─ Conflict        409: another version, another uid, or the name is taken
 ├─ Expired         410: the resource version is too old
 ├─ Invalid         422 and 400: refused by schema, rules or admission
 ├─ Throttled       429, with `retry_after`
 └─ ServerError     5xx
"""

from __future__ import annotations


class KubeError(Exception):
    """An API server's refusal. `status` is the HTTP code, 0 where there was no answer."""

    def __init__(self, status: int, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{reason} ({status}): {message}" if status else f"{reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.retry_after = retry_after


class Unreachable(KubeError):
    """No HTTP answer."""


class Unauthorized(KubeError):
    """The credentials are not accepted."""


class Forbidden(KubeError):
    """The identity may not do this."""


class NotFound(KubeError):
    """No such object, kind or namespace."""


class Conflict(KubeError):
    """A precondition failed, or the name is taken."""


class Expired(KubeError):
    """The resource version is too old to watch from."""


class Invalid(KubeError):
    """Refused by schema, rules or admission."""


class Throttled(KubeError):
    """Too many requests."""


class ServerError(KubeError):
    """The server failed."""


_BY_STATUS: dict[int, type[KubeError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Expired,
    422: Invalid,
    429: Throttled,
}


def error_for(status: int, reason: str, message: str, retry_after: float | None = None) -> KubeError:
    """The typed error of an HTTP answer."""
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else KubeError)
    return kind(status, reason, message, retry_after)
