"""How SunSpec writes numbers: points, their types, their scale factors, and the values that mean "not there".

Offsets count from the model's first register (its id). From the SunSpec Alliance's model definitions (Apache
2.0): models 103, 124, 701, 702, 704, 713, 714 and 802.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voltaire.signals.battery.rounding import Rounding
from voltaire.signals.errors import Implausible, Malformed

Kind = Literal["uint16", "int16", "uint32", "int32", "enum16"]
_WORDS = {"uint16": 1, "int16": 1, "enum16": 1, "uint32": 2, "int32": 2}
_ABSENT = {"uint16": 0xFFFF, "enum16": 0xFFFF, "int16": 0x8000, "uint32": 0xFFFFFFFF, "int32": 0x80000000}
_NO_SCALE = 0x8000
_LARGEST_SCALE = 10
_MOST_PORTS = 64


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a model; `scale`: offset of its scale factor, a power of ten."""

    name: str
    offset: int
    kind: Kind = "uint16"
    scale: int | None = None

    @property
    def words(self) -> int:
        """Registers it takes."""
        return _WORDS[self.kind]

    def at(self, offset: int) -> Point:
        """The same point of a repeated group that begins `offset` registers later."""
        return Point(self.name, self.offset + offset, self.kind, self.scale)

    def raw(self, model: Sequence[int]) -> int | None:
        """The integer as it stands there, with its sign; None where the device does not implement it.

        Raises Malformed where the model is too short to have it.
        """
        words = model[self.offset : self.offset + self.words]
        if len(words) < self.words:
            raise Malformed(f"model {model[0]} ends before {self.name}")
        number = 0
        for word in words:
            number = number << 16 | word
        if number == _ABSENT[self.kind]:
            return None
        bits = 16 * self.words
        return number - (1 << bits) if self.kind.startswith("int") and number >> (bits - 1) else number

    def value(self, model: Sequence[int]) -> float | None:
        """The scaled number; None where the device does not implement it.

        Raises Malformed, Implausible (a scale factor that is missing or cannot be).
        """
        number = self.raw(model)
        if number is None:
            return None
        return float(number) if self.scale is None else scaled(number, self._exponent(model))

    def words_of(self, model: Sequence[int], value: float, rounding: Rounding = round) -> list[int]:
        """Registers for a number, rounded to what the scale factor can write. Raises Implausible."""
        exponent = 0 if self.scale is None else self._exponent(model)
        number = rounding(scaled(value, -exponent))
        bits = 16 * self.words
        signed = self.kind.startswith("int")
        low, high = (1 - (1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 2)
        if not low <= number <= high:
            raise Implausible(f"{value:g} cannot be written into {self.name}")
        number &= (1 << bits) - 1
        return [number >> (16 * index) & 0xFFFF for index in reversed(range(self.words))]

    def _exponent(self, model: Sequence[int]) -> int:
        """The power of ten of the scale factor."""
        scale = self.scale
        if scale is None or scale >= len(model):
            raise Malformed(f"model {model[0]} ends before the scale factor of {self.name}")
        word = model[scale]
        exponent = word - 0x10000 if word >= 0x8000 else word
        if word == _NO_SCALE or abs(exponent) > _LARGEST_SCALE:
            raise Implausible(
                f"the scale factor of {self.name} in model {model[0]} is not there or cannot be"
            )
        return exponent


def ports_of(model: Sequence[int], kind: int) -> list[int]:
    """Offsets of the groups of DC ports of a kind, from the first; as many as there is room for."""
    room = (len(model) - PORT_FIRST) // PORT_WORDS
    count = min(PORTS.raw(model) or 0, room, _MOST_PORTS)
    offsets = range(0, count * PORT_WORDS, PORT_WORDS)
    return [offset for offset in offsets if PORT_TYPE.at(offset).raw(model) == kind]


def scaled(number: float, exponent: int) -> float:
    """`number` times ten to the `exponent`, by division where that is exact."""
    return number * float(10**exponent) if exponent >= 0 else number / float(10**-exponent)


# 103: three-phase inverter. 701: DER AC measurement.
AC_103_W = Point("W", 14, "int16", 15)
AC_701_W = Point("W", 10, "int16", 116)
# 124: basic storage, of old; read only.
STORAGE_124_SOC = Point("ChaState", 8, "uint16", 22)
# 702: DER capacity.
RATING_702_W = Point("WMaxRtg", 2, "uint16", 45)
SETTING_702_W = Point("WMax", 26, "uint16", 45)
# 704: DER AC controls.
LIMIT_ENABLED = Point("WMaxLimPctEna", 14, "enum16")
LIMIT = Point("WMaxLimPct", 15, "uint16", 54)
LIMIT_REVERT = Point("WMaxLimPctRvrt", 16, "uint16", 54)
LIMIT_ENABLED_REVERT = Point("WMaxLimPctEnaRvrt", 17, "enum16")
LIMIT_SECONDS = Point("WMaxLimPctRvrtTms", 18, "uint32")
POWER_ENABLED = Point("WSetEna", 22, "enum16")
POWER_MODE = Point("WSetMod", 23, "enum16")
POWER = Point("WSet", 24, "int32", 55)
POWER_REVERT = Point("WSetRvrt", 26, "int32", 55)
POWER_ENABLED_REVERT = Point("WSetEnaRvrt", 30, "enum16")
POWER_SECONDS = Point("WSetRvrtTms", 31, "uint32")
# 713: DER storage capacity.
STORAGE_713_SOC = Point("SoC", 4, "uint16", 8)
STORAGE_713_STATE = Point("Sta", 6, "enum16")
# 714: DER DC measurement; the groups of its ports.
PORTS = Point("NPrt", 4)
PORT_FIRST = 20
PORT_WORDS = 25
PORT_TYPE = Point("PrtTyp", 20, "enum16")
PV, ESS = 0, 1  # types of ports
PORT_W = Point("DCW", 32, "int16", 17)
# 802: battery base.
BATTERY_RESERVE = Point("SoCRsvMin", 10, "uint16", 56)
BATTERY_SOC = Point("SoC", 11, "uint16", 56)
BATTERY_LOCAL = Point("LocRemCtl", 17, "enum16")
BATTERY_HEARTBEAT = Point("CtrlHb", 19)
BATTERY_STATE = Point("State", 22, "enum16")
BATTERY_W = Point("W", 47, "int16", 63)
