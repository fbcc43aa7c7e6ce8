"""The lab's certificates: who they let in, and where."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from voltaire.lab.pki import Authority, Pair


def handshake(server: Pair, server_trusts: Path, client: Pair, client_trusts: Path) -> str:
    """The user the server sees. Raises what the client sees."""
    listening = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(server_trusts))
    listening.load_cert_chain(server.certificate, server.key)
    listening.verify_mode = ssl.CERT_REQUIRED
    calling = ssl.create_default_context(cafile=str(client_trusts))
    calling.load_cert_chain(client.certificate, client.key)
    users: list[str] = []

    def serve(end: socket.socket) -> None:
        try:
            with listening.wrap_socket(end, server_side=True) as secured:
                subject = dict(pair[0] for pair in secured.getpeercert()["subject"])
                users.append(subject["commonName"])
                secured.sendall(b"in")
        except ssl.SSLError:
            end.close()

    here, there = socket.socketpair()
    thread = threading.Thread(target=serve, args=(there,))
    thread.start()
    try:
        with calling.wrap_socket(here, server_hostname="127.0.0.1") as secured:
            secured.recv(2)
    finally:
        here.close()
        thread.join()
    return users[0] if users else ""


def test_client_and_server_of_one_authority_trust_each_other(tmp_path: Path) -> None:
    authority = Authority("paris", tmp_path)
    server, client = authority.server("server"), authority.client("lab-admin", ("system:masters",))
    ca = authority.certificate_file
    assert handshake(server, ca, client, ca) == "lab-admin"
    subject = x509.load_pem_x509_certificate(client.certificate.read_bytes()).subject
    assert [a.value for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:masters"]


def test_another_clusters_client_is_not_let_in(tmp_path: Path) -> None:
    paris, virginia = Authority("paris", tmp_path / "paris"), Authority("virginia", tmp_path / "virginia")
    server, stranger = paris.server("server"), virginia.client("lab-admin")
    try:
        user = handshake(server, paris.certificate_file, stranger, paris.certificate_file)
    except (ssl.SSLError, ConnectionError):
        user = ""
    assert user == ""


def test_client_does_not_trust_another_clusters_server(tmp_path: Path) -> None:
    paris, virginia = Authority("paris", tmp_path / "paris"), Authority("virginia", tmp_path / "virginia")
    server, client = virginia.server("server"), paris.client("lab-admin")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, virginia.certificate_file, client, paris.certificate_file)


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    authority = Authority("paris", tmp_path / "pki")
    for key in (authority.server("server").key, authority.client("a").key, authority.service_account_key()):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "pki").stat().st_mode) == 0o700
