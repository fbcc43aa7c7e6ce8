"""The engine that talks to a member's API server itself.

An object is made by *create*, not by server-side apply, although both go under our field manager: an apply
succeeds on an object that is already there, be it somebody else's or a copy with an older epoch, and that is
exactly what at most one copy must notice. A create can only make something or say that the name is taken.
Whoever repeats it finds its own object by uid and epoch. Every later write carries the object's uid.

Writes are done as a service account of the workload's namespace, reads as the operator itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from voltaire.api.actions import Observation, Outcome, Request, Verb
from voltaire.api.labels import WORKLOAD_UID
from voltaire.api.resources import AIWorkload
from voltaire.clock import Clock
from voltaire.engines.adapters import Adapter, Identity, UnsupportedKindError, adapter_for, object_name
from voltaire.engines.adapters.base import Object
from voltaire.engines.adapters.shape import items, path
from voltaire.engines.connection import Connection
from voltaire.engines.events import why_no_pods
from voltaire.engines.members import Members
from voltaire.engines.owned import Owned, delete_owned, list_owned
from voltaire.engines.refusals import namespace_missing, outcome_of, refused
from voltaire.engines.views import epoch_of, observed, uid_of
from voltaire.kube.client import resource_path
from voltaire.kube.errors import Conflict, Forbidden, KubeError, NotFound


@dataclass(frozen=True, slots=True)
class _Target:
    """One workload's object in one member."""

    connection: Connection
    adapter: Adapter
    identity: Identity
    name: str

    @property
    def collection(self) -> str:
        return resource_path(self.adapter.api_version, self.adapter.plural, self.identity.namespace)

    @property
    def path(self) -> str:
        return f"{self.collection}/{self.name}"

    @property
    def account(self) -> str:
        return self.connection.spec.connection.impersonate


