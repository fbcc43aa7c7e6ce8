"""The documents of the Electricity Maps API, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from voltaire.signals.carbon.samples import HOUR, Sample, absurdity
from voltaire.signals.carbon.table import parse_time
from voltaire.signals.errors import Implausible, Malformed, NoData, Sandbox, WrongBasis, WrongZone
from voltaire.signals.numbers import finite, shown

_GRANULARITY = {
    "5_minutes": timedelta(minutes=5),
    "15_minutes": timedelta(minutes=15),
    "30_minutes": timedelta(minutes=30),
    "hourly": HOUR,
}
_MAX_POINTS = 5000


@dataclass(frozen=True, slots=True)
class Document:
    """What an endpoint answered: latest, history, past-range or forecast."""

    endpoint: str
    host: str
    content: object


def read_points(document: Document, zone: str, boundary: str) -> tuple[Sample, ...]:
    """The samples of a document, sorted; a value that is not believed is None with its refusal.

    Raises WrongZone, Sandbox, WrongBasis, NoData, Malformed, all naming the endpoint.
    """
    content = document.content
    if not isinstance(content, dict):
        raise Malformed(f"{document.host} {document.endpoint}: the answer is not a JSON object")
    _check_zone(document, content, zone)
    _check_real(document, content)
    points = _points(document, content)
    for point in points:
        _check_real(document, point)
        if point.get("zone", zone) != zone:
            raise WrongZone(f"{document.endpoint}: a point is of zone {shown(point['zone'])}, not {zone}")
        factor = point.get("emissionFactorType", content.get("emissionFactorType", boundary))
        if factor != boundary:
            raise WrongBasis(f"{document.endpoint}: asked for {boundary} intensity, got {shown(factor)}")
    step = _step(document, content, points)
    samples = {sample.start: sample for sample in (_sample(document, point, step) for point in points)}
    return tuple(samples[start] for start in sorted(samples))


def _check_zone(document: Document, content: Mapping[str, object], zone: str) -> None:
    """The API answers for the caller's place when it does not know the zone."""
    answered = content.get("zone")
    if answered is None:
        raise Malformed(f"{document.endpoint}: the answer names no zone")
    if answered != zone:
        raise WrongZone(
            f"{document.endpoint}: asked for zone {zone}, answered for {shown(answered)}: correct spec.zone"
        )


def _check_real(document: Document, content: Mapping[str, object]) -> None:
    """Refuse what a sandbox key gives."""
    marks = (content.get("_disclaimer"), content.get("disclaimer"), content.get("estimationMethod"))
    if any("SANDBOX" in str(mark).upper() for mark in marks if mark is not None):
        raise Sandbox(
            f"{document.endpoint}: the key is a sandbox key, its values are synthetic: use a production key"
        )


def _points(document: Document, content: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The points of the document: itself, or the list it carries."""
    if content.get("status") == "no-data":
        raise NoData(f"{document.endpoint}: the provider has no data")
    if document.endpoint == "latest":
        return [content]
    # The list of past-range is called data or history, by the version of the API.
    name = "history" if document.endpoint == "past-range" else document.endpoint
    listed = content.get(name, content.get("data"))
    if not isinstance(listed, list):
        raise Malformed(f"{document.endpoint}: the answer has no list {document.endpoint}")
    if len(listed) > _MAX_POINTS:
        raise Malformed(f"{document.endpoint}: {len(listed)} points are more than {_MAX_POINTS}")
    for point in listed:
        if not isinstance(point, dict):
            raise Malformed(f"{document.endpoint}: {shown(point)} is not a point")
    return listed


def _step(document: Document, content: Mapping[str, object], points: list[Mapping[str, object]]) -> timedelta:
    """How long a point holds: as the answer says, else the smallest distance of its points, else an hour."""
    said = content.get("temporalGranularity")
    if said is not None:
        step = _GRANULARITY.get(said) if isinstance(said, str) else None
        if step is None:
            raise Malformed(f"{document.endpoint}: temporalGranularity {shown(said)} is not known")
        return step
    times = sorted({_time(document, point) for point in points})
    distances = [later - earlier for earlier, later in pairwise(times)]
    return min([HOUR, *distances])


def _time(document: Document, point: Mapping[str, object]) -> datetime:
    """The start of a point."""
    text = point.get("datetime")
    if not isinstance(text, str):
        raise Malformed(f"{document.endpoint}: a point has no datetime")
    try:
        return parse_time(text)
    except Malformed as error:
        raise Malformed(f"{document.endpoint}: datetime {error}") from None


def _sample(document: Document, point: Mapping[str, object], step: timedelta) -> Sample:
    """One point. Numbers only: the API does not write intensities as strings."""
    start = _time(document, point)
    if "carbonIntensity" not in point:
        raise Malformed(f"{document.endpoint}: the point of {start:%Y-%m-%dT%H:%MZ} has no carbonIntensity")
    value = point["carbonIntensity"]
    estimated = point.get("isEstimated") is True
    if value is None:
        return Sample(start, start + step, None, estimated)
    refusal = ""
    grams = 0.0
    if isinstance(value, bool) or not isinstance(value, int | float):
        refusal = f"carbonIntensity {shown(value)} is not a number"
    else:
        try:
            grams = finite(float(value))
            refusal = absurdity(grams)
        except (Implausible, OverflowError):
            refusal = f"carbonIntensity {shown(value)} is not a finite number"
    if refusal:
        return Sample(start, start + step, None, estimated, f"{document.endpoint} {start:%H:%MZ}: {refusal}")
    return Sample(start, start + step, grams, estimated)
