"""A thin client for raw objects, on the connection pool of `kubernetes.aio`.

Raw dictionaries keep what the typed client would drop or slow down (unknown fields, thousands of watch
events a second). Every request has a time-out, every refusal a type.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import ApiClient, Configuration

from voltaire.api.labels import FIELD_MANAGER
from voltaire.kube.errors import KubeError, Unreachable, error_for

Object = dict[str, Any]
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
_BROKEN = (aiohttp.ClientError, OSError, asyncio.TimeoutError)


def resource_path(
    api_version: str,
    plural: str,
    namespace: str | None = None,
    name: str | None = None,
    subresource: str | None = None,
) -> str:
    """The URL path of a kind, an object or its subresource."""
    parts = ["api" if "/" not in api_version else "apis", api_version]
    parts += ["namespaces", namespace] if namespace else []
    parts += [part for part in (plural, name, subresource) if part]
    return "/" + "/".join(parts)


class Kube:
    """One API server, one identity."""

    def __init__(self, configuration: Configuration, *, timeout: float = 10.0) -> None:
        # API servers are reached directly, with the credentials given. Otherwise aiohttp looks for proxies
        # and a netrc file anew for each request, in a thread.
        given = getattr(configuration, "client_session_kwargs", None) or {}
        configuration.client_session_kwargs = {**given, "trust_env": False}
        self._configuration = configuration
        self._timeout = timeout
        self._client = ApiClient(configuration)
        self._headers: dict[str, str] = {}

    def impersonating(self, user: str) -> Kube:
        """The same server and connections, acting as `user`. Raises ValueError for an empty one: that
        would silently act with the operator's own rights."""
        if not user.strip():
            raise ValueError("an impersonated user has a name")
        other = object.__new__(Kube)
        other.__dict__.update(self.__dict__)
        other._headers = {**self._headers, "Impersonate-User": user}
        return other

    def another(self) -> Kube:
        """The same server and identity with connections of its own."""
        return Kube(self._configuration, timeout=self._timeout)

    @property
    def server(self) -> str:
        """The server's URL."""
        return str(self._configuration.host)

    async def close(self) -> None:
        """Close the connections, for every identity that shares them."""
        await self._client.close()

    async def get(self, path: str, **params: Any) -> Object:
        """Read an object or a list."""
        return await self._json("GET", path, params)

    async def create(self, path: str, body: Mapping[str, Any], **params: Any) -> Object:
        """Create an object under our field manager, refusing fields that the server does not know."""
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict", **params}
        return await self._json("POST", path, query, body)

    async def apply(self, path: str, body: Mapping[str, Any], *, force: bool = True) -> Object:
        """Server-side apply with our field manager."""
        query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower()}
        return await self._json("PATCH", path, query, body, APPLY)

    async def merge(self, path: str, body: Mapping[str, Any]) -> Object:
        """Merge-patch. Put `metadata.resourceVersion` or `metadata.uid` in the body as a precondition."""
        return await self._json("PATCH", path, {"fieldManager": FIELD_MANAGER}, body, MERGE)

    async def json_patch(self, path: str, operations: list[Object]) -> Object:
        """JSON patch (RFC 6902); a `test` operation is a precondition."""
        return await self._json("PATCH", path, {"fieldManager": FIELD_MANAGER}, operations, JSON_PATCH)

    async def put(self, path: str, body: Mapping[str, Any]) -> Object:
        """Replace an object; its resourceVersion is the precondition."""
        return await self._json("PUT", path, {"fieldManager": FIELD_MANAGER}, body)

    async def delete(self, path: str, *, uid: str | None = None, propagation: str = "Background") -> None:
        """Delete an object, only if it has `uid` where one is given (else Conflict)."""
        options: Object = {"propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        await self._json("DELETE", path, {}, options)

    async def watch(
        self, path: str, params: Mapping[str, Any], *, silence: float
    ) -> AsyncGenerator[Object, None]:
        """The events of a watch, until the server ends it or stays silent for `silence` seconds."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout, sock_read=silence)
        response = await self._send("GET", path, {**params, "watch": "true"}, None, None, timeout)
        try:
            await self._refuse(response)
            async for line in response.content:
                if line.strip():
                    yield json.loads(line)
        except _BROKEN as error:
            raise Unreachable(0, "WatchBroken", str(error) or type(error).__name__) from error
        finally:
            response.close()

    async def _json(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any],
        body: Any = None,
        content_type: str | None = None,
    ) -> Object:
        timeout = aiohttp.ClientTimeout(total=self._timeout)
        response = await self._send(method, path, params, body, content_type, timeout)
        try:
            await self._refuse(response)
            loaded = json.loads(await response.read() or b"{}")
        except _BROKEN as error:
            raise Unreachable(0, "AnswerBroken", str(error) or type(error).__name__) from error
        except ValueError as error:
            raise Unreachable(0, "NotJSON", "the answer is not JSON: not an API server?") from error
        finally:
            response.release()
        return loaded if isinstance(loaded, dict) else {"value": loaded}

    async def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any],
        body: Any,
        content_type: str | None,
        timeout: aiohttp.ClientTimeout,
    ) -> aiohttp.ClientResponse:
        headers = {"Accept": "application/json", "Content-Type": content_type or "application/json"}
        headers.update(self._headers)
        token = await self._configuration.get_api_key_with_prefix("BearerToken")
        if token:
            headers["Authorization"] = token
        url = f"{self._configuration.host}{path}" + (f"?{urlencode(params)}" if params else "")
        try:
            answer = await self._client.rest_client.request(
                method, url, headers=headers, body=body, _request_timeout=timeout
            )
        except _BROKEN as error:
            raise Unreachable(0, "Unreachable", str(error) or type(error).__name__) from error
        response: aiohttp.ClientResponse = answer.response
        return response

    @staticmethod
    async def _refuse(response: aiohttp.ClientResponse) -> None:
        if response.status < 400:
            return
        text = await response.text(errors="replace")
        try:
            status = json.loads(text)
            reason, message = str(status.get("reason") or response.reason), str(status.get("message") or "")
        except (ValueError, AttributeError):
            reason, message = str(response.reason), text[:200]
        wait = response.headers.get("Retry-After", "")
        raise error_for(response.status, reason, message, float(wait) if wait.isdigit() else None)


__all__ = ["Kube", "KubeError", "Object", "resource_path"]
