"""A series that somebody keeps in a ConfigMap."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from voltaire.api.gridzone import Basis, ConfigMapSource
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.carbon.table import Table, near, parse_table
from voltaire.signals.carbon.tables import answer_at, check_basis, occurred_in
from voltaire.signals.errors import SignalError, TraceRefused, Unreadable

ReadConfigMap = Callable[[str, str], Awaitable[Mapping[str, str]]]
# The API server keeps ConfigMaps to 1 MiB.
MAX_CHARACTERS = 1 << 20


@dataclass(slots=True)
class ConfigMapSeries:
    """Reads CSV text (see `table`) out of one key of a ConfigMap; parses it again only when it changed."""

    name: str
    spec: ConfigMapSource
    zone: str
    basis: Basis
    read_config_map: ReadConfigMap
    _parsed: tuple[str, Table] | None = field(default=None, init=False)

    async def fetch(self, now: datetime) -> Answer:
        """Raises Unreadable, TraceRefused, DataError."""
        table = await self._table()
        check_basis(table, self.basis)
        return answer_at(table, self.basis, now)

    @property
    def longest(self) -> timedelta:
        """All there is: it is read as a whole anyway."""
        return timedelta(days=366)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises Unreadable, TraceRefused, DataError."""
        return occurred_in(await self._table(), start, end)

    async def _table(self) -> Table:
        """The table, parsed again only when its text has changed."""
        text = await self._text()
        if self._parsed is None or self._parsed[0] != text:
            table = parse_table(io.StringIO(text, newline=""), self.zone, self.basis.boundary)
            self._parsed = (text, table)
        return self._parsed[1]

    async def _text(self) -> str:
        """The text under the key."""
        where = f"ConfigMap {self.spec.namespace}/{self.spec.name}"
        try:
            data = await self.read_config_map(self.spec.namespace, self.spec.name)
        except SignalError:
            raise
        except Exception as error:
            raise Unreadable(f"{where} cannot be read: {type(error).__name__}") from error
        text = data.get(self.spec.key)
        if text is None:
            raise Unreadable(f"{where} has no key {self.spec.key}{near(self.spec.key, data)}")
        if len(text) > MAX_CHARACTERS:
            raise TraceRefused(f"{where} holds more than 1 MiB: use a trace file")
        return text
