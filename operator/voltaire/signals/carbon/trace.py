"""Trace files, played by the operator's clock."""

from __future__ import annotations

import asyncio
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TextIO

from voltaire.api.gridzone import Basis
from voltaire.signals.carbon.samples import Answer, Sample
from voltaire.signals.carbon.table import Table, parse_table
from voltaire.signals.carbon.tables import answer_at, check_basis, occurred_in
from voltaire.signals.errors import DataError, Malformed, TraceRefused

MAX_FILE_BYTES = 64 << 20
MAX_LINE_CHARACTERS = 64 << 10
_KEPT_TABLES = 512

_Key = tuple[Path, int, int, str, str]


@dataclass(slots=True)
class TraceFolder:
    """The one folder traces are read from. Tables are kept until their file changes (time or size)."""

    root: Path | None
    _tables: OrderedDict[_Key, Table] = field(default_factory=OrderedDict, init=False)

    async def table(self, file: str, zone: str, boundary: str) -> Table:
        """One zone of a file, read in a thread. Raises TraceRefused or DataError."""
        path, info = await asyncio.to_thread(self._locate, file)
        key = (path, info.st_mtime_ns, info.st_size, zone, boundary)
        table = self._tables.get(key)
        if table is None:
            table = await asyncio.to_thread(read_table, path, zone, boundary)
            self._tables[key] = table
        self._tables.move_to_end(key)
        while len(self._tables) > _KEPT_TABLES:
            self._tables.popitem(last=False)
        return table

    def _locate(self, file: str) -> tuple[Path, os.stat_result]:
        """The file, with symbolic links followed, if it still lies inside the folder."""
        if self.root is None:
            raise TraceRefused("the operator has no trace folder: set one, or use another source")
        try:
            root = self.root.resolve(strict=True)
            path = (root / file).resolve(strict=True)
            if not path.is_relative_to(root):
                raise TraceRefused(f"{file} leads outside the trace folder")
            info = path.stat()
        except (OSError, ValueError, RuntimeError):
            raise TraceRefused(f"{file} is not in the trace folder, or cannot be read") from None
        if not stat.S_ISREG(info.st_mode):
            raise TraceRefused(f"{file} is not a regular file")
        if info.st_size > MAX_FILE_BYTES:
            raise TraceRefused(f"{file} has more than {MAX_FILE_BYTES >> 20} MiB")
        return path, info


def read_table(path: Path, zone: str, boundary: str) -> Table:
    """Stream one zone out of a file. Raises TraceRefused when it cannot be read, DataError."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return parse_table(_bounded(lines), zone, boundary)
    except DataError as error:
        raise type(error)(f"{path.name}: {error}") from None
    except OSError as error:
        raise TraceRefused(f"{path.name} cannot be read: {error.strerror}") from None


def _bounded(lines: TextIO) -> Iterator[str]:
    """The lines, none of which may be so long that it fills the memory."""
    while line := lines.readline(MAX_LINE_CHARACTERS):
        if len(line) >= MAX_LINE_CHARACTERS:
            raise Malformed(f"a line has more than {MAX_LINE_CHARACTERS} characters: not a carbon trace")
        yield line


@dataclass(frozen=True, slots=True)
class Trace:
    """One zone of one trace file."""

    name: str
    folder: TraceFolder
    file: str
    zone: str
    basis: Basis

    async def fetch(self, now: datetime) -> Answer:
        """Raises TraceRefused, DataError."""
        table = await self.folder.table(self.file, self.zone, self.basis.boundary)
        check_basis(table, self.basis)
        return answer_at(table, self.basis, now)

    @property
    def longest(self) -> timedelta:
        """All there is: nothing is sent."""
        return timedelta(days=366)

    async def occurred(self, start: datetime, end: datetime) -> tuple[Sample, ...]:
        """Raises TraceRefused, DataError."""
        return occurred_in(await self.folder.table(self.file, self.zone, self.basis.boundary), start, end)
