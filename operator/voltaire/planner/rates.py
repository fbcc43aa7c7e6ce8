"""What a kWh carries over time, exactly to the second."""

from __future__ import annotations

from itertools import accumulate

from voltaire.planner.joint.arrays import Floats


class Rates:
    """g/kWh in steps of equal length, of which the first began `past` seconds ago. After the last step the
    mean of all goes on: nothing is known of that time."""

    __slots__ = ("_ranked", "_sums", "_values", "mean", "past", "step")

    def __init__(self, values: Floats, past: float, step: float) -> None:
        self._values: list[float] = values.tolist()
        self._ranked: list[float] | None = None
        self._sums: list[float] = [0.0, *accumulate(self._values)]
        self.mean = self._sums[-1] / len(self._values)
        self.past, self.step = past, step

    def at_most(self, share: float) -> float:
        """The rate that so large a share of the steps (0 to 1) does not exceed."""
        # As numpy.quantile, but sorted once: a plan asks for each workload and place.
        if self._ranked is None:
            self._ranked = sorted(self._values)
        at = share * (len(self._ranked) - 1)
        below = min(int(at), len(self._ranked) - 1)
        low, high = self._ranked[below], self._ranked[min(below + 1, len(self._ranked) - 1)]
        rest = at - below
        return low + (high - low) * rest if rest < 0.5 else high - (high - low) * (1.0 - rest)

    def _until(self, seconds: float) -> float:
        steps = (seconds + self.past) / self.step
        whole = int(steps)
        if whole >= len(self._values):
            return self._sums[-1] + (steps - len(self._values)) * self.mean
        return self._sums[whole] + (steps - whole) * self._values[whole]

    def hours(self, begin: float, end: float) -> float:
        """g/kWh times hours from `begin` to `end`, in seconds from now: g per kW drawn throughout."""
        return (self._until(end) - self._until(begin)) * self.step / 3600.0

    def between(self, begin: float, end: float) -> float:
        """The mean from `begin` to `end`; the value at `begin` where that is no time at all."""
        if end - begin < 1.0:
            end = begin + 1.0
        return self.hours(begin, end) * 3600.0 / (end - begin)
