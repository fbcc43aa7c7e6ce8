"""A problem as versioned JSON: written, and read back to an equal one."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter, ValidationError

from voltaire.planner.joint.errors import BadFile, BadProblem
from voltaire.planner.joint.problem import Problem

VERSION = 1

_ADAPTER: TypeAdapter[Problem] = TypeAdapter(Problem)


def to_json(problem: Problem) -> str:
    """One JSON object: `version` and the fields of `Problem`, by their own names."""
    body: dict[str, Any] = _ADAPTER.dump_python(problem, mode="json", exclude_defaults=True)
    return json.dumps({"version": VERSION, **body}, allow_nan=False, indent=1)


def from_json(text: str | bytes) -> Problem:
    """The problem in `text`.

    Raises BadFile for what is no problem file, and the other errors of `errors` for a bad problem.
    """
    try:
        body = json.loads(text)
    except ValueError as error:
        raise BadFile(f"not JSON: {error}") from error
    if not isinstance(body, dict) or body.pop("version", None) != VERSION:
        raise BadFile(f"not a problem file of version {VERSION}")
    try:
        return _ADAPTER.validate_python(body)
    except ValidationError as error:
        raise _named(error) from error


def _named(error: ValidationError) -> BadProblem:
    """The problem's own error where one was raised, else what pydantic found first."""
    first = error.errors()[0]
    own = first.get("ctx", {}).get("error")
    if isinstance(own, BadProblem):
        return own
    place = ".".join(str(part) for part in first["loc"])
    return BadFile(f"{place}: {first['msg']}")
