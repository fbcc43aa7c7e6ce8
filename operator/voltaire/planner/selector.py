"""Label selectors, as Kubernetes evaluates them."""

from __future__ import annotations

from collections.abc import Mapping

from voltaire.api.aiworkload import LabelSelector, SelectorRequirement


def unmet(selector: LabelSelector, labels: Mapping[str, str]) -> str | None:
    """The first part of `selector` that `labels` do not meet, in words, or None when they meet all.

    As in Kubernetes, `NotIn` is also met by a label that is absent.
    """
    for key, value in sorted(selector.match_labels.items()):
        if labels.get(key) != value:
            return f"{key}={value}"
    for requirement in selector.match_expressions:
        if not _meets(requirement, labels):
            values = f" ({', '.join(requirement.values)})" if requirement.values else ""
            return f"{requirement.key} {requirement.operator}{values}"
    return None


def _meets(requirement: SelectorRequirement, labels: Mapping[str, str]) -> bool:
    value = labels.get(requirement.key)
    match requirement.operator:
        case "In":
            return value in requirement.values
        case "NotIn":
            return value not in requirement.values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
