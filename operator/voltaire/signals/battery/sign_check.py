"""Whether a battery's power has the sign it is said to have: the state of charge knows."""

from __future__ import annotations

from datetime import datetime, timedelta

from voltaire.api.battery import BatterySpec
from voltaire.api.values import BatteryState

# So much energy, as a share of the capacity, must have gone by power and by charge before they are compared:
# several steps of a state of charge in whole percent.
DECISIVE = 0.05
# A gap in which the power may have been anything.
LONGEST_GAP = timedelta(minutes=30)


class SignCheck:
    """Adds up the power between reports and compares it with what the charge did meanwhile.

    A window in which the two went opposite ways, both decisively, shows a wrong sign; the next window in
    which they agree clears it.
    """

    def __init__(self, spec: BatterySpec) -> None:
        self._spec = spec
        self._before: tuple[datetime, float] | None = None
        self._began_soc = 0.0
        self._given_kwh = 0.0
        self.wrong = False

    def observe(self, state: BatteryState) -> bool:
        """Take a fresh report in; whether the sign is known to be wrong now."""
        time, soc, power_kw = state.observed_at, state.soc, state.power_kw
        if time is None or soc is None or power_kw is None:
            self._before = None
            return self.wrong
        if self._before is None or not timedelta(0) <= time - self._before[0] <= LONGEST_GAP:
            self._begin(time, soc, power_kw)
            return self.wrong
        hours = (time - self._before[0]).total_seconds() / 3600
        self._given_kwh += (self._before[1] + power_kw) / 2 * hours
        self._before = (time, power_kw)
        lost_kwh = (self._began_soc - soc) * self._spec.capacity_kwh
        least_kwh = DECISIVE * self._spec.capacity_kwh
        if min(abs(lost_kwh), abs(self._given_kwh)) >= least_kwh:
            self.wrong = lost_kwh * self._given_kwh < 0
            self._begin(time, soc, power_kw)
        elif abs(self._given_kwh) >= 4 * least_kwh or abs(lost_kwh) >= 4 * least_kwh:
            self._begin(time, soc, power_kw)  # one moved and the other did not: says nothing of the sign
        return self.wrong

    def _begin(self, time: datetime, soc: float, power_kw: float) -> None:
        self._before, self._began_soc, self._given_kwh = (time, power_kw), soc, 0.0
