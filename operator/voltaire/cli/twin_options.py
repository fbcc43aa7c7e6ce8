"""What the twin's subcommands share: kinds of options, and errors as messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from voltaire.api.base import parse_duration
from voltaire.twin.baselines.batteries import DEFAULT_RULE, RULES
from voltaire.twin.errors import TwinError
from voltaire.twin.forecast_kind import ForecastKind, parse_forecast
from voltaire.twin.prices import PriceFile, price_file
from voltaire.twin.registry import POLICIES

FILE = click.Path(exists=True, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)


class Moment(click.ParamType[datetime]):
    """A time; without an offset in UTC."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        try:
            time = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a time: write 2022-03-14T00:00Z", param, ctx)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


class Span(click.ParamType[timedelta]):
    """A duration as Go writes it."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        try:
            return parse_duration(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class Forecast(click.ParamType[ForecastKind]):
    """Which forecast the policies get."""

    name = "forecast"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> ForecastKind:
        try:
            return parse_forecast(str(value))
        except TwinError as error:
            self.fail(str(error), param, ctx)


class PricedZone(click.ParamType[PriceFile]):
    """A file of prices and the zone that it is about."""

    name = "[ZONE=]FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> PriceFile:
        try:
            file = price_file(str(value))
        except TwinError as error:
            self.fail(str(error), param, ctx)
        if not file.path.is_file():
            self.fail(f"there is no file {file.path}", param, ctx)
        return file


prices_option = click.option(
    "--prices", multiple=True, type=PricedZone(),
    help="Day-ahead prices of a zone, as CSV: Datetime (UTC),...,Price (USD/MWh). A file called "
    "ZONE_electricity_prices_YEAR.csv needs no ZONE=. They say what the run's grid energy costs; no policy "
    "decides by them. Repeatable.",
)  # fmt: skip
baseline_battery_option = click.option(
    "--baseline-battery", type=click.Choice(list(RULES)), default=DEFAULT_RULE, show_default=True,
    help="What the baselines' batteries do. voltaire and clairvoyant plan theirs.",
)  # fmt: skip
announced_option = click.option(
    "--announced", "announced_h", type=click.FloatRange(min=0), default=0.0, show_default=True,
    metavar="HOURS", help="Work is known so many hours before it arrives, as AIWorkloads are that are "
    "applied ahead with an earliestStart.",
)  # fmt: skip


@contextmanager
def named_errors() -> Iterator[None]:
    """Errors of the twin as messages, with their names."""
    try:
        yield
    except TwinError as error:
        raise click.ClickException(f"{type(error).__name__}: {error}") from error


def chosen(policies: Iterable[str]) -> tuple[str, ...]:
    """The policies that were asked for, each once; `all` for all. Raises UsageError for one that is not
    there."""
    names = tuple(dict.fromkeys(p for name in policies for p in (POLICIES if name == "all" else (name,))))
    unknown = [name for name in names if name not in POLICIES]
    if unknown:
        raise click.UsageError(f"there is no policy {unknown[0]}: choose from {', '.join(POLICIES)}, all")
    return names
