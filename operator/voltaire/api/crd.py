"""CustomResourceDefinitions from the pydantic models: `python -m voltaire.api.crd DIR` writes them.

Pydantic emits JSON Schema 2020-12; an API server takes a structural subset of OpenAPI 3.0. The differences
are few and all here: references are inlined, null alternatives go, exclusive bounds are flags.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema

from voltaire.api.base import GROUP, VERSION, cel, format_duration
from voltaire.api.resources import KINDS, Column, Kind

Schema = dict[str, Any]
_DROPPED = frozenset({"title", "$defs", "discriminator", "propertyNames"})


class _GoDurations(GenerateJsonSchema):
    """Writes default durations as the API reads them, not in ISO 8601."""

    def encode_default(self, dft: Any) -> Any:
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def structural(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """The structural form of one JSON Schema node; `definitions` are the document's `$defs`."""
    if "$ref" in schema:
        target = definitions[schema["$ref"].rsplit("/", 1)[1]]
        merged = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
        return structural(merged, definitions)
    if "anyOf" in schema:
        options = [option for option in schema["anyOf"] if option.get("type") != "null"]
        if len(options) != 1:
            raise ValueError(f"not structural: a choice of {len(options)} schemas in {schema}")
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return structural({**options[0], **rest}, definitions)
    return _keywords(schema, definitions)


def _keywords(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    out: Schema = {}
    for key, value in schema.items():
        if key in _DROPPED or (key == "default" and value is None):
            continue
        if key == "properties":
            out[key] = {name: structural(node, definitions) for name, node in value.items()}
        elif key == "items":
            out[key] = structural(value, definitions)
        elif key == "additionalProperties":
            if isinstance(value, dict):
                out[key] = structural(value, definitions)
        elif key == "patternProperties":
            out |= _patterned_keys(value, definitions)
        elif key == "const":
            out["enum"] = [value]
        elif key in ("exclusiveMinimum", "exclusiveMaximum"):
            out[key.replace("exclusiveM", "m")] = value
            out[key] = True
        else:
            out[key] = value
    if out.get("x-kubernetes-preserve-unknown-fields"):
        out.pop("additionalProperties", None)
    return out


def _patterned_keys(patterns: dict[str, Schema], definitions: dict[str, Schema]) -> Schema:
    """CRDs know no patternProperties: the pattern of a map's keys becomes a rule."""
    ((pattern, values),) = patterns.items()
    rule = cel(f"self.all(key, key.matches('{pattern}'))", f"keys must match {pattern}")
    return {"additionalProperties": structural(values, definitions), "x-kubernetes-validations": [rule]}


def _part(model: Any) -> Schema:
    document = model.model_json_schema(by_alias=True, mode="validation", schema_generator=_GoDurations)
    return structural(document, document.get("$defs", {}))


def _column(column: Column) -> Schema:
    out: Schema = {"name": column.name, "type": column.type, "jsonPath": column.path}
    return out | ({"priority": 1} if column.wide else {})


def crd(kind: Kind) -> Schema:
    """The CustomResourceDefinition of one kind."""
    schema: Schema = {
        "type": "object",
        "description": kind.description,
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": f"{GROUP}/{VERSION}."},
            "kind": {"type": "string", "description": f"{kind.kind}."},
            "metadata": {"type": "object"},
            "spec": _part(kind.spec),
            "status": _part(kind.status),
        },
    }
    if kind.rules:
        schema["x-kubernetes-validations"] = list(kind.rules)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "shortNames": list(kind.short),
                "categories": ["voltaire"],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": [_column(column) for column in kind.columns],
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def render(kind: Kind) -> str:
    """The CRD as YAML, with a note on where it comes from."""
    text = yaml.safe_dump(crd(kind), sort_keys=False, width=110, allow_unicode=True)
    return f"# Generated from voltaire.api by `make generate`: edit the models, not this file.\n{text}"


def write(folder: Path) -> list[Path]:
    """Write every CRD into `folder`; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for kind in KINDS.values():
        path = folder / f"{GROUP}_{kind.plural}.yaml"
        path.write_text(render(kind), encoding="utf-8")
        files.append(path)
    return files


if __name__ == "__main__":
    for target in sys.argv[1:]:
        write(Path(target))
