"""What can go wrong with an answer: on the wire, in the document, in its meaning.

A kind is a function. `BODY` ones give another body for the good one, `WIRE` ones what is sent instead of a
proper answer; `DOCUMENT` ones bend the tree of a family in place, and say with False that the family has
nothing of the sort.
"""

from __future__ import annotations

import asyncio
import copy
import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.signals.carbon.corruption.families import POUND, Family, Tree
from tests.signals.carbon.corruption.server import Wire, response

OnWire = Callable[[bytes], bytes | Wire]
OnTree = Callable[[Family, Tree], bool]
BOMB = gzip.compress(b" " * (16 << 20))
PAGE = b"<!DOCTYPE html><html><title>Just a moment...</title></html>"


def slowly(body: bytes) -> Wire:
    """A byte every 20 ms, so that the whole would take minutes."""

    async def write(writer: asyncio.StreamWriter) -> None:
        for byte in response(body):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    return write


def silence(_: bytes) -> Wire:
    """Nothing, for ever."""

    async def write(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    return write


def reset(body: bytes) -> Wire:
    """Half of it, and the connection is reset."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(response(body)[: 120 + len(body) // 2])
        await writer.drain()
        writer.transport.abort()

    return write


def endless(body: bytes) -> Wire:
    """White space that never ends."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        while True:
            writer.write(b" " * 65536)
            await writer.drain()

    return write


def status(line: str, body: bytes = b'{"error": "no"}', **headers: str) -> OnWire:
    return lambda _: response(body, line, **headers)


BODY: dict[str, Callable[[bytes], bytes]] = {
    "body cut in half": lambda body: body[: len(body) // 2],
    "last byte missing": lambda body: body[:-1],
    "empty body": lambda _: b"",
    "nothing but blanks": lambda _: b" \n\t ",
    "a web page": lambda _: PAGE,
    "an error for a body": lambda _: b'{"error": {"code": "E1", "message": "down for work"}}',
    "status no-data for a body": lambda _: b'{"status": "no-data", "data": {}}',
    "null": lambda _: b"null",
    "a number": lambda _: b"42",
    "a text": lambda _: b'"260"',
    "an empty object": lambda _: b"{}",
    "an empty list": lambda _: b"[]",
    "two documents": lambda body: body + body,
    "deep nesting": lambda _: b"[" * 200_000,
    "UTF-16": lambda body: body.decode().encode("utf-16"),
    "random bytes": lambda _: bytes(range(256)) * 4,
    "over a megabyte": lambda _: b" " * (1 << 20) + b"{}",
}
WIRE: dict[str, OnWire] = {
    "body shorter than announced": lambda body: response(
        body[: len(body) // 2], Content_Length=str(len(body))
    ),
    "no answer at all": lambda _: b"",
    "not HTTP": lambda _: b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    "connection reset": reset,
    "silence": silence,
    "slow drip": slowly,
    "endless body": endless,
    "a web page called one": lambda _: response(PAGE, Content_Type="text/html"),
    "gzip bomb": lambda _: response(BOMB, Content_Encoding="gzip"),
    "gzip that is none": lambda body: response(body, Content_Encoding="gzip"),
    "204": status("204 No Content", b""),
    "206": lambda body: response(body[:100], "206 Partial Content"),
    "304 unasked": status("304 Not Modified", b""),
    "redirect to another host": status("302 Found", b"", Location="https://evil.example.com/x"),
    "redirect in a circle": status("302 Found", b"", Location="?"),
    "redirect to metadata": status("302 Found", b"", Location="http://169.254.169.254/latest"),
    "400": status("400 Bad Request"),
    "401": status("401 Unauthorized", b""),
    "403": status("403 Forbidden", b'{"error": {"code": "API_KEY_INVALID"}}'),
    "403 as a web page": status("403 Forbidden", PAGE, Content_Type="text/html"),
    "404": status("404 Not Found"),
    "429": status("429 Too Many Requests", Retry_After="120"),
    "429 for ever": status("429 Too Many Requests", Retry_After="99999999999999999999"),
    "500": status("500 Internal Server Error"),
    "502 as a web page": status("502 Bad Gateway", PAGE, Content_Type="text/html"),
    "503": status("503 Service Unavailable", Retry_After="1"),
}


def values(change: Callable[[Any], Any]) -> OnTree:
    """Bend every value, in every document."""

    def bend(family: Family, tree: Tree) -> bool:
        places = family.parts(tree, family.values)
        for holder, key in places:
            if holder[key] is not None:
                holder[key] = change(holder[key])
        return bool(places)

    return bend


def scaled(factor: float) -> OnTree:
    """Every value times a factor, as it is written (a text stays one)."""

    def change(value: Any) -> Any:
        try:
            new = float(value) * factor
        except (TypeError, ValueError):
            return value
        return str(new) if isinstance(value, str) else new

    return values(change)


def newest(change: Callable[[Any], Any]) -> OnTree:
    """Bend the values of the hour that holds now, and of what comes, alone."""

    def bend(family: Family, tree: Tree) -> bool:
        if family.mixed:
            return False
        places = [place for place in family.parts(tree, family.values) if place[0][place[1]] is not None]
        limit = 2 if len(places) > 1 else 1
        listed = places[:limit] if family.source.get("rte") is not None else places[-limit:]
        if "wattTime" in family.source or "carbonAwareSdk" in family.source or "neso" in family.source:
            listed = places
        for holder, key in listed:
            holder[key] = change(holder[key])
        return bool(listed)

    return bend


def times(change: Callable[[Any], Any]) -> OnTree:
    """Bend every time."""

    def bend(family: Family, tree: Tree) -> bool:
        places = family.parts(tree, family.times)
        for holder, key in places:
            holder[key] = change(holder[key])
        return bool(places)

    return bend


def moved(by: timedelta) -> OnTree:
    """Every time moved, in the way it is written."""

    def change(value: Any) -> Any:
        if isinstance(value, int | float):
            return value + by.total_seconds()
        for form in ("%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H"):
            try:
                moment = datetime.strptime(value, form) + by  # noqa: DTZ007  (written as it was read)
            except ValueError:
                continue
            text = moment.strftime(form)
            return f"{text[:-2]}:{text[-2:]}" if form.endswith("%z") else text
        raise AssertionError(value)

    return times(change)


def naive(value: Any) -> Any:
    """Local time of a summer in Europe without saying so; a number cannot be naive, so it is moved."""
    if isinstance(value, int | float):
        return value + 7230
    text = str(value)
    return (text[:16].replace("T", " ") if len(text) > 13 else text.replace("T", " ")) + ":00"


def labels(names: str, change: Callable[[Any], Any]) -> OnTree:
    """Bend every name of a zone or a unit."""

    def bend(family: Family, tree: Tree) -> bool:
        places = family.parts(tree, family.zones if names == "zones" else family.units)
        for holder, key in places:
            holder[key] = change(holder[key])
        return bool(places)

    return bend


def points(change: Callable[[list[Any]], list[Any]]) -> OnTree:
    """Bend every list of points."""

    def bend(family: Family, tree: Tree) -> bool:
        places = family.parts(tree, family.points)
        lists = [(h, k) for h, k in places if isinstance(h[k], list)]
        for holder, key in lists:
            holder[key] = change(holder[key])
        return bool(lists)

    return bend


def drop(names: str) -> OnTree:
    """Leave fields out."""

    def bend(family: Family, tree: Tree) -> bool:
        places = [p for p in family.parts(tree, getattr(family, names)) if isinstance(p[0], dict)]
        for holder, key in places:
            del holder[key]
        return bool(places)

    return bend


def sandbox(family: Family, tree: Tree) -> bool:
    if "electricityMaps" not in family.source:
        return False
    for holder, key in list(family.parts(tree, ("estimationMethod",))):
        holder[key] = "SANDBOX_MODE_DATA"
    return True


def disclaimer(family: Family, tree: Tree) -> bool:
    if "electricityMaps" not in family.source:
        return False
    tree["_disclaimer"] = "This data is in SANDBOX MODE and randomised"
    return True


def frozen(_: Family, __: Tree) -> bool:
    """The grid of the documents stands still; see `matrix`."""
    return True


def half_mix(family: Family, tree: Tree) -> bool:
    """A kind of generation is missing from the mix."""
    if "entsoe" in family.source:
        tree["series"] = tree["series"][1:]
    elif "eia" in family.source:
        tree["response"]["data"] = [row for row in tree["response"]["data"] if row["fueltype"] != "NG"]
        tree["response"]["total"] = str(len(tree["response"]["data"]))
    elif "openElectricity" in family.source:
        for block in tree["data"]:
            block["results"] = [one for one in block["results"] if "solar" in one["name"]]
    else:
        return False
    return True


def unknown_mix(family: Family, tree: Tree) -> bool:
    """Most of what is generated is of a kind that nobody knows."""
    if "entsoe" in family.source:
        tree["series"][0]["code"] = "B20"
    elif "eia" in family.source:
        for row in tree["response"]["data"]:
            row["fueltype"] = "XYZ" if row["fueltype"] == "NG" else row["fueltype"]
    else:
        return False
    return True


def twice(listed: list[Any]) -> list[Any]:
    """Every point once more with another value."""
    again = copy.deepcopy(listed)
    for point in again:
        if isinstance(point, dict):
            for key in ("carbonIntensity", "value", "rating", "taux_co2", "quantity"):
                if isinstance(point.get(key), int | float):
                    point[key] = point[key] * 3
                elif isinstance(point.get(key), str):
                    point[key] = str(float(point[key]) * 3)
            if isinstance(point.get("intensity"), dict):
                point["intensity"] = dict.fromkeys(point["intensity"], 999)
    return [*listed, *again]


DOCUMENT: dict[str, OnTree] = {
    "NaN": values(lambda _: float("nan")),
    "Infinity": values(lambda _: float("inf")),
    "negative": values(lambda v: -float(v) if not isinstance(v, str) else f"-{v}"),
    "huge": values(lambda _: 1e300),
    "an integer of 400 digits": values(lambda _: 10**400),
    "texts that are no numbers": values(lambda _: "low"),
    "numbers as 1_000": values(lambda _: "1_00"),
    "true": values(lambda _: True),
    "null values": values(lambda _: None),
    "lists for values": values(lambda _: [260]),
    "objects for values": values(lambda _: {"v": 260}),
    "values missing": drop("values"),
    "values 10 times": scaled(10),
    "values 1000 times (g/MWh)": scaled(1000),
    "a thousandth (kg/kWh)": scaled(0.001),
    "pounds for a megawatt-hour": scaled(1 / POUND),
    "pounds taken twice": scaled(POUND),
    "the present three times": newest(
        lambda v: float(v) * 3 if not isinstance(v, str) else str(float(v) * 3)
    ),
    "the present zero": newest(lambda v: 0 if not isinstance(v, str) else "0"),
    "frozen feed": frozen,
    "yesterday's stamps": moved(timedelta(days=-1)),
    "last year's stamps": moved(timedelta(days=-365)),
    "tomorrow's stamps": moved(timedelta(days=2)),
    "stamps of the year 9999": times(lambda v: 2.5e11 if isinstance(v, int | float) else "9999-12-31T23:59Z"),
    "stamps without a zone": times(naive),
    "stamps off by seconds": times(lambda v: v + 7 if isinstance(v, int) else f"{str(v)[:13]}:00:07Z"),
    "stamps that are words": times(lambda _: "now"),
    "stamps null": times(lambda _: None),
    "stamps missing": drop("times"),
    "another zone": labels("zones", lambda v: 2 if isinstance(v, int) else "XX-ELSE"),
    "no zone": labels("zones", lambda _: None),
    "zone missing": drop("zones"),
    "another unit or basis": labels("units", lambda _: "percent"),
    "no unit or basis": labels("units", lambda _: None),
    "sandbox values": sandbox,
    "sandbox disclaimer": disclaimer,
    "no points": points(lambda _: []),
    "points null": points(lambda _: None),  # type: ignore[arg-type, return-value]
    "points an object": points(lambda _: {}),  # type: ignore[arg-type, return-value]
    "points of texts": points(lambda listed: ["x"] * len(listed)),
    "points twice, unlike": points(twice),
    "points in reverse": points(lambda listed: listed[::-1]),
    "half of the points": points(lambda listed: listed[: len(listed) // 2]),
    "points without end": points(lambda listed: listed * (1_500_000 // len(json.dumps(listed)) + 1)),
    "half of the mix": half_mix,
    "a mix of unknown kind": unknown_mix,
}
