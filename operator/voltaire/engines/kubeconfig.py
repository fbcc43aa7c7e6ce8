"""Reading a kubeconfig that somebody put into a Secret.

A kubeconfig can make its reader run programs, open files, trust anybody and talk to any host. So it is read
by an allow-list: the server, its certificate authority, and a token or a client certificate, all embedded.
Everything else is refused, with the field's name and what to do instead; no message quotes a value.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml

LARGEST_BYTES = 1024 * 1024
_EMBED = "embed the data instead (kubectl config view --raw --flatten)"
_TOKEN = "use the token of a service account, or a client certificate"  # noqa: S105 (a remedy)
_IGNORED = frozenset({"extensions"})
_CLUSTER = frozenset({"server", "certificate-authority-data"})
_USER = frozenset({"token", "client-certificate-data", "client-key-data"})
_REMEDIES = {
    "certificate-authority": _EMBED,
    "client-certificate": _EMBED,
    "client-key": _EMBED,
    "tokenFile": "embed the token itself as token",
    "exec": f"the operator runs no programs for credentials; {_TOKEN}",
    "auth-provider": f"auth providers are not supported; {_TOKEN}",
    "username": f"passwords are not accepted; {_TOKEN}",
    "password": f"passwords are not accepted; {_TOKEN}",
    "insecure-skip-tls-verify": "give the server's certificate authority as certificate-authority-data",
    "proxy-url": "remove it; the member must be reachable from the hub directly",
    "tls-server-name": "remove it and use a server name that is in the certificate",
    "as": "remove it; whom to act as is set by spec.connection.impersonate",
}


class KubeconfigError(Exception):
    """A kubeconfig that is not accepted. `field` is where, `remedy` what to do; neither holds a secret."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"kubeconfig {field}: {problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Kubeconfig:
    """What is needed to reach one API server. PEM texts; `ca` None means the system's authorities."""

    server: str
    ca: str | None = None
    token: str | None = field(default=None, repr=False)
    certificate: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)


def parse_kubeconfig(data: bytes) -> Kubeconfig:
    """Read and check a kubeconfig. Raises KubeconfigError for the first thing that is not accepted."""
    document = _load(data)
    context = _context(document)
    cluster = _named(document, "clusters", "cluster", context.get("cluster"))
    user = _named(document, "users", "user", context.get("user"))
    _only("cluster", cluster, _CLUSTER)
    _only("user", user, _USER)
    token = _token(user.get("token"))
    certificate = _pem("user.client-certificate-data", user.get("client-certificate-data"), "CERTIFICATE")
    key = _pem("user.client-key-data", user.get("client-key-data"), "PRIVATE KEY")
    if (certificate is None) != (key is None):
        missing = "client-key-data" if key is None else "client-certificate-data"
        raise KubeconfigError(f"user.{missing}", "is missing", "give certificate and key together")
    if token is None and certificate is None:
        raise KubeconfigError("user", "has no credentials", _TOKEN)
    ca = _pem("cluster.certificate-authority-data", cluster.get("certificate-authority-data"), "CERTIFICATE")
    return Kubeconfig(_server(cluster.get("server")), ca, token, certificate, key)


def _load(data: bytes) -> Mapping[str, Any]:
    if len(data) > LARGEST_BYTES:
        raise KubeconfigError(
            "file", f"is larger than {LARGEST_BYTES} bytes", "keep one context: kubectl config view --minify"
        )
    try:
        document = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise KubeconfigError("file", f"is not YAML{where}", "store the kubeconfig as it is") from None
    if not isinstance(document, Mapping):
        raise KubeconfigError("file", "is empty or not a mapping", "store a whole kubeconfig under the key")
    return document


def _context(document: Mapping[str, Any]) -> Mapping[str, Any]:
    contexts, current = document.get("contexts"), document.get("current-context")
    if not current and isinstance(contexts, list) and len(contexts) == 1:
        current = contexts[0].get("name") if isinstance(contexts[0], Mapping) else None
    if not current:
        raise KubeconfigError("current-context", "is missing", "say which context is meant")
    return _named(document, "contexts", "context", current)


def _named(document: Mapping[str, Any], section: str, part: str, name: object) -> Mapping[str, Any]:
    entries = document.get(section)
    found = [
        entry[part]
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, Mapping) and entry.get("name") == name and isinstance(entry.get(part), Mapping)
    ]
    if len(found) != 1:
        problem = "has no entry of the name that is referred to" if not found else "has that entry twice"
        raise KubeconfigError(section, problem, "name every cluster, user and context exactly once")
    only: Mapping[str, Any] = found[0]
    return only


def _only(part: str, values: Mapping[str, Any], allowed: frozenset[str]) -> None:
    for key, value in values.items():
        if key in allowed or key in _IGNORED or value is None or value is False or value == "":
            continue
        remedy = _REMEDIES.get(str(key), f"remove it; {_TOKEN}" if part == "user" else "remove it")
        if str(key).startswith("as-"):
            remedy = _REMEDIES["as"]
        raise KubeconfigError(f"{part}.{key}", "is not accepted", remedy)


def _server(value: object) -> str:
    where, remedy = "cluster.server", "write it as https://HOST:PORT"
    if not isinstance(value, str) or any(c.isspace() or not c.isprintable() for c in value):
        raise KubeconfigError(where, "is missing or not a URL", remedy)
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        raise KubeconfigError(where, "is not a URL", remedy) from None
    if url.scheme != "https" or not host:
        raise KubeconfigError(where, "is not an https URL", remedy)
    if "@" in url.netloc or url.query or url.fragment:
        raise KubeconfigError(where, "has a user, a query or a fragment", remedy)
    if _link_local(host):
        raise KubeconfigError(where, "is a link-local address", "use the API server's own address")
    return value.rstrip("/")


def _link_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.split("%", maxsplit=1)[0]).is_link_local
    except ValueError:
        return False


def _token(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        raise KubeconfigError("user.token", "is not a token", "store it without line breaks or spaces")
    return value


def _pem(where: str, value: object, kind: str) -> str | None:
    """Decoded PEM text of one kind. An encrypted key is refused: there is nobody to ask for its password."""
    if value is None:
        return None
    remedy = f"give the base64 of a PEM {kind}"
    try:
        text = base64.b64decode(value if isinstance(value, str) else b"", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise KubeconfigError(where, "is not base64 of a PEM text", remedy) from None
    if "-----BEGIN" not in text or kind not in text:
        raise KubeconfigError(where, f"holds no {kind}", remedy)
    if "ENCRYPTED" in text:
        raise KubeconfigError(where, "is encrypted", "store the key unencrypted; the Secret protects it")
    return text
