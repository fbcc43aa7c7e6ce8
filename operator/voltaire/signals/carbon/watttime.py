"""The WattTime API, version 3: the marginal operating emissions rate `co2_moer`.

The forecast is asked at every refresh: its first point is the present one, and the provider says to use it
for real time. What occurred comes from `historical`, which is late and revised, in pieces of at most 32 days;
once an hour it has its turn in place of the forecast, which then is five minutes old.
A region is named, or found from a place and looked up again after a month, because borders change.

The rate is CO2 out of the stacks of the plants that react to demand in the region: marginal, direct,
consumption-based. Pounds for a megawatt-hour are converted; anything in another unit is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.carbon_sources import WattTimeSource
from voltaire.api.gridzone import Basis
from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.credentials import ReadSecret, read_key
from voltaire.signals.carbon.kept import Kept, lapsed
from voltaire.signals.carbon.samples import HOUR, PAST, Answer, Sample
from voltaire.signals.carbon.watttime_login import Account, Logins
from voltaire.signals.errors import ConfigError, Malformed, Unauthorized, WrongBasis, WrongZone
from voltaire.signals.http import Page
from voltaire.signals.numbers import shown

GIVES = Basis(signal="marginal", boundary="direct", perspective="consumption")
SIGNAL = "co2_moer"
HORIZON_HOURS = 48
# The API takes at most 32 days at once.
LONGEST_PIECE = timedelta(days=32)
REGION_HOLDS = timedelta(days=30)
_UNITS = {"lbs_co2_per_mwh": shapes.GRAMS_PER_KWH_OF_LB_PER_MWH}
_STEP = timedelta(minutes=5)


@dataclass(slots=True)
class WattTime:
    """One region of the API."""

    name: str
    spec: WattTimeSource
    basis: Basis
    logins: Logins
    read_secret: ReadSecret
    _region: tuple[str, datetime] | None = field(default=None, init=False)
    _expected: tuple[tuple[Sample, ...], tuple[str, ...]] = field(default=((), ()), init=False)
    _asked: datetime | None = field(default=None, init=False)
    _history: Kept = field(default_factory=lambda: Kept("history"), init=False)

    async def fetch(self, now: datetime) -> Answer:
        """Raises FetchError, DataError or ConfigError when there is no forecast; trouble with the history
        ends up in the notes."""
        shapes.require_basis("WattTime", GIVES, self.basis)
        account = await self._account()
        region = await self._find_region(account, now)
        due = self._history.due(now)
        if lapsed(self._asked, now) or not due:
            horizon = {"region": region, "horizon_hours": str(HORIZON_HOURS)}
            page = await self._ask(account, "forecast", horizon)
            self._expected = read_series(page.json(), region, f"{page.host} forecast")
            self._asked = now
        if due:
            await self._history.refresh(lambda: self._past(account, region, now), now)
        expected, notes = self._expected
        return shapes.answer(GIVES, (*self._history.samples, *expected), now, (*notes, self._history.note))

    async def _past(self, account: Account, region: str, now: datetime) -> tuple[Sample, ...]:
        """What occurred in the last days: all that is remembered at first, later only what may be revised."""
        past = timedelta(days=2) if self._history.samples else PAST
        found: list[Sample] = []
        for start, end in pieces(now - past, now):
            found += await self._historical(account, region, start, end)
        return tuple(found)

    @property
    def longest(self) -> timedelta:
        """Half of what the API allows: two weeks of five minutes are a quarter of a megabyte."""
        return LONGEST_PIECE / 2

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises FetchError, DataError, ConfigError."""
        account = await self._account()
        return await self._historical(account, await self._find_region(account, end), start, end)

    async def _account(self) -> Account:
        """Where and as whom to log in."""
        return Account(
            self.spec.url.rstrip("/"),
            await read_key(self.read_secret, self.spec.username_ref),
            await read_key(self.read_secret, self.spec.password_ref),
        )

    async def _historical(
        self, account: Account, region: str, start: datetime, end: datetime
    ) -> tuple[Sample, ...]:
        """What occurred in at most LONGEST_PIECE."""
        times = {"start": f"{start:%Y-%m-%dT%H:%MZ}", "end": f"{end:%Y-%m-%dT%H:%MZ}"}
        page = await self._ask(account, "historical", {"region": region, **times})
        return read_series(page.json(), region, f"{page.host} historical")[0]

    async def _find_region(self, account: Account, now: datetime) -> str:
        """The region named in the spec, or that of the place."""
        place = self.spec.location
        if self.spec.region is not None:
            return self.spec.region
        if place is None:
            raise ConfigError("set exactly one of region, location")
        if self._region is None or not timedelta(0) <= now - self._region[1] < REGION_HOLDS:
            params = {"latitude": str(place.latitude), "longitude": str(place.longitude)}
            page = await self._ask(account, "region-from-loc", params)
            region = shapes.mapping(page.json(), f"{page.host} region-from-loc").get("region")
            if not isinstance(region, str) or not region.isprintable() or not 0 < len(region) <= 63:
                raise Malformed(f"{page.host} region-from-loc: the answer names no region")
            self._region = region, now
        return self._region[0]

    async def _ask(self, account: Account, endpoint: str, params: dict[str, str]) -> Page:
        """One endpoint; logs in again once when the token is refused (401; 403 is the plan)."""
        token = await self.logins.token(account)
        try:
            return await self._get(account, token, endpoint, params)
        except Unauthorized as error:
            if error.status != 401:
                raise
        self.logins.forget(account, token)
        return await self._get(account, await self.logins.token(account), endpoint, params)

    async def _get(self, account: Account, token: str, endpoint: str, params: dict[str, str]) -> Page:
        """One request."""
        return await self.logins.web.get(
            f"{account.url}/v3/{endpoint}",
            {"signal_type": SIGNAL, **params},
            {"Authorization": f"Bearer {token}"},
            secrets=(token, account.password),
        )