class DirectEngine:
    """Performs requests and observes, through the connections of `Members`."""

    def __init__(self, members: Members, clock: Clock) -> None:
        self._members = members
        self._clock = clock

    async def observe(self, workload: AIWorkload, cluster: str, *, live: bool) -> Observation:
        """The workload in that member. `live`: asked of the API server now, consistently, which alone may
        prove that something stopped; otherwise what the watches say. Never raises for what a member does."""
        if not live:
            return self.cached(workload, cluster)
        target = self._watched(workload, cluster)
        if isinstance(target, str):
            return Observation(cluster, reachable=False, live=True, message=target)
        try:
            async with target.connection.bulkhead:
                return await self._live(target, cluster)
        except KubeError as error:
            return Observation(cluster, reachable=False, live=True, message=str(error))

    def cached(self, workload: AIWorkload, cluster: str) -> Observation:
        """What the watches say, without asking anybody."""
        target = self._watched(workload, cluster)
        if isinstance(target, str):
            return Observation(cluster, reachable=False, live=False, message=target)
        cache, uid, adapter = target.connection.cache, target.identity.uid, target.adapter
        key = f"{target.identity.namespace}/{target.name}"
        body = cache.object_of((adapter.api_version, adapter.kind), key, uid)
        done = cache.progress_of(uid, epoch_of(body))
        return observed(cluster, adapter, body, cache.pods_of(uid), done, self._clock, live=False)

    async def perform(self, workload: AIWorkload, request: Request) -> Outcome:
        """Do one thing in one member. Never raises for what a member does: the Outcome says it."""
        state = self._members.state(request.cluster)
        try:
            target = self._target(workload, request.cluster)
        except UnsupportedKindError as error:
            return refused("Refused", str(error), permanent=True)
        if target is None or not state.reachable:
            return refused("Unreachable", f"{request.cluster}: {state.reason}: {state.message}")
        async with target.connection.bulkhead:
            try:
                return await self._act(target, workload.spec.manifest, request)
            except Forbidden as error:
                return await self._forbidden(error, target, request.verb)
            except KubeError as error:
                return self._outcome(error, target, request.verb)

    async def list_owned(self, cluster: str) -> list[Owned]:
        """Every object in that member that carries a workload's uid. Raises KubeError."""
        connection = self._reachable(cluster)
        async with connection.bulkhead:
            return await list_owned(connection)

    async def delete_owned(self, cluster: str, owned: Owned) -> Outcome:
        """Remove an orphan, if it is still that very object."""
        state, connection = self._members.state(cluster), self._members.get(cluster)
        if connection is None or not state.reachable:
            return refused("Unreachable", f"{cluster}: {state.reason}: {state.message}")
        async with connection.bulkhead:
            return await delete_owned(connection, owned)

    def _reachable(self, cluster: str) -> Connection:
        state, connection = self._members.state(cluster), self._members.get(cluster)
        if connection is None or not state.reachable:
            raise KubeError(0, state.reason, f"{cluster}: {state.message}")
        return connection

    def _target(self, workload: AIWorkload, cluster: str) -> _Target | None:
        connection = self._members.get(cluster)
        if connection is None:
            return None
        meta, manifest = workload.metadata, workload.spec.manifest
        identity = Identity(meta.uid, meta.namespace, meta.name)
        return _Target(connection, adapter_for(manifest), identity, object_name(manifest, meta.name))

    def _watched(self, workload: AIWorkload, cluster: str) -> _Target | str:
        """Where to look; or, in words, why nothing can be seen there."""
        state = self._members.state(cluster)
        if not state.reachable:
            return f"{state.reason}: {state.message}"
        try:
            return self._target(workload, cluster) or "no such member is connected"
        except UnsupportedKindError as error:
            return str(error)

    async def _live(self, target: _Target, cluster: str) -> Observation:
        """First the object, then the pods: what the object has not made when it is gone, it never makes."""
        connection, uid = target.connection, target.identity.uid
        body = await self._read(target)
        where = resource_path("v1", "pods", target.identity.namespace)
        pods = items((await connection.kube.get(where, labelSelector=f"{WORKLOAD_UID}={uid}")).get("items"))
        connection.cache.note_progress(pods)
        mine = body if body is not None and uid_of(body) == uid else None
        done = connection.cache.progress_of(uid, epoch_of(mine))
        seen = observed(cluster, target.adapter, mine, pods, done, self._clock, live=True)
        return replace(seen, message=await why_no_pods(connection.kube, seen, target.identity.namespace))

    async def _read(self, target: _Target) -> Object | None:
        try:
            return await target.connection.kube.get(target.path)
        except NotFound:
            return None

    async def _act(self, target: _Target, manifest: Object, request: Request) -> Outcome:
        match request.verb:
            case Verb.CREATE:
                return await self._create(target, manifest, request)
            case Verb.SUSPEND:
                return await self._patch(target, request, target.adapter.suspend_patch())
            case Verb.RESUME:
                return await self._patch(target, request, target.adapter.resume_patch(manifest, request))
            case Verb.DELETE:
                return await self._delete(target, request)

    async def _create(self, target: _Target, manifest: Object, request: Request) -> Outcome:
        namespace = target.identity.namespace
        if problems := target.adapter.validate(manifest, namespace, target.identity.name):
            return refused("Refused", "; ".join(map(str, problems)), permanent=True)
        body = target.adapter.prepare(manifest, target.identity, request)
        try:
            made = await target.connection.impersonating(namespace).create(target.collection, body)
        except Conflict as error:
            there = await self._read(target)
            return _taken(there, target, request) if there else refused("NotFound", error.message)
        return Outcome(path(made, "metadata", "uid"))

    async def _patch(self, target: _Target, request: Request, patch: dict[str, Any]) -> Outcome:
        found = await self._meant(target, request)
        if isinstance(found, Outcome):
            return found
        if found is None:
            return refused("NotFound", f"{target.name} is not there")
        patch = {**patch, "metadata": {**patch.get("metadata", {}), "uid": found}}
        await target.connection.impersonating(target.identity.namespace).merge(target.path, patch)
        return Outcome(found)

    async def _delete(self, target: _Target, request: Request) -> Outcome:
        """In the foreground: the object stays until the last of its pods is gone."""
        found = await self._meant(target, request)
        if isinstance(found, Outcome):
            return found
        if found is None:
            return Outcome()
        try:
            kube = target.connection.impersonating(target.identity.namespace)
            await kube.delete(target.path, uid=found, propagation="Foreground")
        except NotFound:
            return Outcome(found)
        return Outcome(found)

    async def _meant(self, target: _Target, request: Request) -> str | Outcome | None:
        """The uid of the object that is meant: the request's, or else of what is there and no newer."""
        if request.object_uid is not None:
            return request.object_uid
        there = await self._read(target)
        if there is None or uid_of(there) != target.identity.uid:
            return None
        if (epoch_of(there) or 0) > request.epoch:
            return _taken(there, target, request)
        return str(path(there, "metadata", "uid"))

    async def _forbidden(self, error: Forbidden, target: _Target, verb: Verb) -> Outcome:
        """Authorisation comes before existence: ask whether the namespace is there at all."""
        namespace = target.identity.namespace
        try:
            await target.connection.kube.get(resource_path("v1", "namespaces", name=namespace))
        except NotFound:
            return namespace_missing(namespace)
        except KubeError:
            pass
        return self._outcome(error, target, verb)

    @staticmethod
    def _outcome(error: KubeError, target: _Target, verb: Verb) -> Outcome:
        return outcome_of(error, verb, target.adapter, target.identity.namespace, target.account)


def _taken(there: Object, target: _Target, request: Request) -> Outcome:
    """The name is taken: by this very copy, by an older or newer one, or by somebody else."""
    uid, epoch = str(path(there, "metadata", "uid")), epoch_of(there)
    what = f"{target.adapter.kind} {target.identity.namespace}/{target.name}"
    if uid_of(there) != target.identity.uid:
        message = f"{what} is there and not this workload's; give the manifest another metadata.name"
        return refused("NameTaken", message, permanent=True)
    if (epoch or 0) > request.epoch:
        return refused("Superseded", f"{what} is a newer copy (epoch {epoch})", permanent=True, uid=uid)
    if (epoch or 0) < request.epoch:
        return refused("StaleCopy", f"{what} is an older copy (epoch {epoch}); it must go first", uid=uid)
    if path(there, "metadata", "deletionTimestamp"):
        return refused("StaleCopy", f"{what} is being deleted", uid=uid)
    return Outcome(uid)


__all__ = ["DirectEngine", "Owned"]
