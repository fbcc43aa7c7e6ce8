"""What the accounts of the manifests may do, as the API server's own authoriser sees it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.server import REPOSITORY, Server
from voltaire.lab import Lab

pytestmark = pytest.mark.lab

MANIFESTS = REPOSITORY / "manifests"
OPERATOR = "system:serviceaccount:voltaire-system:voltaire"
MEMBER = "system:serviceaccount:voltaire-system:voltaire-operator"
RUNNER = "system:serviceaccount:ai:voltaire-runner"

# user, verb, group/resource[/subresource], namespace (empty: all), name (empty: any), allowed
Question = tuple[str, str, str, str, str, bool]

HUB: list[Question] = [
    (OPERATOR, "watch", "voltaire.dev/aiworkloads", "", "", True),
    (OPERATOR, "list", "voltaire.dev/placementpolicies", "", "", True),
    (OPERATOR, "patch", "voltaire.dev/aiworkloads/status", "", "", True),
    (OPERATOR, "patch", "voltaire.dev/aiworkloads", "", "", True),
    (OPERATOR, "create", "events.k8s.io/events", "ai", "", True),
    (OPERATOR, "get", "/secrets", "voltaire-system", "paris-kubeconfig", True),
    (OPERATOR, "get", "/configmaps", "voltaire-system", "carbon-fr", True),
    (OPERATOR, "create", "coordination.k8s.io/leases", "voltaire-system", "", True),
    (OPERATOR, "update", "coordination.k8s.io/leases", "voltaire-system", "voltaire", True),
    (OPERATOR, "update", "coordination.k8s.io/leases", "voltaire-system", "another", False),
    (OPERATOR, "list", "/secrets", "voltaire-system", "", False),
    (OPERATOR, "get", "/secrets", "ai", "tenant", False),
    (OPERATOR, "get", "/configmaps", "kube-system", "any", False),
    (OPERATOR, "patch", "voltaire.dev/regionalclusters", "", "", False),
    (OPERATOR, "delete", "voltaire.dev/aiworkloads", "", "", False),
    (OPERATOR, "create", "/pods", "ai", "", False),
    (OPERATOR, "create", "batch/jobs", "ai", "", False),
    (OPERATOR, "impersonate", "/serviceaccounts", "ai", "voltaire-runner", False),
]
PARIS: list[Question] = [
    (MEMBER, "watch", "/pods", "", "", True),
    (MEMBER, "list", "/nodes", "", "", True),
    (MEMBER, "watch", "batch/jobs", "", "", True),
    (MEMBER, "get", "/namespaces", "", "kube-system", True),
    (MEMBER, "list", "/events", "ai", "", True),
    (MEMBER, "get", "apps/deployments", "ai", "chat", True),
    (MEMBER, "impersonate", "/serviceaccounts", "ai", "voltaire-runner", True),
    (MEMBER, "impersonate", "/serviceaccounts", "ai", "default", False),
    (MEMBER, "impersonate", "/users", "", "admin", False),
    (MEMBER, "impersonate", "/groups", "", "system:masters", False),
    (MEMBER, "create", "batch/jobs", "ai", "", False),
    (MEMBER, "delete", "/pods", "ai", "", False),
    (MEMBER, "get", "/secrets", "ai", "tenant", False),
    (RUNNER, "create", "batch/jobs", "ai", "", True),
    (RUNNER, "patch", "apps/deployments", "ai", "chat", True),
    (RUNNER, "delete", "batch/jobs", "ai", "train", True),
    (RUNNER, "create", "batch/jobs", "default", "", False),
    (RUNNER, "create", "/pods", "ai", "", False),
    (RUNNER, "get", "/secrets", "ai", "tenant", False),
]


@pytest.fixture(scope="module")
def hub(lab: Lab) -> Iterator[Server]:
    found = Server(lab.hub)
    found.run("apply", "--server-side", "-f", str(MANIFESTS / "base" / "namespace.yaml"))
    found.run("apply", "--server-side", "-k", str(MANIFESTS / "rbac"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def paris(lab: Lab) -> Iterator[Server]:
    found = Server(lab.members["paris"])
    found.run("apply", "--server-side", "-f", str(MANIFESTS / "samples" / "namespace.yaml"))
    found.run("apply", "--server-side", "-k", str(MANIFESTS / "member"))
    found.run("apply", "--server-side", "-k", str(MANIFESTS / "member" / "tenant"))
    yield found
    found.close()


def allowed(server: Server, question: Question) -> bool:
    user, verb, resource, namespace, name, _ = question
    group, kind, *rest = resource.split("/")
    attributes = {"verb": verb, "group": group, "resource": kind, "namespace": namespace, "name": name}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": attributes | {"subresource": "/".join(rest)}},
    }
    answer = server.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", body)
    assert answer.code == 201, answer.message
    return bool(answer.body["status"]["allowed"])


def named(question: Question) -> str:
    user, verb, resource, namespace, name, _ = question
    return f"{user.split(':')[-1]} {verb} {resource.strip('/')} {namespace or 'anywhere'} {name}".strip()


@pytest.mark.parametrize("question", HUB, ids=named)
def test_the_operator_on_the_hub(hub: Server, question: Question) -> None:
    assert allowed(hub, question) is question[-1]


@pytest.mark.parametrize("question", PARIS, ids=named)
def test_the_accounts_on_a_member(paris: Server, question: Question) -> None:
    assert allowed(paris, question) is question[-1]
