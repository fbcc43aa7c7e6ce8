"""What can be wrong with a signal.

    SignalError
    ├── FetchError            the source could not be asked, or did not answer properly
    │   ├── TimedOut          no answer in time
    │   ├── Unreachable       no connection, or it broke
    │   ├── Unauthorized      401, 403: the key is wrong or does not allow this
    │   ├── NotFound          404: no such address, or a zone the provider does not know
    │   ├── RateLimited       429: asked too often (`retry_after_seconds`)
    │   ├── ServerFailed      5xx
    │   └── Rejected          any other status, a redirect to another host, an answer too large
    ├── DataError             it answered, and the answer is not believed
    │   ├── Malformed         not JSON, not CSV, cut off, a field missing or of another type
    │   ├── WrongZone         values of another zone, or a zone that does not exist
    │   ├── WrongBasis        values that mean something else than the zone's basis
    │   ├── Sandbox           synthetic values
    │   ├── Implausible       not a number, negative, or out of range
    │   ├── Frozen            the same value for longer than the zone's past makes credible
    │   ├── Held              a jump that nothing has confirmed yet
    │   ├── Disputed          another source says something else
    │   ├── NoData            nothing for this time
    │   └── Stale             the newest value is too old
    └── ConfigError           a person has to change something
        ├── UrlRefused        an address that must not be asked
        ├── TraceRefused      a trace file that is missing, outside its folder or too large
        ├── Unreadable        a Secret or ConfigMap that cannot be read
        └── AmbiguousQuery    a query that gives several series, or no number

`reason` is the CamelCase word that statuses show. Messages name the problem and, where there is one, the
remedy; they never contain a key, a token or the query part of a URL.
"""

from __future__ import annotations

from typing import ClassVar


class SignalError(Exception):
    """Anything that keeps a signal from being used."""

    reason: ClassVar[str] = "SignalFailed"


class FetchError(SignalError):
    """The source could not be asked, or did not answer properly."""

    reason = "FetchFailed"


class TimedOut(FetchError):
    """No answer in time."""

    reason = "TimedOut"


class Unreachable(FetchError):
    """No connection, or it broke."""

    reason = "Unreachable"


class Unauthorized(FetchError):
    """401 or 403, told apart by `status`."""

    reason = "Unauthorized"

    def __init__(self, message: str, status: int = 401) -> None:
        super().__init__(message)
        self.status = status


class NotFound(FetchError):
    """404."""

    reason = "NotFound"


class RateLimited(FetchError):
    """429. `retry_after_seconds`: how long the provider wants to be left alone, wall-clock seconds."""

    reason = "RateLimited"

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ServerFailed(FetchError):
    """5xx."""

    reason = "ServerFailed"


class Rejected(FetchError):
    """Another status than success. `status` is None where the answer was refused for another cause."""

    reason = "Rejected"

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class DataError(SignalError):
    """It answered, and the answer is not believed."""

    reason = "BadData"


class Malformed(DataError):
    """Not the documented shape."""

    reason = "Malformed"


class WrongZone(DataError):
    """Values of another zone, or a zone that does not exist there."""

    reason = "WrongZone"


class WrongBasis(DataError):
    """Values that mean something else."""

    reason = "WrongBasis"


class Sandbox(DataError):
    """Synthetic values."""

    reason = "Sandbox"


class Implausible(DataError):
    """Not a number, negative, or out of range."""

    reason = "Implausible"


class Frozen(DataError):
    """The same value for longer than is credible."""

    reason = "Frozen"


class Held(DataError):
    """A jump that nothing has confirmed yet."""

    reason = "Held"


class Disputed(DataError):
    """Another source says something else."""

    reason = "Disputed"


class NoData(DataError):
    """Nothing for this time."""

    reason = "NoData"


class Stale(DataError):
    """The newest value is too old."""

    reason = "Stale"


class ConfigError(SignalError):
    """A person has to change something."""

    reason = "Misconfigured"


class UrlRefused(ConfigError):
    """An address that must not be asked."""

    reason = "UrlRefused"


class TraceRefused(ConfigError):
    """A trace file that is missing, outside its folder or too large."""

    reason = "TraceRefused"


class Unreadable(ConfigError):
    """A Secret or ConfigMap that cannot be read."""

    reason = "Unreadable"


class AmbiguousQuery(ConfigError):
    """A query that gives several series, or no number."""

    reason = "AmbiguousQuery"
