"""Write the tables of config/README.md from the schemas: `python -m scripts.study.document`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from scripts.study.schema import FOLDER, describe, read_schema, resolve

README = FOLDER.parent / "README.md"
BEGIN = "<!-- made by scripts/study/document.py from config/schemas/{name}.schema.yaml: don't edit -->"
END = "<!-- end -->"


def keys_of(part: dict, root: dict, place: str = "") -> Iterator[tuple[str, dict, bool]]:
    """Yield each key of a schema as (dotted name, its part, whether it must be given); list entries as ``key[].…``."""
    for key, entry in part.get("properties", {}).items():
        entry = resolve(entry, root)
        name = f"{place}.{key}" if place else key
        shared = "$ref" in part["properties"][key] and "properties" in entry
        items = resolve(entry.get("items", {}), root)
        nested = not shared and ("properties" in entry or "properties" in items)
        if not nested or "description" in entry:
            yield name, entry, key in part.get("required", [])
        if nested:
            yield from keys_of(entry, root, name)
            if "$ref" not in entry.get("items", {}):
                yield from keys_of(items, root, f"{name}[]")


def cell(text: str) -> str:
    """Return a text as a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def default_of(entry: dict, required: bool) -> str:
    """Return a default as the user would write it."""
    if required:
        return "*required*"
    return f"`{json.dumps(entry['default'], ensure_ascii=False)}`" if "default" in entry else ""


def table_of_keys(schema: dict) -> str:
    """Return a Markdown table of all keys of the config."""
    lines = ["| key | default | what it is | meaning (unit; source of the default) |", "|---|---|---|---|"]
    for name, entry, required in keys_of(schema, schema):
        cells = [f"`{name}`", default_of(entry, required), describe(entry), entry.get("description", "")]
        lines.append("| " + " | ".join(map(cell, cells)) + " |")
    return "\n".join(lines)


def table_of_parts(schema: dict) -> str:
    """Return a Markdown table of what genomes and files are described by."""
    lines = ["| in | key | what it is | meaning |", "|---|---|---|---|"]
    for name in ("genome", "file"):
        for key, entry in schema["$defs"][name]["properties"].items():
            entry = resolve(entry, schema)
            lines.append(f"| a {name} | `{key}` | {cell(describe(entry))} | {cell(entry['description'])} |")
    return "\n".join(lines)


def table_of_columns(schema: dict) -> str:
    """Return a Markdown table of the columns of a sheet."""
    lines = ["| column | must be filled | what it is | meaning |", "|---|---|---|---|"]
    for key, entry in schema["properties"].items():
        entry, filled = resolve(entry, schema), "yes" if key in schema["required"] else ""
        lines.append(f"| `{key}` | {filled} | {cell(describe(entry))} | {cell(entry['description'])} |")
    return "\n".join(lines)


def tables() -> dict[str, str]:
    """Return the tables by the schema that they are made from."""
    config = read_schema("config")
    return {
        "samples": table_of_columns(read_schema("samples")),
        "units": table_of_columns(read_schema("units")),
        "config": f"{table_of_keys(config)}\n\n{table_of_parts(config)}",
    }


def renewed(text: str) -> str:
    """Return the README with its tables made again. Raises ValueError if a table's marks are missing."""
    for name, table in tables().items():
        begin = BEGIN.format(name=name)
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(END)
        if not found or not closed:
            raise ValueError(f"the marks of the table {name} are missing: {begin} … {END}")
        text = f"{before}{begin}\n{table}\n{END}{after}"
    return text


def main(path: Path = README) -> None:
    """Renew the README's tables in place."""
    path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
