"""Ways in which a site's answer can be wrong: on its way, as a document, and in the number itself."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

import httpx

Wrong = httpx.Response | httpx.TransportError


def _text(body: str | bytes, status: int = 200, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else body.encode()
    return httpx.Response(status, content=content, headers=headers)


_DEEP = "[" * 100_000

# On the way, whatever was asked.
TRANSPORT: Mapping[str, Wrong] = {
    "no connection": httpx.ConnectError("refused"),
    "no answer": httpx.ReadTimeout("slow"),
    "broken off": httpx.RemoteProtocolError("cut"),
    "not allowed to": _text("{}", 401),
    "forbidden, in HTML": _text("<html>nginx</html>", 403),
    "not there": _text("{}", 404),
    "method not allowed": _text("{}", 405),
    "too often": _text("{}", 429, **{"retry-after": "3600"}),
    "server failed": _text('{"error": "oops"}', 500),
    "bad gateway": _text("<html>", 502),
    "unavailable": _text("", 503),
    "accepted only": _text("{}", 202),
    "no content": _text("", 204),
    "sent elsewhere": _text("", 302, location="https://elsewhere.example/"),
    "sent to itself": _text("", 301, location="https://ems.example.com/state"),
    "sent into the cloud's metadata": _text("", 307, location="http://169.254.169.254/"),
    "empty": _text(""),
    "white space": _text(" \n\t "),
    "a login page": _text("<!DOCTYPE html><html>log in</html>"),
    "XML": _text('<?xml version="1.0"?><soc>65</soc>'),
    "cut off": _text('{"battery": {"soc": 6'),
    "half a document": _text('{"battery"'),
    "two documents": _text('{"battery": {}}{"battery": {}}'),
    "not text": _text(bytes(range(128, 256))),
    "UTF-16 without saying so": _text('{"a": 1}'.encode("utf-16-be")),
    "compressed unasked": _text(gzip.compress(b"{}"), **{"content-encoding": "gzip"}),
    "too large": _text(b" " * (1 << 20) + b'{"battery": {"soc": 65}}'),
    "nested without end": _text(_DEEP),
    "a bare number": _text("65"),
    "a bare text": _text('"65"'),
    "null": _text("null"),
    "an empty list": _text("[]"),
    "an empty object": _text("{}"),
    "a list of numbers": _text("[65, 65]"),
    "an error with status 200": _text('{"error": "sensor offline"}'),
}

# What may stand where a state of charge of 65 % belongs; `Percent` on the wire.
NUMBERS: Mapping[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "not a number": float("nan"),
    "infinite": float("inf"),
    "minus infinite": float("-inf"),
    "NaN as text": "NaN",
    "infinity as text": "Infinity",
    "None as text": "None",
    "n/a": "n/a",
    "unavailable": "unavailable",
    "empty text": "",
    "a blank": " ",
    "with its unit": "65 %",
    "hexadecimal": "0x41",
    "with an underscore": "6_5",
    "with a comma": "65,0",
    "full-width digits": "\uff16\uff15",
    "Arabic digits": "\u0666\u0665",
    "negative": -1,
    "slightly negative": -0.5,
    "over full": 101,
    "slightly over full": 100.5,
    "in hundredths": 6500,
    "the sentinel of 16 bits": 65535,
    "the sentinel of signed 16 bits": -32768,
    "the sentinel of 32 bits": 4294967295,
    "the largest float": 1.7976931348623157e308,
    "an integer beyond floats": 10**400,
    "a very long text": "6" * 5000,
    "a list": [65],
    "an object": {"value": 65},
    "an empty list": [],
    "an empty object": {},
}


def as_json(document: Any) -> httpx.Response:
    """A document, with what JSON strictly does not have."""
    return httpx.Response(200, content=json.dumps(document).encode())
