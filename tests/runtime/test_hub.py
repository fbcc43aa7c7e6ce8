"""What the operator reads on the hub."""

from __future__ import annotations

import base64
from typing import cast

from voltaire.kube.client import Kube, Object
from voltaire.runtime.hub import Hub


class Server:
    """Answers every GET with one object."""

    def __init__(self, body: Object) -> None:
        self.body = body

    async def get(self, _path: str) -> Object:
        return self.body


def hub(**body: object) -> Hub:
    return Hub(cast("Kube", Server(dict(body))), "test")


async def test_binary_data_of_a_config_map_comes_decoded_among_the_data() -> None:
    binary = {"data": base64.b64encode(b"[1]").decode(), "bad": base64.b64encode(b"\xff").decode()}
    read = await hub(data={"message": ""}, binaryData=binary).config_map("kube-system", "carbon")
    assert read == {"message": "", "data": "[1]", "bad": "\ufffd"}


async def test_a_config_map_may_have_neither() -> None:
    assert await hub(data=None).config_map("a", "b") == {}
