"""The operator's knobs, read from the environment: `VOLTAIRE_` and the field's name in capitals."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from voltaire.api.base import format_duration, parse_duration
from voltaire.clock import ScaledClock, parse_clock

PREFIX = "VOLTAIRE_"
Go = Annotated[timedelta, BeforeValidator(parse_duration)]


class Settings(BaseModel):
    """How this operator runs. What is optimised is in PlacementPolicies, not here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clock: str = Field(default="", description="START@ANCHORxRATE: a lab's clock. Empty: the system's.")
    namespace: str = Field(default="voltaire-system", description="Namespace of the Lease and the Secrets.")
    lease: str = Field(default="voltaire", description="Name of the leader's Lease.")
    leader_election: bool = Field(default=True, description="Wait for the Lease before acting.")
    identity: str = Field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}",
        description="This process in the Lease.",
    )
    http_host: str = Field(default="0.0.0.0", description="Address of /livez, /readyz and /metrics.")  # noqa: S104
    http_port: int = Field(default=8080, ge=0, le=65535, description="Port of /livez, /readyz, /metrics.")
    log_format: Literal["json", "text"] = Field(default="json", description="JSON lines, or for people.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level."
    )
    trace_dir: Path = Field(
        default=Path("/var/lib/voltaire/traces"), description="Folder that csv sources are read from."
    )
    allow_private_urls: bool = Field(
        default=False,
        description="Let resources name private, loopback and plain-http addresses, as batteries on a "
        "site network need.",
    )
    plan_seconds: float = Field(
        default=4.0,
        ge=0.5,
        le=120,
        description="The most a plan may take; small fleets take less (wall time).",
    )
    plan_dump: str = Field(
        default="",
        description="Folder that keeps the last 20 plans' problems for `voltaire plan --problem`. Empty: no.",
    )
    workers: int = Field(default=32, ge=1, le=256, description="Workloads stepped at once.")
    cleanup_timeout: Go = Field(
        default=timedelta(minutes=15),
        description="How long a deleted AIWorkload waits for an unreachable member (wall time).",
    )
    lost_grace: Go = Field(
        default=timedelta(minutes=5),
        description="How long a member is unreachable before RestartElsewhere applies (wall time).",
    )

    placing_patience: Go = Field(
        default=timedelta(minutes=2),
        description="How long pods may stay unscheduled in a member before another is tried (wall time).",
    )

    @property
    def parsed_clock(self) -> ScaledClock:
        """The clock; raises ValueError when `clock` cannot be read."""
        return parse_clock(self.clock)


def from_environment(environ: Mapping[str, str]) -> Settings:
    """Read the settings; raises ValueError naming the variable that is wrong."""
    given = {
        name: environ[PREFIX + name.upper()]
        for name in Settings.model_fields
        if PREFIX + name.upper() in environ
    }
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{PREFIX}{str(first['loc'][0]).upper()}: {first['msg']}") from error
    settings.parsed_clock  # noqa: B018 (fail at start, not at first use)
    return settings


_PAGE = """# Settings

<!-- Generated from voltaire.settings by `make generate`: edit that, not this. -->

The operator reads its settings from the environment: `VOLTAIRE_` and the name in capitals. What is
optimised is not here but in [PlacementPolicies](placementpolicy.md).

| variable | default | meaning |
| --- | --- | --- |
"""


def _default(value: object) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, timedelta):
        return f"`{format_duration(value)}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def reference() -> str:
    """The reference page of all settings, in Markdown."""
    rows = []
    for name, field in Settings.model_fields.items():
        made = field.default_factory is not None
        default = "host name and process id" if made else _default(field.default)
        rows.append(f"| `{PREFIX}{name.upper()}` | {default} | {field.description} |\n")
    return _PAGE + "".join(rows)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(), encoding="utf-8")
