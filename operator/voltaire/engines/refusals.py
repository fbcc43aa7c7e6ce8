"""What an API server's refusal means for a request: whether asking again can help, and what to do."""

from __future__ import annotations

from voltaire.api.actions import Outcome, Verb
from voltaire.engines.adapters import Adapter
from voltaire.kube.errors import (
    Conflict,
    Forbidden,
    Invalid,
    KubeError,
    NotFound,
    Throttled,
    Unauthorized,
    Unreachable,
)

LONGEST_MESSAGE = 1024


def refused(reason: str, message: str, *, permanent: bool = False, uid: str | None = None) -> Outcome:
    """An Outcome that did not work."""
    return Outcome(uid, reason, message[:LONGEST_MESSAGE], permanent)


def outcome_of(error: KubeError, verb: Verb, adapter: Adapter, namespace: str, account: str) -> Outcome:
    """The Outcome of a write that the member refused, or did not answer.

    Reasons: Unreachable, Unauthorized, Forbidden, QuotaExceeded, NamespaceMissing, NotFound, ObjectReplaced,
    NotResumable, Refused, Throttled, ServerError.
    """
    if isinstance(error, Forbidden):
        return _forbidden(error, adapter, namespace, account)
    if isinstance(error, NotFound):
        return _not_found(error, adapter, namespace)
    if isinstance(error, Conflict) or _other_uid(error):
        return refused("ObjectReplaced", f"the object is not the one that was meant: {error.message}")
    if isinstance(error, Invalid):
        return _invalid(error, verb)
    if isinstance(error, Unauthorized):
        return refused("Unauthorized", "the member does not accept the credentials; renew the kubeconfig")
    if isinstance(error, Throttled):
        return refused("Throttled", error.message or "the member asks to slow down")
    reason = "Unreachable" if isinstance(error, Unreachable) else "ServerError"
    return refused(reason, str(error))


def _other_uid(error: KubeError) -> bool:
    """A patch with another object's uid is refused as a change of an immutable field."""
    return isinstance(error, Invalid) and "metadata.uid" in error.message


def _forbidden(error: Forbidden, adapter: Adapter, namespace: str, account: str) -> Outcome:
    who = f"{namespace}/{account}"
    if "exceeded quota" in error.message:
        return refused("QuotaExceeded", error.message)
    if "cannot impersonate" in error.message:
        remedy = f"let the operator's identity in the member impersonate the service account {who}"
        return refused("Forbidden", f"{remedy}: {error.message}", permanent=True)
    group = adapter.api_version.rpartition("/")[0]
    remedy = (
        f"give the service account {who} in the member a Role with create, get, patch and delete on "
        f"{adapter.plural}" + (f" ({group})" if group else "")
    )
    return refused("Forbidden", f"{remedy}: {error.message}", permanent=True)


def _not_found(error: NotFound, adapter: Adapter, namespace: str) -> Outcome:
    if "namespaces " in error.message:
        return namespace_missing(namespace)
    if "could not find the requested resource" in error.message:
        message = f"the member does not know {adapter.kind} ({adapter.api_version}); install it there"
        return refused("Refused", message, permanent=True)
    return refused("NotFound", error.message)


def namespace_missing(namespace: str) -> Outcome:
    """The member has no such namespace."""
    message = f"the member has no namespace {namespace}; create it, with its service account and Role"
    return refused("NamespaceMissing", message, permanent=True)


def _invalid(error: Invalid, verb: Verb) -> Outcome:
    if verb is Verb.RESUME and "spec.template" in error.message and "immutable" in error.message:
        return refused("NotResumable", "this member cannot resume it in place; it must be made anew")
    return refused("Refused", f"the member's API server refuses it: {error.message}", permanent=True)
