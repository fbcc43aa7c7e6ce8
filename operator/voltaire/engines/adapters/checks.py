"""Rules that every manifest keeps, whatever its kind.

What a pod may do (host paths, privileges, service accounts) is not judged here: the member does that, since
objects are created as a service account of the user's own namespace there, under that cluster's RBAC, quotas
and Pod Security admission. What these rules refuse is what would reach past that namespace or take Voltaire's
own bookkeeping away from it.
"""

from __future__ import annotations

import re
from typing import Any

from voltaire.api.labels import OWN_PREFIXES
from voltaire.engines.adapters.base import Object, Problem
from voltaire.engines.adapters.shape import items, mapping, path

ROOT = "spec.manifest"
LONGEST_NAME = 52
"""Characters: a pod's name is its owner's plus a suffix, in at most 63."""
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_TOP = frozenset({"apiVersion", "kind", "metadata", "spec"})
_METADATA = frozenset({"name", "namespace", "labels", "annotations"})
_REMEDIES = {
    "generateName": "set metadata.name, or leave both out to use the AIWorkload's name",
    "ownerReferences": "remove it: a member knows no owner of this object",
    "finalizers": "remove it: the object could then not be deleted when the workload moves",
}


def object_name(manifest: Object, workload_name: str) -> str:
    """Name of the object in the member: the manifest's, else the AIWorkload's."""
    name = path(manifest, "metadata", "name")
    return name if isinstance(name, str) and name else workload_name


def common_problems(manifest: Object, namespace: str, workload_name: str) -> list[Problem]:
    """What is wrong with metadata, labels and the outer shape."""
    return [
        *_shape(manifest),
        *_metadata(mapping(manifest.get("metadata"))),
        *_names(manifest, namespace, workload_name),
        *_own_keys(manifest.get("metadata"), f"{ROOT}.metadata"),
        *_own_keys(path(manifest, "spec", "template", "metadata"), f"{ROOT}.spec.template.metadata"),
        *_template(manifest),
    ]


def _shape(manifest: Object) -> list[Problem]:
    return [
        Problem(f"{ROOT}.{key}", "remove it: a manifest has apiVersion, kind, metadata and spec")
        for key, value in manifest.items()
        if key not in _TOP and value not in (None, {})
    ]


def _metadata(metadata: Object) -> list[Problem]:
    return [
        Problem(f"{ROOT}.metadata.{key}", _REMEDIES.get(key, "remove it: the member's API server sets it"))
        for key, value in metadata.items()
        if key not in _METADATA and value not in (None, "", [], {})
    ]


def _names(manifest: Object, namespace: str, workload_name: str) -> list[Problem]:
    found = []
    wanted = path(manifest, "metadata", "namespace")
    if wanted not in (None, "", namespace):
        message = f"must be the AIWorkload's own, {namespace!r}, or be left out"
        found.append(Problem(f"{ROOT}.metadata.namespace", message))
    name = object_name(manifest, workload_name)
    if len(name) > LONGEST_NAME:
        message = f"{name!r} has {len(name)} characters; set one of at most {LONGEST_NAME}: pods get a suffix"
        found.append(Problem(f"{ROOT}.metadata.name", message))
    elif not _NAME.fullmatch(name):
        message = f"{name!r} must be of a-z, 0-9 and '-', and begin and end with a letter or digit"
        found.append(Problem(f"{ROOT}.metadata.name", message))
    return found


def _own_keys(metadata: Any, where: str) -> list[Problem]:
    return [
        Problem(f"{where}.{part}[{key}]", f"remove it: {key.split('/')[0]}/ is Voltaire's own")
        for part in ("labels", "annotations")
        for key in mapping(path(metadata, part))
        if isinstance(key, str) and key.startswith(OWN_PREFIXES)
    ]


def _template(manifest: Object) -> list[Problem]:
    where = f"{ROOT}.spec.template.spec.containers"
    if not items(path(manifest, "spec", "template", "spec", "containers")):
        return [Problem(where, "name at least one container to run")]
    return []


def count_problem(manifest: Object, field: str, *, least: int = 1) -> list[Problem]:
    """Whether `spec.field`, where it is set, is an integer of at least `least`."""
    value = path(manifest, "spec", field)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= least):
        return []
    return [Problem(f"{ROOT}.spec.{field}", f"must be an integer of at least {least}, not {value!r}")]
