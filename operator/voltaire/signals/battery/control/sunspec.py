"""Reserve and limit of a SunSpec device: model 802's `SoCRsvMin`, model 704's `WMaxLimPct` and, where it is
allowed, `WSet`, with their reversion timers.

The reserve has no timer: it stays, at or above the spec's. Model 124 is not written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from voltaire.api.battery_control import SunSpecControl
from voltaire.api.values import Setpoints
from voltaire.signals.battery import sunspec_points as points
from voltaire.signals.battery.control.writer import Outcome, percent, watts
from voltaire.signals.battery.modbus import Line, Lines
from voltaire.signals.battery.rounding import Rounding, downwards, inwards, upwards
from voltaire.signals.battery.sunspec_points import Point
from voltaire.signals.battery.sunspec_scan import Place, read_model, scan
from voltaire.signals.errors import ConfigError, Malformed, NoData, Rejected

_MODELS = (702, 704, 714, 802)
_ON, _OFF = 1.0, 0.0
_WATTS_MODE = 1.0
_LOCAL = 1
_LAST_BEAT = 0xFFFE  # the next one means "not implemented"


@dataclass(frozen=True, slots=True)
class Write:
    """One point to write. `rounding` goes to the safe side: reserves up, limits down."""

    model: int
    point: Point
    value: float
    rounding: Rounding = round

    def words(self, models: Mapping[int, Sequence[int]]) -> list[int]:
        """What the registers are to be."""
        return self.point.words_of(models[self.model], self.value, self.rounding)

    def held(self, models: Mapping[int, Sequence[int]]) -> list[int]:
        """What the registers are."""
        return list(models[self.model][self.point.offset : self.point.offset + self.point.words])


@dataclass(slots=True)
class SunSpecWriter:
    """`reserve`: the spec's, for a site that is left to itself."""

    device: SunSpecControl
    lines: Lines
    reserve: float
    revert_after: timedelta
    _places: Mapping[int, Place] = field(default_factory=dict)

    async def write(self, setpoints: Setpoints) -> Outcome:
        """Raises SignalError; Rejected while the battery is in local control."""
        async with self.lines.open(self.device) as line:
            models = await self._models(line)
            if 802 in models and points.BATTERY_LOCAL.raw(models[802]) == _LOCAL:
                raise Rejected("the battery is in local control (LocRemCtl of model 802)")
            writes, notes = wanted(models, setpoints, self.device, self.revert_after)
            if not writes:
                raise ConfigError(f"nothing can be written: {'; '.join(notes)}")
            return await self._apply(line, models, writes, notes)

    async def release(self) -> Outcome:
        """The spec's reserve, limit and power off."""
        async with self.lines.open(self.device) as line:
            models = await self._models(line)
            writes: list[Write] = []
            if _has(models, 802, points.BATTERY_RESERVE):
                writes.append(Write(802, points.BATTERY_RESERVE, percent(self.reserve), upwards))
            writes += [
                Write(704, point, _OFF)
                for point in (points.LIMIT_ENABLED, points.POWER_ENABLED)
                if _has(models, 704, point)
            ]
            return await self._apply(line, models, writes, [])

    async def _models(self, line: Line) -> dict[int, list[int]]:
        if not self._places:
            self._places = await scan(line, self.device)
        try:
            return {
                model: await read_model(line, model, self._places[model])
                for model in _MODELS
                if model in self._places
            }
        except (Malformed, NoData):
            self._places = {}  # looked for anew next time
            raise

    async def _apply(
        self, line: Line, models: Mapping[int, list[int]], writes: Sequence[Write], notes: Sequence[str]
    ) -> Outcome:
        """Write in the given order, beat the heart, read back."""
        for write in writes:
            words = write.words(models)
            if write.model == 802 and write.held(models) == words:
                continue  # a setting that stays: it is not written again and again
            await line.write(self._places[write.model].address + write.point.offset, words)
        await self._beat(line, models)
        written = {write.model for write in writes}
        after = {model: await read_model(line, model, self._places[model]) for model in written}
        differences = (
            f"{write.point.name} of model {write.model} is {write.point.value(after[write.model])}, "
            f"not {write.value:g}"
            for write in writes
            if write.held(after) != write.words(models)
        )
        return Outcome(tuple(differences), tuple(notes))

    async def _beat(self, line: Line, models: Mapping[int, list[int]]) -> None:
        """The controller's heartbeat of model 802, where the device has it."""
        beat = points.BATTERY_HEARTBEAT
        if not _has(models, 802, beat):
            return
        count = (beat.raw(models[802]) or 0) + 1
        await line.write(self._places[802].address + beat.offset, [0 if count > _LAST_BEAT else count])


