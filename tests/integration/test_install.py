"""Both ways to install give the same operator the same rights, and the samples are taken as they are."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.server import REPOSITORY, Server, documents
from voltaire.api.resources import KINDS
from voltaire.lab import Lab
from voltaire.lab.assets import ensure

pytestmark = pytest.mark.lab

MANIFESTS = REPOSITORY / "manifests"
CHART = REPOSITORY / "charts" / "voltaire"
BY_KUBECTL, BY_HELM = "voltaire-system", "voltaire-by-helm"
OUR_CRDS = {f"{kind.plural}.voltaire.dev" for kind in KINDS.values()}

Object = dict[str, Any]


@pytest.fixture(scope="module")
def server(lab: Lab) -> Iterator[Server]:
    found = Server(lab.hub)
    yield found
    found.close()


@pytest.fixture(scope="module")
def by_kubectl(server: Server) -> Iterator[Server]:
    """The hub with everything of manifests/default."""
    server.run("apply", "--server-side", "-k", str(MANIFESTS / "default"))
    server.run("wait", "--for=condition=Established", "--timeout=60s", *(f"crd/{name}" for name in OUR_CRDS))
    yield server
    server.run("delete", "deployment,service", "-n", BY_KUBECTL, "-l", "app.kubernetes.io/name=voltaire")


class Helm:
    """Helm with folders of its own: it reads and writes nothing of the user's."""

    def __init__(self, program: Path, home: Path, kubeconfig: Path) -> None:
        self._program = program
        self._environ = {
            "HOME": str(home),
            "HELM_CACHE_HOME": str(home / "cache"),
            "HELM_CONFIG_HOME": str(home / "config"),
            "HELM_DATA_HOME": str(home / "data"),
            "KUBECONFIG": str(kubeconfig),
        }

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [self._program, *arguments]
        return subprocess.run(
            command, env=self._environ, capture_output=True, text=True, timeout=180, check=False
        )

    def run(self, *arguments: str) -> str:
        done = self.call(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def helm(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Helm:
    return Helm(ensure(["helm"])["helm"], tmp_path_factory.mktemp("helm"), lab.hub.admin_kubeconfig)


@pytest.fixture(scope="module")
def by_helm(helm: Helm, by_kubectl: Server) -> Iterator[Server]:
    """The same hub with a release beside it, in a namespace of its own."""
    helm.run("install", BY_HELM, str(CHART), "--namespace", BY_HELM, "--create-namespace")
    yield by_kubectl
    helm.run("uninstall", BY_HELM, "--namespace", BY_HELM)


def rbac(server: Server, namespace: str, name: str) -> tuple[list[Object], list[Object], list[str]]:
    """The rules of an installation and to whom they are bound."""
    base = "/apis/rbac.authorization.k8s.io/v1"
    roles = [
        server.request("GET", f"{base}{path}/{name}").body
        for path in ("/clusterroles", f"/namespaces/{namespace}/roles")
    ]
    bindings = [
        server.request("GET", f"{base}{path}/{name}").body
        for path in ("/clusterrolebindings", f"/namespaces/{namespace}/rolebindings")
    ]
    subjects = [f"{s['kind']} {s['namespace']}/{s['name']}" for b in bindings for s in b["subjects"]]
    return roles[0]["rules"], roles[1]["rules"], subjects


def test_kubectl_installs_everything(by_kubectl: Server) -> None:
    assert "deployment.apps/voltaire" in by_kubectl.run("get", "deployment", "-n", BY_KUBECTL, "-o", "name")
    found = by_kubectl.run("get", "crd", "-o", "name").split()
    assert {f"customresourcedefinition.apiextensions.k8s.io/{name}" for name in OUR_CRDS} <= set(found)


def test_helm_installs_with_the_same_rights(by_helm: Server) -> None:
    *ours, subjects = rbac(by_helm, BY_KUBECTL, "voltaire")
    *charts, chart_subjects = rbac(by_helm, BY_HELM, BY_HELM)
    assert charts == ours
    assert subjects == [f"ServiceAccount {BY_KUBECTL}/voltaire"] * 2
    assert chart_subjects == [f"ServiceAccount {BY_HELM}/{BY_HELM}"] * 2


def test_helm_runs_the_same_container(by_helm: Server) -> None:
    def pod(namespace: str, name: str) -> Object:
        path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
        spec: Object = by_helm.request("GET", path).body["spec"]["template"]["spec"]
        return spec

    ours, charts = pod(BY_KUBECTL, "voltaire"), pod(BY_HELM, BY_HELM)
    for field in ("securityContext", "volumes", "terminationGracePeriodSeconds"):
        assert charts[field] == ours[field]
    first, second = ours["containers"][0], charts["containers"][0]
    for field in (
        "image",
        "args",
        "ports",
        "livenessProbe",
        "readinessProbe",
        "resources",
        "securityContext",
    ):
        assert second[field] == first[field], field


def test_the_chart_is_clean(helm: Helm) -> None:
    assert "0 chart(s) failed" in helm.run("lint", "--strict", str(CHART))


def test_the_chart_brings_the_crds(helm: Helm) -> None:
    rendered = documents(helm.run("template", "v", str(CHART), "--include-crds"))
    crds = [d for d in rendered if d["kind"] == "CustomResourceDefinition"]
    assert {d["metadata"]["name"] for d in crds} == OUR_CRDS


def test_options_reach_the_operator(helm: Helm) -> None:
    options = [
        "clock=2022-03-14T00:00:00+00:00@2026-01-01T00:00:00+00:00x720",
        "allowPrivateUrls=true",
        "traceDir.volume.configMap.name=traces",
        "extraEnv[0].name=VOLTAIRE_WORKERS",
        "extraEnv[0].value=4",
        "serviceMonitor.enabled=true",
        "image.tag=dev",
    ]
    flags = [
        part for option in options for part in ("--set-string" if "value" in option else "--set", option)
    ]
    rendered = {d["kind"]: d for d in documents(helm.run("template", "v", str(CHART), *flags))}
    pod = rendered["Deployment"]["spec"]["template"]["spec"]
    environment = {entry["name"]: entry.get("value") for entry in pod["containers"][0]["env"]}
    assert environment["VOLTAIRE_CLOCK"].endswith("x720")
    assert environment["VOLTAIRE_ALLOW_PRIVATE_URLS"] == "true"
    assert environment["VOLTAIRE_WORKERS"] == "4"
    assert {"name": "traces", "configMap": {"name": "traces"}} in pod["volumes"]
    assert pod["containers"][0]["image"] == "voltaire:dev"
    assert rendered["ServiceMonitor"]["spec"]["endpoints"][0]["path"] == "/metrics"


@pytest.mark.parametrize(
    ("option", "names"),
    [
        ("logLevel=CHATTY", "logLevel"),
        ("replicas=-1", "replicas"),
        ("nonsense=1", "nonsense"),
        ("replicas=2,leaderElection=false", "leaderElection"),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(helm: Helm, option: str, names: str) -> None:
    done = helm.call("template", "v", str(CHART), "--set", option)
    assert done.returncode != 0
    assert names in done.stderr


def test_the_server_takes_the_samples(by_kubectl: Server) -> None:
    # A dry run creates no namespace for what lies in it: the samples' own must be there.
    by_kubectl.run("apply", "--server-side", "-f", str(MANIFESTS / "samples" / "namespace.yaml"))
    said = by_kubectl.run("apply", "--server-side", "--dry-run=server", "-k", str(MANIFESTS / "samples"))
    kinds = [line.split(".voltaire.dev/")[0] for line in said.splitlines() if ".voltaire.dev/" in line]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "aiworkload": 6,
        "battery": 1,
        "gridzone": 3,
        "placementpolicy": 1,
        "regionalcluster": 3,
    }


@pytest.mark.parametrize("folder", ["overlays/dev", "overlays/namespace"])
def test_an_overlay_keeps_everything_in_one_namespace(by_kubectl: Server, folder: str) -> None:
    rendered = documents(by_kubectl.run("kustomize", str(MANIFESTS / folder)))
    bindings = [d for d in rendered if d["kind"].endswith("Binding")]
    namespaces = {d["metadata"]["name"] for d in rendered if d["kind"] == "Namespace"}
    assert {s["namespace"] for b in bindings for s in b["subjects"]} == namespaces
    outside = [d for d in rendered if d["metadata"].get("namespace", "") not in {"", *namespaces}]
    assert outside == []
