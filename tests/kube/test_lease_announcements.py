"""Whoever leads again is told whether it had stopped leading, or only lapsed for a moment."""

from __future__ import annotations

from typing import Any

from voltaire.kube.client import Kube
from voltaire.kube.errors import NotFound
from voltaire.kube.lease import Leadership


class OneLease(Kube):
    """An API server that holds one Lease and answers at once."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None

    async def get(self, _path: str, **_params: Any) -> dict[str, Any]:
        if self.lease is None:
            raise NotFound(404, "NotFound", "there is no Lease")
        return self.lease

    async def create(self, _path: str, body: Any, **_params: Any) -> dict[str, Any]:
        self.lease = {**body, "metadata": {**body["metadata"], "resourceVersion": "1"}}
        return self.lease

    async def put(self, _path: str, body: Any) -> dict[str, Any]:
        self.lease = dict(body)
        return self.lease


async def renew(leadership: Leadership, *, late_by: float = 0.0) -> None:
    """One round of `run`, as if the last renewal had been so much earlier."""
    leadership._renewed -= late_by
    await leadership.renew()


async def test_a_slow_renewal_is_a_lapse_and_no_new_leadership() -> None:
    told: list[bool] = []
    leadership = Leadership(OneLease(), "system", "lease", "me", duration=15.0, on_lead=told.append)
    await renew(leadership)
    assert told == [True]
    await renew(leadership)
    assert told == [True]
    await renew(leadership, late_by=11.0)
    assert told == [True, False]
    assert leadership.holds


async def test_after_losing_it_to_another_leading_begins_anew() -> None:
    told: list[bool] = []
    server = OneLease()
    leadership = Leadership(server, "system", "lease", "me", duration=15.0, on_lead=told.append)
    await renew(leadership)
    assert server.lease is not None
    server.lease["spec"]["holderIdentity"] = "another"
    await renew(leadership)
    assert not leadership.holds
    server.lease["spec"]["holderIdentity"] = ""
    await renew(leadership)
    assert told == [True, True]
