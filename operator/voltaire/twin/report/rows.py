"""Policies side by side, from a result or a comparison alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]
HOME, BEST, OURS = "carbon-agnostic", "clairvoyant", "voltaire"


def emitted(summary: Json) -> float:
    """Grams of a run, counting what batteries hold at the end over what they held at first."""
    return float(summary["grams"]) - float(summary.get("storedChangeGrams") or 0.0)


def told(forecast: str, announced_h: float = 0.0) -> str:
    """What the policies knew of the future, for people."""
    return f"forecast {forecast}" + (f", work known {announced_h:g} h ahead" if announced_h else "")


def chosen(result: Json) -> str:
    """The policy that a page is about: Voltaire's where it was played."""
    names = list(result["policies"])
    return OURS if OURS in names else names[0]


def without(result: Json, name: str) -> float | None:
    """What would have been emitted otherwise: by the carbon-agnostic policy where that was played, else the
    same work at home, as the policy itself accounts it."""
    home = result["policies"].get(HOME)
    if home is not None:
        return emitted(home["summary"])
    counterfactual = result["policies"][name]["summary"].get("counterfactualGrams")
    return None if counterfactual is None else float(counterfactual)


def saved_share(result: Json, name: str) -> float | None:
    """Share saved against `without`; None where there is nothing to compare with."""
    otherwise = without(result, name)
    if not otherwise:
        return None
    return 1.0 - emitted(result["policies"][name]["summary"]) / otherwise


def of_clairvoyant(result: Json, name: str) -> float | None:
    """Share of what the clairvoyant policy saves; None where that or the carbon-agnostic was not played."""
    played = result["policies"]
    if HOME not in played or BEST not in played:
        return None
    home = emitted(played[HOME]["summary"])
    most = home - emitted(played[BEST]["summary"])
    return (home - emitted(played[name]["summary"])) / most if most > 0 else None


def rows(result: Json) -> list[dict[str, Any]]:
    """One for each policy, greenest first."""
    found = [
        {
            "name": name,
            "emitted": emitted(played["summary"]),
            "saved": saved_share(result, name),
            "share": of_clairvoyant(result, name),
            **played["summary"],
        }
        for name, played in result["policies"].items()
    ]
    return sorted(found, key=lambda row: row["emitted"])
