"""What the readers of providers' documents share. Whatever a document holds, they raise DataError alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from voltaire.api.gridzone import Basis
from voltaire.signals.carbon.samples import Answer, Sample, absurdity
from voltaire.signals.carbon.table import parse_time
from voltaire.signals.errors import Implausible, Malformed, WrongBasis
from voltaire.signals.numbers import number, shown

MAX_POINTS = 20_000
# The international pound, exactly; a pound for a megawatt-hour is 0.45359237 g for a kilowatt-hour.
GRAMS_PER_KWH_OF_LB_PER_MWH = 0.45359237


def words(basis: Basis) -> str:
    """A basis as it stands in sentences."""
    return f"{basis.signal} {basis.boundary} {basis.perspective}-based"


def require_basis(provider: str, gives: Basis, asked: Basis) -> None:
    """Raises WrongBasis, before anything is asked, when a zone wants what the provider does not give."""
    if gives != asked:
        raise WrongBasis(
            f"{provider} gives {words(gives)} intensity, the zone's basis is {words(asked)}: "
            "change spec.basis for the whole zone, or use another source"
        )


def mapping(value: object, where: str) -> Mapping[str, object]:
    """A JSON object; raises Malformed."""
    if not isinstance(value, dict):
        raise Malformed(f"{where}: {shown(value)} is not an object")
    return value


def listing(value: object, where: str) -> list[object]:
    """A JSON array of bearable length; raises Malformed."""
    if not isinstance(value, list):
        raise Malformed(f"{where}: {shown(value)} is not a list")
    if len(value) > MAX_POINTS:
        raise Malformed(f"{where}: {len(value)} entries are more than {MAX_POINTS}")
    return value


def text(value: object, where: str) -> str:
    """A JSON string; raises Malformed."""
    if not isinstance(value, str):
        raise Malformed(f"{where}: {shown(value)} is not a text")
    return value


def time(value: object, where: str) -> datetime:
    """A time with a zone, on a whole minute; raises Malformed."""
    try:
        return parse_time(text(value, where))
    except Malformed as error:
        raise Malformed(f"{where}: {error}") from None


def sample(
    start: datetime, end: datetime, value: object, where: str, *, factor: float = 1.0, estimated: bool = False
) -> Sample:
    """The value of [start, end) times `factor`; null is a gap, what is not believed is refused by itself."""
    if value is None:
        return Sample(start, end, None, estimated)
    try:
        if isinstance(value, str):
            raise Malformed(f"{shown(value)} is not a number")
        grams = number(value) * factor
        refusal = absurdity(grams)
    except (Malformed, Implausible) as error:
        grams, refusal = 0.0, str(error)
    if refusal:
        return Sample(start, end, None, estimated, f"{where} {start:%H:%MZ}: {refusal}")
    return Sample(start, end, grams, estimated)


def in_order(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """Sorted, the later of two for the same time, each cut where the next begins."""
    known = {one.start: one for one in samples}
    ordered = [known[start] for start in sorted(known)]
    return tuple(
        replace(one, end=min(one.end, ordered[place + 1].start)) if place + 1 < len(ordered) else one
        for place, one in enumerate(ordered)
    )


def answer(basis: Basis, samples: Iterable[Sample], now: datetime, notes: Iterable[str] = ()) -> Answer:
    """The answer at `now`: what has begun is the past, the rest the forecast."""
    ordered = in_order(samples)
    return Answer(
        basis,
        tuple(one for one in ordered if one.start <= now),
        tuple(one for one in ordered if one.start > now),
        tuple(note for note in notes if note),
    )


def floor(moment: datetime, step: timedelta) -> datetime:
    """The start of the step of the day that holds a moment."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (moment - midnight) // step * step
