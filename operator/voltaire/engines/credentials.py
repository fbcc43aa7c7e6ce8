"""From a checked kubeconfig to connections. Secrets go to the TLS library through anonymous memory: no file
of them exists at any time, readable or not."""

from __future__ import annotations

import contextlib
import os
import ssl
from collections.abc import Iterator

from kubernetes.aio.client import Configuration

from voltaire.engines.kubeconfig import Kubeconfig, KubeconfigError
from voltaire.kube.client import Kube


def open_kube(kubeconfig: Kubeconfig, *, timeout: float) -> Kube:
    """A client with its own pool of connections.

    Raises KubeconfigError when certificates or key are not usable. Needs a running event loop.
    """
    check_tls(kubeconfig)
    with _configuration(kubeconfig) as configuration:
        return Kube(configuration, timeout=timeout)


def check_tls(kubeconfig: Kubeconfig) -> None:
    """Raises KubeconfigError when the TLS library does not take the certificates or the key."""
    try:
        context = ssl.create_default_context(cadata=kubeconfig.ca)
    except (ssl.SSLError, ValueError):
        remedy = "give the base64 of the PEM certificate"
        raise KubeconfigError("cluster.certificate-authority-data", "is broken", remedy) from None
    if kubeconfig.certificate is None:
        return
    try:
        with _in_memory(kubeconfig.certificate) as certificate, _in_memory(kubeconfig.key) as key:
            context.load_cert_chain(certificate or "", key)
    except (ssl.SSLError, ValueError, OSError):
        remedy = "give the certificate and the key that belongs to it"
        raise KubeconfigError("user.client-key-data", "does not fit the certificate", remedy) from None


@contextlib.contextmanager
def _configuration(kubeconfig: Kubeconfig) -> Iterator[Configuration]:
    """A client configuration whose certificate and key can be read once, inside the block."""
    configuration = Configuration(host=kubeconfig.server)
    configuration.verify_ssl = True
    configuration.ca_cert_data = kubeconfig.ca
    if kubeconfig.token is not None:
        configuration.api_key = {"BearerToken": kubeconfig.token}
        configuration.api_key_prefix = {"BearerToken": "Bearer"}
    with _in_memory(kubeconfig.certificate) as certificate, _in_memory(kubeconfig.key) as key:
        configuration.cert_file, configuration.key_file = certificate, key
        try:
            yield configuration
        finally:
            configuration.cert_file = configuration.key_file = None


@contextlib.contextmanager
def _in_memory(text: str | None) -> Iterator[str | None]:
    """The path of an anonymous file that only this process can open; gone when the block ends."""
    if text is None:
        yield None
        return
    descriptor = os.memfd_create("voltaire", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, text.encode("ascii"))
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
