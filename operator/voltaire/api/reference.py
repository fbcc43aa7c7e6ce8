"""Reference pages from the CRDs: `python -m voltaire.api.reference DIR` writes one Markdown page per kind."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from voltaire.api.base import GROUP, VERSION
from voltaire.api.crd import crd
from voltaire.api.resources import KINDS, Kind

Schema = dict[str, Any]
_NOTE = "<!-- Generated from voltaire.api by `make generate`: edit the models, not this page. -->\n"


def page(kind: Kind) -> str:
    """The whole page of one kind."""
    definition = crd(kind)["spec"]
    schema = definition["versions"][0]["schema"]["openAPIV3Schema"]
    names = definition["names"]
    short = ", ".join(f"`{name}`" for name in names["shortNames"])
    head = (
        f"{_NOTE}# {kind.kind}\n\n{kind.description}\n\n"
        f"`{GROUP}/{VERSION}`, {definition['scope'].lower()}, plural `{names['plural']}`, short {short}, "
        f"category `voltaire`.\n"
    )
    rules = list(_rules("", schema))
    parts = [head, _table("spec", schema["properties"]["spec"])]
    if rules:
        parts.append("## Rules\n\n" + "\n".join(f"- {rule}" for rule in rules) + "\n")
    parts += [_table("status", schema["properties"]["status"]), _columns(kind)]
    return "\n".join(parts)


def index() -> str:
    """The page that lists the kinds."""
    rows = [
        f"| [{kind.kind}]({kind.kind.lower()}.md) | `{kind.short[0]}` | "
        f"{'namespace' if kind.namespaced else 'cluster'} | {kind.description} |"
        for kind in KINDS.values()
    ]
    table = "\n".join(["| kind | short | scope | what it is |", "| --- | --- | --- | --- |", *rows])
    return f"{_NOTE}# Resources\n\nGroup `{GROUP}`, version `{VERSION}`.\n\n{table}\n"


def _table(title: str, schema: Schema) -> str:
    rows = [
        f"| `{path}` | {_type(node)} | {_bounds(node)} | {_escape(node.get('description', ''))} |"
        for path, node in _fields("", schema)
    ]
    header = ["| field | type | bounds and default | meaning |", "| --- | --- | --- | --- |"]
    return f"## {title}\n\n{schema['description']}\n\n" + "\n".join(header + rows) + "\n"


def _fields(prefix: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    required = schema.get("required", [])
    for name, node in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield path, {**node, "required": name in required}
        inner = node.get("items", node)
        yield from _fields(f"{path}[]." if "items" in node else f"{path}.", inner)


def _type(node: Schema) -> str:
    if node["type"] == "array":
        return f"list of {_type(node['items'])}"
    if "additionalProperties" in node:
        return f"map to {_type(node['additionalProperties'])}"
    if node.get("format") == "date-time":
        return "time"
    if node.get("maxLength") == 32 and "pattern" in node and "ms" in node["pattern"]:
        return "duration"
    return str(node["type"])


def _bounds(node: Schema) -> str:
    said = []
    if node["required"]:
        said.append("required")
    if "enum" in node:
        said.append(", ".join(f"`{value}`" for value in node["enum"]))
    low, high = node.get("minimum"), node.get("maximum")
    if low is not None:
        said.append(f"{'>' if node.get('exclusiveMinimum') else '≥'} {low:g}")
    if high is not None:
        said.append(f"{'<' if node.get('exclusiveMaximum') else '≤'} {high:g}")
    for key, word in (("maxLength", "characters"), ("maxItems", "items"), ("maxProperties", "entries")):
        if key in node:
            said.append(f"at most {node[key]} {word}")
    if node.get("default") not in (None, {}):
        said.append(f"default `{json.dumps(node['default'])}`")
    return _escape("; ".join(said))


def _rules(path: str, schema: Schema) -> Iterator[str]:
    for rule in schema.get("x-kubernetes-validations", []):
        place = f"`{path}`: " if path else ""
        yield f"{place}{rule['message']}."
    for name, node in schema.get("properties", {}).items():
        inner = node.get("items", node)
        child = f"{path}.{name}" if path else name
        yield from _rules(f"{child}[]" if "items" in node else child, inner)


def _columns(kind: Kind) -> str:
    rows = [f"| {c.name} | `{c.path}` | {'-o wide' if c.wide else ''} |" for c in kind.columns]
    header = ["## Columns of kubectl get", "", "| column | field | shown with |", "| --- | --- | --- |"]
    return "\n".join(header + rows) + "\n"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def write(folder: Path) -> list[Path]:
    """Write every page into `folder`; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {f"{kind.kind.lower()}.md": page(kind) for kind in KINDS.values()} | {"resources.md": index()}
    files = []
    for name, text in pages.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
        files.append(path)
    return files


if __name__ == "__main__":
    for target in sys.argv[1:]:
        write(Path(target))
