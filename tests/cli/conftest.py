"""Commands run in the tests' own process, and leave logging as they found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _quiet_for_the_command_only() -> Iterator[None]:
    yield
    structlog.reset_defaults()