def wanted(
    models: Mapping[int, Sequence[int]],
    setpoints: Setpoints,
    device: SunSpecControl,
    revert_after: timedelta,
) -> tuple[list[Write], list[str]]:
    """What to write, in order: a value before what makes it count. And what the device does not offer."""
    writes: list[Write] = []
    notes: list[str] = []
    if _has(models, 802, points.BATTERY_RESERVE):
        writes.append(Write(802, points.BATTERY_RESERVE, percent(setpoints.reserve), upwards))
    else:
        notes.append("the device has no reserve (SoCRsvMin of model 802)")
    seconds = revert_after.total_seconds()
    if device.limit and 714 in models and points.ports_of(models[714], points.PV):
        notes.append("the inverter carries solar as well (model 714): its power is not limited")
    elif device.limit:
        rating = _rating(models)
        if _has(models, 704, points.LIMIT_ENABLED) and rating:
            share = min(watts(setpoints.max_discharge_kw) / rating, 1.0)
            writes += _timed(models, _LIMIT, Write(704, points.LIMIT, share * 100, downwards), 100.0, seconds)
        else:
            notes.append("the device has no limit of its power (WMaxLimPct of model 704, WMax of model 702)")
    if setpoints.power_kw is not None:
        if _has(models, 704, points.POWER_ENABLED):
            writes.append(Write(704, points.POWER_MODE, _WATTS_MODE))
            power = Write(704, points.POWER, watts(setpoints.power_kw), inwards)
            writes += _timed(models, _POWER, power, 0.0, seconds)
        else:
            notes.append("the device takes no power (WSet of model 704)")
    return writes, notes


@dataclass(frozen=True, slots=True)
class _Timed:
    """The switch of a value of model 704, what both revert to, and the timer."""

    enabled: Point
    revert: Point
    enabled_revert: Point
    seconds: Point


_LIMIT = _Timed(
    points.LIMIT_ENABLED,
    points.LIMIT_REVERT,
    points.LIMIT_ENABLED_REVERT,
    points.LIMIT_SECONDS,
)
_POWER = _Timed(
    points.POWER_ENABLED,
    points.POWER_REVERT,
    points.POWER_ENABLED_REVERT,
    points.POWER_SECONDS,
)


def _timed(
    models: Mapping[int, Sequence[int]], which: _Timed, value: Write, reverted: float, seconds: float
) -> list[Write]:
    """First what it reverts to and when, then the value, then the switch. Raises Rejected where there is no
    timer: nothing is written that would stay if the operator died."""
    if not _has(models, 704, which.seconds):
        raise Rejected(f"the device has no reversion timer for {value.point.name} of model 704")
    writes: list[Write] = []
    if _has(models, 704, which.revert):
        writes.append(Write(704, which.revert, reverted))
    if _has(models, 704, which.enabled_revert):
        writes.append(Write(704, which.enabled_revert, _OFF))
    return [*writes, Write(704, which.seconds, seconds), value, Write(704, which.enabled, _ON)]


def _rating(models: Mapping[int, Sequence[int]]) -> float | None:
    """The power that 100 % stands for, W."""
    model = models.get(702)
    if model is None:
        return None
    setting = points.SETTING_702_W.value(model)
    return points.RATING_702_W.value(model) if setting is None else setting


def _has(models: Mapping[int, Sequence[int]], model: int, point: Point) -> bool:
    """Whether the device implements a point."""
    return model in models and point.raw(models[model]) is not None