def pieces(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """[start, end) cut into pieces that the API takes at once."""
    while start < end:
        until = min(end, start + LONGEST_PIECE)
        yield start, until
        start = until


def read_series(content: object, region: str, where: str) -> tuple[tuple[Sample, ...], tuple[str, ...]]:
    """The samples of a forecast or history, and the provider's warnings. Raises DataError."""
    document = shapes.mapping(content, where)
    meta = shapes.mapping(document.get("meta"), f"{where}: meta")
    if meta.get("region") != region:
        raise WrongZone(f"{where}: asked for region {region}, answered for {shown(meta.get('region'))}")
    if meta.get("signal_type") != SIGNAL:
        raise WrongBasis(f"{where}: asked for {SIGNAL}, answered with {shown(meta.get('signal_type'))}")
    units = meta.get("units")
    factor = _UNITS.get(units) if isinstance(units, str) else None
    if factor is None:
        raise WrongBasis(f"{where}: the unit {shown(units)} is not known: expected lbs_co2_per_mwh")
    step = _step(meta.get("data_point_period_seconds"), where)
    samples = []
    for point in shapes.listing(document.get("data"), f"{where}: data"):
        fields = shapes.mapping(point, f"{where}: data")
        start = shapes.time(fields.get("point_time"), f"{where}: point_time")
        if "value" not in fields:
            raise Malformed(f"{where}: the point of {start:%Y-%m-%dT%H:%MZ} has no value")
        samples.append(shapes.sample(start, start + step, fields["value"], where, factor=factor))
    return shapes.in_order(samples), _warnings(meta.get("warnings"))


def _step(seconds: object, where: str) -> timedelta:
    """How long a point holds: five minutes unless the answer says otherwise."""
    if seconds is None:
        return _STEP
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds % 60 or not 0 < seconds <= 3600:
        raise Malformed(f"{where}: data_point_period_seconds {shown(seconds)} is no length of a point")
    return min(timedelta(seconds=seconds), HOUR)


def _warnings(listed: object) -> tuple[str, ...]:
    """Warnings as sentences; they come as texts, or as objects with a message."""
    if not isinstance(listed, list):
        return ()
    found = [entry.get("message") if isinstance(entry, dict) else entry for entry in listed[:5]]
    return tuple(shown(entry) for entry in found if isinstance(entry, str))
