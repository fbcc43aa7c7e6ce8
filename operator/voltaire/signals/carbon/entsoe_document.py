"""The XML of the Transparency Platform: generation per type on one grid of times.

Namespaces carry versions that change, so elements are found by their local names. A series names the zone as
`inBiddingZone` when it is generation, and as `outBiddingZone` when it is consumption, of pumps for example:
that is left out. With `curveType` A03 a position that is missing repeats the value before it.

"There is nothing" is no error of HTTP but an Acknowledgement document with status 200.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree import ElementTree

from voltaire.signals.carbon import shapes
from voltaire.signals.carbon.mix import amount
from voltaire.signals.errors import Implausible, Malformed, NoData, WrongZone
from voltaire.signals.numbers import shown

_RESOLUTIONS = {
    "PT15M": timedelta(minutes=15),
    "PT30M": timedelta(minutes=30),
    "PT60M": timedelta(minutes=60),
    "PT1H": timedelta(minutes=60),
}
# Eight days of quarter hours.
MAX_POSITIONS = 768
_WHERE = "ENTSO-E"

Grid = dict[datetime, dict[str, float | None]]


@dataclass(frozen=True, slots=True)
class _Curve:
    """Values of one type in one period: `values[i]` holds from start + i * step on; None is not published."""

    code: str
    start: datetime
    step: timedelta
    values: tuple[float | None, ...]


def read_generation(body: bytes, area: str) -> tuple[timedelta, Grid]:
    """The finest step of the document, and MW by type for every step. Raises DataError."""
    root = _parse(body)
    kind = _local(root)
    if kind == "Acknowledgement_MarketDocument":
        said = next((_text(reason, "text") for reason in _all(root, "Reason")), "")
        raise NoData(f"{_WHERE} has nothing for this area and time: {shown(said)}")
    if kind != "GL_MarketDocument":
        raise Malformed(f"{_WHERE}: {shown(kind)} is not a document of generation")
    curves = [curve for series in _all(root, "TimeSeries") for curve in _curves(series, area)]
    if not curves:
        raise NoData(f"{_WHERE}: the document has no series of generation")
    step = min(curve.step for curve in curves)
    grid: Grid = {}
    for curve in curves:
        _lay(curve, step, grid)
    return step, grid


def _parse(body: bytes) -> ElementTree.Element:
    """The root element. Documents that define entities are refused: expanding them can fill the memory."""
    try:
        document = body.decode()
        if "<!DOCTYPE" in document or "<!ENTITY" in document:
            raise Malformed(f"{_WHERE} answered with a web page, or a document that defines entities")
        return ElementTree.fromstring(document)  # noqa: S314  (no DOCTYPE, at most 1 MiB)
    except (ElementTree.ParseError, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Malformed(f"{_WHERE}: not XML, or cut off: {type(error).__name__}") from None


def _local(element: ElementTree.Element) -> str:
    """The name without its namespace."""
    return str(element.tag).rsplit("}", 1)[-1]


def _all(element: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """The children of a name."""
    return (child for child in element if _local(child) == name)


def _text(element: ElementTree.Element, name: str) -> str:
    """The text of the first child of a name, empty without one."""
    return next(((child.text or "").strip() for child in _all(element, name)), "")


def _curves(series: ElementTree.Element, area: str) -> Iterator[_Curve]:
    """The periods of one series, none when it is consumption."""
    if _text(series, "outBiddingZone_Domain.mRID"):
        return
    zone = _text(series, "inBiddingZone_Domain.mRID")
    if zone != area:
        raise WrongZone(f"{_WHERE}: asked for {area}, answered for {shown(zone)}")
    unit = _text(series, "quantity_Measure_Unit.name")
    if unit != "MAW":
        raise Malformed(f"{_WHERE}: the unit {shown(unit)} is not known: expected MAW")
    curve_type = _text(series, "curveType") or "A01"
    if curve_type not in {"A01", "A03"}:
        raise Malformed(f"{_WHERE}: curve type {shown(curve_type)} is not known")
    code = next((_text(kind, "psrType") for kind in _all(series, "MktPSRType")), "")
    if not code.isalnum() or len(code) > 8:
        raise Malformed(f"{_WHERE}: a series has no type of production")
    for period in _all(series, "Period"):
        yield _curve(period, code, repeats=curve_type == "A03")


def _curve(period: ElementTree.Element, code: str, *, repeats: bool) -> _Curve:
    """One period."""
    where = f"{_WHERE} {code}"
    interval = next(_all(period, "timeInterval"), None)
    if interval is None:
        raise Malformed(f"{where}: a period has no timeInterval")
    start = shapes.time(_text(interval, "start"), f"{where}: start")
    end = shapes.time(_text(interval, "end"), f"{where}: end")
    step = _RESOLUTIONS.get(_text(period, "resolution"))
    if step is None:
        raise Malformed(f"{where}: resolution {shown(_text(period, 'resolution'))} is not known")
    count, rest = divmod(end - start, step)
    if rest or not 0 < count <= MAX_POSITIONS or shapes.floor(start, step) != start:
        raise Malformed(f"{where}: {start:%Y-%m-%dT%H:%MZ} to {end:%Y-%m-%dT%H:%MZ} is not on its grid")
    values: list[float | None] = [None] * count
    last = 0
    for point in _all(period, "Point"):
        place = _position(_text(point, "position"), where)
        if not last < place <= count:
            raise Malformed(f"{where}: position {place} of {count} is out of order")
        quantity = _quantity(_text(point, "quantity"), where)
        if repeats and last:
            values[last : place - 1] = [values[last - 1]] * (place - 1 - last)
        values[place - 1] = quantity
        last = place
    if repeats and last:
        values[last:] = [values[last - 1]] * (count - last)
    return _Curve(code, start, step, tuple(values))


def _position(text: str, where: str) -> int:
    """The number of a point, counted from 1."""
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Malformed(f"{where}: {shown(text)} is not a position")
    return int(text)


def _quantity(text: str, where: str) -> float | None:
    """MW; a value that cannot be is one that was not published. Negative ones occur."""
    try:
        return amount(text, where)
    except Implausible:
        return None


def _lay(curve: _Curve, step: timedelta, grid: Grid) -> None:
    """Write a curve on the common grid. Raises Malformed when a type has two values for one time."""
    times = curve.step // step
    for place, value in enumerate(curve.values):
        for part in range(times):
            row = grid.setdefault(curve.start + place * curve.step + part * step, {})
            if value is not None and row.get(curve.code) not in (None, value):
                raise Malformed(f"{_WHERE} {curve.code}: two values for one time")
            if value is not None or curve.code not in row:
                row[curve.code] = value
