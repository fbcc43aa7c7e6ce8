"""The API of a Vessim simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from voltaire.api.battery_sources import Vessim
from voltaire.signals.battery.readings import Measured, RawReadings, Wire, retold
from voltaire.signals.errors import Malformed, NoData, SignalError
from voltaire.signals.http import Web
from voltaire.signals.numbers import number, shown


@dataclass(slots=True)
class VessimReader:
    """The state of one microgrid. Its `time` is of the simulated day and without a zone, so it says only
    whether the simulation goes on: a state is as old as the first receipt of its time."""

    spec: Vessim
    web: Web
    _seen: tuple[str, datetime] | None = None

    async def read(self, now: datetime) -> RawReadings:
        """Raises FetchError, Malformed when there is no state; a part that is missing is in `errors`."""
        spec = self.spec
        page = await self.web.get(f"{spec.url.rstrip('/')}/microgrids/{spec.microgrid}")
        state = page.json()
        if not isinstance(state, dict):
            raise Malformed("the answer is not the state of a microgrid of Vessim")
        time = self._since(state.get("time"), now)
        raw = RawReadings({"soc": Wire("Fraction"), "power": Wire("W", positive="Charge")})
        wires = dict(raw.wires)
        wanted = [("soc", "dispatch_states", spec.storage, "soc", 1.0)]
        wanted.append(("power", "dispatch_states", spec.storage, "current_power", 1.0))
        if spec.solar is not None:
            wires["solar"] = Wire("W")
            wanted.append(("solar", "actor_states", spec.solar, "power", 1.0))
        if spec.load is not None:
            wires["load"] = Wire("W")
            wanted.append(("load", "actor_states", spec.load, "power", -1.0))  # consumers draw, below zero
        raw.wires = wires
        for name, group, member, key, sign in wanted:
            try:
                raw.values[name] = Measured(sign * number(_part(state, group, member, key)), time)
            except SignalError as error:
                raw.errors[name] = retold(error, name)
        return raw

    async def aclose(self) -> None:
        """Nothing is kept."""

    def _since(self, stamp: object, now: datetime) -> datetime:
        """When this state was first seen."""
        if not isinstance(stamp, str):
            raise Malformed(f"{shown(stamp)} is not a time of Vessim")
        if self._seen is None or self._seen[0] != stamp:
            self._seen = (stamp, now)
        return self._seen[1]


def _part(state: Mapping[str, object], group: str, member: str, key: str) -> object:
    """One value of the state. Raises NoData naming what is missing."""
    members = state.get(group)
    if not isinstance(members, dict):
        raise NoData(f"the state has no {group}")
    found = members.get(member)
    if not isinstance(found, dict):
        names = ", ".join(map(str, list(members)[:5]))
        raise NoData(f"{group} has no {shown(member)}, but {names or 'nothing'}")
    if key not in found:
        raise NoData(f"{member} has no {key}")
    return found[key]
