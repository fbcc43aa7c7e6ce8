"""The operator's knobs."""

from __future__ import annotations

import pytest

from voltaire.settings import from_environment


def test_nothing_set_is_enough_to_run() -> None:
    assert from_environment({}).namespace == "voltaire-system"


def test_the_environment_is_read() -> None:
    settings = from_environment({"VOLTAIRE_WORKERS": "4", "VOLTAIRE_LOST_GRACE": "90s", "HOME": "/root"})
    assert settings.workers == 4
    assert settings.lost_grace.total_seconds() == 90


@pytest.mark.parametrize(
    ("name", "value"),
    [("VOLTAIRE_WORKERS", "0"), ("VOLTAIRE_LOST_GRACE", "soon"), ("VOLTAIRE_HTTP_PORT", "99999")],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        from_environment({name: value})


def test_a_wrong_clock_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="START@ANCHORxRATE"):
        from_environment({"VOLTAIRE_CLOCK": "fast"})
