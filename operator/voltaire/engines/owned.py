"""Finding and removing what Voltaire made in a member, whoever still knows of it."""

from __future__ import annotations

from dataclasses import dataclass

from voltaire.api.actions import Outcome, Verb
from voltaire.api.labels import WORKLOAD_UID
from voltaire.engines.adapters import ADAPTERS
from voltaire.engines.adapters.base import Object
from voltaire.engines.adapters.shape import items, path
from voltaire.engines.connection import Connection
from voltaire.engines.refusals import outcome_of
from voltaire.engines.views import epoch_of, uid_of
from voltaire.kube.client import resource_path
from voltaire.kube.errors import KubeError, NotFound

PAGE = 100  # decoding more whole objects at once would hold up the event loop


@dataclass(frozen=True, slots=True)
class Owned:
    """An object in a member with a workload's uid on it. `epoch` 0 means that none could be read."""

    api_version: str
    kind: str
    namespace: str
    name: str
    object_uid: str
    workload_uid: str
    epoch: int
    deleting: bool


async def list_owned(connection: Connection) -> list[Owned]:
    """Every such object, read from the API server now. Raises KubeError."""
    found = []
    for api_version, kind in ADAPTERS:
        where = resource_path(api_version, ADAPTERS[api_version, kind].plural)
        params: dict[str, str | int] = {"labelSelector": WORKLOAD_UID, "limit": PAGE}
        while True:
            page = await connection.kube.get(where, **params)
            found += [_owned(api_version, kind, body) for body in items(page.get("items"))]
            token = path(page, "metadata", "continue")
            if not token:
                break
            params["continue"] = token
    return found


def _owned(api_version: str, kind: str, body: Object) -> Owned:
    return Owned(
        api_version=api_version,
        kind=kind,
        namespace=str(path(body, "metadata", "namespace")),
        name=str(path(body, "metadata", "name")),
        object_uid=str(path(body, "metadata", "uid")),
        workload_uid=uid_of(body) or "",
        epoch=epoch_of(body) or 0,
        deleting=bool(path(body, "metadata", "deletionTimestamp")),
    )


async def delete_owned(connection: Connection, owned: Owned) -> Outcome:
    """Delete it, as its namespace's runner, if it is still the same object; what is gone is well gone."""
    adapter = ADAPTERS[owned.api_version, owned.kind]
    where = resource_path(owned.api_version, adapter.plural, owned.namespace, owned.name)
    try:
        kube = connection.impersonating(owned.namespace)
        await kube.delete(where, uid=owned.object_uid, propagation="Foreground")
    except NotFound:
        return Outcome(owned.object_uid)
    except KubeError as error:
        account = connection.spec.connection.impersonate
        return outcome_of(error, Verb.DELETE, adapter, owned.namespace, account)
    return Outcome(owned.object_uid)
