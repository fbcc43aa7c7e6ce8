"""Compiled kernels are kept where files can be made, and planning starts where they cannot."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numba
import pytest

from voltaire.planner.joint import compiled


def test_the_cache_lies_where_it_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert Path(compiled._cache_folder()).is_relative_to(tmp_path)


def test_a_folder_that_cannot_be_written_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked, spare = tmp_path / "file", tmp_path / "spare"
    blocked.write_text("no folder")
    spare.mkdir()
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(blocked))
    monkeypatch.setattr(tempfile, "tempdir", str(spare))
    assert Path(compiled._cache_folder()).is_relative_to(spare)
