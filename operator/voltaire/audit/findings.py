"""What an audit finds, and the collector that every check writes into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

# Figures are written with six decimals or more: what half of the last one can do is no disagreement.
ROUNDING = 1e-6
_RELATIVE = 1e-6


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that disagrees. `name` is one CamelCase word for programs, `path` leads to the figure in the
    file, `recomputed` is what it should be, or the bound it breaks."""

    name: str
    path: str
    stated: object
    recomputed: object
    detail: str = ""

    def __str__(self) -> str:
        text = f"{self.name} at {self.path}: stated {_short(self.stated)}, "
        text += f"recomputed {_short(self.recomputed)}"
        return f"{text} ({self.detail})" if self.detail else text


@dataclass(slots=True)
class Ledger:
    """Collects findings; `checked` counts the figures and facts that were looked at."""

    findings: list[Finding] = field(default_factory=list)
    checked: int = 0

    def figure(
        self, name: str, path: str, stated: float | None, recomputed: float | None, slack: float = ROUNDING
    ) -> bool:
        """A figure equals what it is recomputed to be, within one millionth of it and `slack`. None equals
        None only."""
        self.checked += 1
        if stated is None or recomputed is None:
            agrees = stated is None and recomputed is None
        else:
            agrees = abs(stated - recomputed) <= slack + _RELATIVE * max(abs(stated), abs(recomputed))
        if not agrees:
            self.findings.append(Finding(name, path, stated, recomputed))
        return agrees

    def series(
        self,
        name: str,
        path: str,
        stated: Sequence[float | None],
        recomputed: Sequence[float | None],
        slack: float | Sequence[float] = ROUNDING,
    ) -> None:
        """Every element of a list equals its recomputed one; `slack` may be one for each."""
        if not self.fact("Length", path, len(stated), len(recomputed)):
            return
        slacks = [slack] * len(stated) if isinstance(slack, float) else slack
        for index, (one, other, room) in enumerate(zip(stated, recomputed, slacks, strict=True)):
            self.figure(name, f"{path}[{index}]", one, other, room)

    def at_most(self, name: str, path: str, stated: float, bound: float, slack: float = ROUNDING) -> bool:
        """A figure does not exceed a bound, but for `slack` and one millionth of the bound."""
        return self.holds(
            name, path, stated <= bound + slack + _RELATIVE * abs(bound), stated, bound, "at most"
        )

    def fact(self, name: str, path: str, stated: object, recomputed: object) -> bool:
        """Something that is no measure equals what it should be, exactly."""
        return self.holds(name, path, stated == recomputed, stated, recomputed)

    def holds(
        self, name: str, path: str, truth: bool, stated: object, recomputed: object, detail: str = ""
    ) -> bool:
        """Whether a rule holds; where it does not, it is a finding."""
        self.checked += 1
        if not truth:
            self.findings.append(Finding(name, path, stated, recomputed, detail))
        return truth


def _short(value: object) -> str:
    text = f"{value:.9g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
