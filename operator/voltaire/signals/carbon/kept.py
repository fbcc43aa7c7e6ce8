"""Parts of an answer that need not be asked for at every refresh: histories and forecasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from voltaire.signals.carbon.samples import HOUR, Sample
from voltaire.signals.errors import (
    DataError,
    FetchError,
    NotFound,
    RateLimited,
    Rejected,
    Sandbox,
    Unauthorized,
)

# An endpoint that a plan does not include is not tried again for this long.
REFUSED_PAUSE = timedelta(hours=6)
# After a failure the value has its turn before it is tried again.
RETRY = timedelta(minutes=10)
# A zone makes one request at a time: what is due takes the turn of the present, unless that was asked for
# longer ago than this.
TURN = timedelta(minutes=35)


def lapsed(asked: datetime | None, now: datetime) -> bool:
    """Whether the present was not asked for yet, or so long ago that it is asked for whatever else is."""
    return asked is None or not timedelta(0) <= now - asked < TURN


@dataclass(slots=True)
class Kept:
    """Samples of one endpoint, called `what`, and when it is asked again (`every`)."""

    what: str
    every: timedelta = HOUR
    samples: tuple[Sample, ...] = ()
    ask_from: datetime | None = None
    note: str = ""

    def due(self, now: datetime) -> bool:
        """Whether it is to be asked again. A clock that was set back does not silence it for long."""
        return self.ask_from is None or not self.ask_from - REFUSED_PAUSE <= now < self.ask_from

    async def refresh(self, ask: Callable[[], Awaitable[tuple[Sample, ...]]], now: datetime) -> None:
        """Ask again if it is due. What was known stays when it cannot be had this time, and `note` says why.

        Raises Sandbox, which condemns the whole source, and ConfigError.
        """
        if not self.due(now):
            return
        self.ask_from, self.note = None, ""
        try:
            self.samples = await ask()
            self.ask_from = now + self.every
        except Sandbox:
            raise
        except RateLimited as error:
            self.ask_from = now + timedelta(seconds=error.retry_after_seconds)
            self.note = f"no {self.what} this time: {error}"
        except (Unauthorized, NotFound, Rejected) as error:
            # The plan does not include it.
            self.samples, self.ask_from = (), now + REFUSED_PAUSE
            self.note = f"no {self.what}: {error}"
        except (FetchError, DataError) as error:
            self.ask_from = now + RETRY
            self.note = f"no {self.what} this time: {error}"
