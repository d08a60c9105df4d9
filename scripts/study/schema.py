"""The schemas of config and sheets: defaults filled in, violations told in one line each."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "config" / "schemas"
TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "a section of keys",
    "string": "text",
}


@cache
def read_schema(name: str) -> dict:
    """Return the schema of ``config``, ``samples`` or ``units``."""
    text = (FOLDER / f"{name}.schema.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def resolve(part: dict, root: dict) -> dict:
    """Return a part of a schema with its reference, if it is one, put in; its own keywords come first."""
    if "$ref" not in part:
        return part
    found: Any = root
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return {**resolve(found, root), **{key: value for key, value in part.items() if key != "$ref"}}


def is_section(part: dict) -> bool:
    """Tell a section, whose keys may have defaults, from a value."""
    return part.get("type") == "object" and "properties" in part and "default" not in part


def filled(value: Any, part: dict, root: dict) -> Any:
    """Return a copy of ``value`` with the defaults that the schema gives to missing keys; empty sections are filled.

    A whole number that YAML read as 5.0 becomes 5, as the schema takes it for one.
    """
    part = resolve(part, root)
    if is_section(part) and value is None:
        value = {}
    if isinstance(value, dict):
        value = {key: filled(entry, part.get("properties", {}).get(key, {}), root) for key, entry in value.items()}
        for key, entry in part.get("properties", {}).items():
            entry = resolve(entry, root)
            if key not in value and "default" in entry:
                value[key] = copy.deepcopy(entry["default"])
            elif key not in value and is_section(entry) and "required" not in entry and key != "pathvars":
                value[key] = filled({}, entry, root)
    elif isinstance(value, list):
        value = [filled(entry, part.get("items", {}), root) for entry in value]
    elif isinstance(value, float) and part.get("type") == "integer" and value.is_integer():
        value = int(value)
    return value


def describe(part: dict) -> str:
    """Return in words what a value must be: the schema's title, or what follows from type and choices."""
    if "title" in part:
        return part["title"]
    if "enum" in part:
        return " or ".join([", ".join(map(str, part["enum"][:-1])), str(part["enum"][-1])] if part["enum"][1:] else part["enum"])
    types = part.get("type", "string")
    return " or ".join(TYPES[name] for name in ([types] if isinstance(types, str) else types))


def show(value: Any) -> str:
    """Return a value as the user may have written it, cut if long."""
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def suggest(name: str, known: Iterator[str] | list[str]) -> str:
    """Return ``; did you mean …?`` if a known name resembles this one."""
    by_case = {str(other).lower(): str(other) for other in known}
    close = get_close_matches(str(name).lower(), list(by_case), n=1, cutoff=0.6)
    return f"; did you mean {by_case[close[0]]!r}?" if close else ""


def unusual(value: Any, place: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """Yield what YAML allows and no schema can judge: keys that aren't text, infinite numbers, control characters."""
    if isinstance(value, dict):
        for key, entry in value.items():
            if not isinstance(key, str):
                yield place, f"key {show(key)} is not text; put it in quotes"
            else:
                yield from unusual(entry, (*place, key))
    elif isinstance(value, list):
        for number, entry in enumerate(value):
            yield from unusual(entry, (*place, number))
    elif isinstance(value, float) and not math.isfinite(value):
        yield place, f"{value} is not a usable number; give a finite one"
    elif isinstance(value, str) and not value.isprintable():
        yield place, f"{show(value)} has a line break or an invisible character; remove it"


def violations(value: Any, schema: dict) -> list[tuple[tuple, str]]:
    """Return where (keys and indices) the value breaks the schema, and what is to be done about it."""
    from jsonschema import Draft202012Validator

    found = list(unusual(value))
    if found:
        return found
    errors = sorted(Draft202012Validator(schema).iter_errors(value), key=lambda error: [str(step) for step in error.absolute_path])
    for error in errors:
        place = tuple(error.absolute_path)
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            for key in sorted(set(error.instance) - set(known)):
                found.append(((*place, key), f"is not a key{suggest(key, list(known)) or '; remove it'}"))
        elif error.validator == "required":
            key = next(key for key in error.schema["required"] if key not in error.instance and f"'{key}'" in error.message)
            found.append(((*place, key), f"is missing; give {describe(resolve(error.schema['properties'][key], schema))}"))
        elif error.validator == "uniqueItems":
            twice = [entry for i, entry in enumerate(error.instance) if entry in error.instance[:i]]
            found.append((place, f"{show(twice[0])} is listed twice; remove one"))
        elif error.validator == "minItems":
            found.append((place, f"the list is empty; give {describe(error.schema)}"))
        elif "propertyNames" in error.absolute_schema_path:
            found.append(((*place, error.instance), f"the key is not {describe(error.schema)}; rename it"))
        else:
            quotes = isinstance(error.instance, (bool, int, float)) and error.schema.get("type") == "string"
            hint = "; put it in quotes" if quotes else ""
            hint += suggest(error.instance, error.schema["enum"]) if error.validator == "enum" else ""
            found.append((place, f"{show(error.instance)} is not {describe(error.schema)}{hint or '; correct it'}"))
    return found
