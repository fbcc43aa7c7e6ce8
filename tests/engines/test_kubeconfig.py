"""A kubeconfig is read by an allow-list, and its secrets stay in memory."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from voltaire.engines.credentials import check_tls, open_kube
from voltaire.engines.kubeconfig import KubeconfigError, parse_kubeconfig
from voltaire.lab.pki import Authority, Pair

SECRET = "very-secret-token"


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def kubeconfig(
    user: dict[str, Any] | None = None, cluster: dict[str, Any] | None = None, **top: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {"name": "c", "cluster": {"server": "https://paris.example.org:6443", **(cluster or {})}}
        ],
        "users": [{"name": "u", "user": {"token": SECRET} if user is None else user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "ai"}}],
        "current-context": "x",
        **top,
    }


def written(document: Any) -> bytes:
    return yaml.safe_dump(document).encode()


def test_token_and_server_are_read() -> None:
    read = parse_kubeconfig(written(kubeconfig()))
    assert (read.server, read.token, read.ca) == ("https://paris.example.org:6443", SECRET, None)


def test_only_context_needs_no_current_context() -> None:
    document = kubeconfig()
    del document["current-context"]
    assert parse_kubeconfig(written(document)).token == SECRET


def test_current_context_chooses_among_several() -> None:
    document = kubeconfig()
    document["users"].append({"name": "v", "user": {"token": "other"}})
    document["contexts"].append({"name": "y", "context": {"cluster": "c", "user": "v"}})
    assert parse_kubeconfig(written(document | {"current-context": "y"})).token == "other"


def test_absent_and_false_settings_are_no_settings() -> None:
    harmless = {"insecure-skip-tls-verify": False, "proxy-url": "", "extensions": [{"name": "e"}]}
    assert parse_kubeconfig(written(kubeconfig(cluster=harmless))).token == SECRET


EXEC = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws"}}
KEY = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n-----END ENCRYPTED PRIVATE KEY-----\n"
LEGACY_KEY = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n-----END RSA PRIVATE KEY-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
REFUSED: dict[str, tuple[dict[str, Any] | None, dict[str, Any] | None, str]] = {
    "exec": (EXEC, None, "user.exec"),
    "exec beside a token": ({"token": SECRET, **EXEC}, None, "user.exec"),
    "auth provider": ({"auth-provider": {"name": "gcp"}}, None, "user.auth-provider"),
    "token file": ({"tokenFile": "/var/run/token"}, None, "user.tokenFile"),
    "certificate file": ({"client-certificate": "/c", "client-key": "/k"}, None, "user.client-certificate"),
    "key file": ({"token": SECRET, "client-key": "/k"}, None, "user.client-key"),
    "password": ({"username": "a", "password": SECRET}, None, "user.password"),
    "impersonation": ({"token": SECRET, "as": "admin"}, None, "user.as"),
    "impersonated groups": ({"token": SECRET, "as-groups": ["system:masters"]}, None, "user.as-groups"),
    "unknown credentials": ({"token": SECRET, "magic": 1}, None, "user.magic"),
    "no credentials": ({}, None, "user"),
    "certificate without key": (
        {"client-certificate-data": encoded(CERTIFICATE)},
        None,
        "user.client-key-data",
    ),
    "encrypted key": ({"client-key-data": encoded(KEY)}, None, "user.client-key-data"),
    "old encrypted key": ({"client-key-data": encoded(LEGACY_KEY)}, None, "user.client-key-data"),
    "not base64": ({"client-key-data": "***"}, None, "user.client-key-data"),
    "no PEM": ({"client-key-data": encoded("hello")}, None, "user.client-key-data"),
    "token with line break": ({"token": f"{SECRET}\nX: y"}, None, "user.token"),
    "token that is none": ({"token": 7}, None, "user.token"),
    "authority file": (None, {"certificate-authority": "/ca"}, "cluster.certificate-authority"),
    "empty authority": (
        None,
        {"certificate-authority-data": ""},
        "cluster.certificate-authority-data",
    ),
    "insecure": (None, {"insecure-skip-tls-verify": True}, "cluster.insecure-skip-tls-verify"),
    "proxy": (None, {"proxy-url": "http://p"}, "cluster.proxy-url"),
    "other server name": (None, {"tls-server-name": "x"}, "cluster.tls-server-name"),
    "http": (None, {"server": "http://paris.example.org"}, "cluster.server"),
    "user in URL": (None, {"server": "https://a:b@paris.example.org"}, "cluster.server"),
    "query in URL": (None, {"server": "https://paris.example.org?x=y"}, "cluster.server"),
    "no host": (None, {"server": "https://"}, "cluster.server"),
    "bad port": (None, {"server": "https://paris:99999"}, "cluster.server"),
    "metadata service": (None, {"server": "https://169.254.169.254"}, "cluster.server"),
    "link-local": (None, {"server": "https://[fe80::1%25eth0]:6443"}, "cluster.server"),
    "line break in URL": (None, {"server": "https://paris\r\nX: y"}, "cluster.server"),
    "no server": (None, {"server": None}, "cluster.server"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_on_the_list_is_refused_by_name(case: str) -> None:
    user, cluster, field = REFUSED[case]
    with pytest.raises(KubeconfigError) as refusal:
        parse_kubeconfig(written(kubeconfig(user, cluster)))
    assert refusal.value.field == field
    assert refusal.value.remedy
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "file"),
        (b"just text", "file"),
        (f"users: [token: {SECRET}".encode(), "file"),
        (b"\xff\xfe\x00", "file"),
        (b"!!python/object/apply:os.system ['true']", "file"),
        (b"[" * 10_000, "file"),
        (b"#" * (1024 * 1024 + 1), "file"),
        (written(kubeconfig(contexts=[])), "contexts"),
        (written(kubeconfig(**{"current-context": "gone"})), "contexts"),
        (written(kubeconfig(clusters=[])), "clusters"),
        (written(kubeconfig(users="nobody")), "users"),
        (written(kubeconfig(users=[{"name": "u", "user": {"token": "1"}}] * 2)), "users"),
        (
            written(kubeconfig(**{"current-context": "", "contexts": [{"name": "a"}, {"name": "b"}]})),
            "current-context",
        ),
    ],
)
def test_broken_file_is_refused_without_quoting_it(content: bytes, field: str) -> None:
    with pytest.raises(KubeconfigError) as refusal:
        parse_kubeconfig(content)
    assert refusal.value.field == field
    assert SECRET not in str(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority("test", tmp_path_factory.mktemp("pki"))


def user_of(pair: Pair) -> dict[str, str]:
    return {
        "client-certificate-data": encoded(pair.certificate.read_bytes()),
        "client-key-data": encoded(pair.key.read_bytes()),
    }


def open_files() -> set[Path]:
    return set(Path("/proc/self/fd").iterdir())


async def test_client_certificate_is_loaded_and_nothing_is_left_open(authority: Authority) -> None:
    ca = {"certificate-authority-data": encoded(authority.certificate_file.read_bytes())}
    read = parse_kubeconfig(written(kubeconfig(user_of(authority.client("operator")), ca)))
    before = open_files()
    kube = open_kube(read, timeout=1.0)
    assert open_files() == before
    assert kube.server == "https://paris.example.org:6443"
    await kube.close()


def test_key_of_another_certificate_is_refused(authority: Authority) -> None:
    mixed = user_of(authority.client("a")) | {
        "client-key-data": user_of(authority.client("b"))["client-key-data"]
    }
    with pytest.raises(KubeconfigError) as refusal:
        check_tls(parse_kubeconfig(written(kubeconfig(mixed))))
    assert refusal.value.field == "user.client-key-data"


def test_broken_authority_is_refused() -> None:
    ca = {"certificate-authority-data": encoded(CERTIFICATE)}
    with pytest.raises(KubeconfigError) as refusal:
        check_tls(parse_kubeconfig(written(kubeconfig(None, ca))))
    assert refusal.value.field == "cluster.certificate-authority-data"


def test_secrets_never_show(authority: Authority) -> None:
    user = user_of(authority.client("shown")) | {"token": SECRET}
    read = parse_kubeconfig(written(kubeconfig(user)))
    assert SECRET not in repr(read)
    assert "PRIVATE" not in repr(read)
