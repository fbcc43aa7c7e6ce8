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


@dataclass(slots=True)
class Kept:
    """Samples of one endpoint, called `what`, and when it is asked again (`every`)."""

    what: str
    every: timedelta = HOUR
    samples: tuple[Sample, ...] = ()
    ask_from: datetime | None = None
    note: str = ""

    async def refresh(self, ask: Callable[[], Awaitable[tuple[Sample, ...]]], now: datetime) -> None:
        """Ask again if it is due. What was known stays when it cannot be had this time, and `note` says why.

        Raises Sandbox, which condemns the whole source, and ConfigError.
        """
        # The lower bound: a clock that was set back does not silence the endpoint for long.
        if self.ask_from is not None and self.ask_from - REFUSED_PAUSE <= now < self.ask_from:
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
            self.note = f"no {self.what} this time: {error}"
