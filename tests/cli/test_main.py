"""The command's root loads what is asked for, and nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from voltaire.cli.main import COMMANDS, main

WITHOUT = """
import sys
sys.modules.update({name: None for name in ("cryptography", "jinja2", "plotly")})
from voltaire.cli.main import main
main(sys.argv[1:], prog_name="voltaire")
"""


def without_lab_extra(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`voltaire` where only what the operator's image holds is installed."""
    command = [sys.executable, "-c", WITHOUT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    answer = CliRunner().invoke(main, [name, "--help"])
    assert answer.exit_code == 0, answer.output
    assert "Usage:" in answer.output


def test_the_root_lists_them() -> None:
    answer = CliRunner().invoke(main, ["--help"])
    assert all(f"  {name} " in answer.output for name in COMMANDS)


def test_another_command_is_refused() -> None:
    answer = CliRunner().invoke(main, ["dance"])
    assert answer.exit_code == 2
    assert "No such command 'dance'" in answer.output


def test_the_operator_needs_nothing_of_the_lab() -> None:
    answer = without_lab_extra("operator", "--help")
    assert answer.returncode == 0, answer.stderr


def test_the_lab_says_what_it_needs() -> None:
    answer = without_lab_extra("lab", "up", "--rate", "60", "fleet.yaml")
    assert answer.returncode == 1
    assert "needs the package cryptography" in answer.stderr
    assert "voltaire[lab]" in answer.stderr
    assert without_lab_extra("--help").returncode == 0
