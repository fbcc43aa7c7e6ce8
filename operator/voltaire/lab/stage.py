"""One KWOK Stage object, and the conditions under which it applies."""

from __future__ import annotations

from typing import Any


def stage(
    name: str,
    kind: str,
    when: list[dict[str, Any]],
    template: str | None,
    delay: dict[str, Any] | None = None,
    event: tuple[str, str, str] | None = None,
) -> dict[str, Any]:
    """A Stage: what it applies to, the status it writes (or, without a template, deletion), and when."""
    steps: list[dict[str, Any]] = []
    if event is not None:
        steps.append({"event": {"type": event[0], "reason": event[1], "message": event[2]}})
    if template is None:
        steps.append({"delete": True})
    else:
        steps.append({"patch": {"subresource": "status", "root": "status", "template": template}})
    spec: dict[str, Any] = {
        "resourceRef": {"apiGroup": "v1", "kind": kind},
        "selector": {"matchExpressions": [{"jq": expression} for expression in when]},
        "steps": steps,
    }
    if delay is not None:
        spec["delay"] = delay
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Stage", "metadata": {"name": name}, "spec": spec}


def exists(key: str) -> dict[str, Any]:
    """Selects objects for which a jq expression has a value."""
    return {"key": key, "operator": "Exists"}


def absent(key: str) -> dict[str, Any]:
    """Selects objects for which a jq expression has no value."""
    return {"key": key, "operator": "DoesNotExist"}


def equals(key: str, *values: str) -> dict[str, Any]:
    """Selects objects for which a jq expression gives one of the values."""
    return {"key": key, "operator": "In", "values": list(values)}


def differs(key: str, *values: str) -> dict[str, Any]:
    """Selects objects for which a jq expression gives none of the values."""
    return {"key": key, "operator": "NotIn", "values": list(values)}


def holds(condition: str) -> dict[str, Any]:
    """Selects objects for which a jq expression is true."""
    return equals(condition, "true")


def after(expression: str) -> dict[str, Any]:
    """A delay given by a jq expression: a Go duration of real time."""
    return {"durationFrom": {"jq": {"expression": expression}}}


def condition(kind: str) -> str:
    """The jq expression of a condition's status; no value while there is no such condition."""
    return f'.status.conditions[]? | select(.type == "{kind}") | .status'
