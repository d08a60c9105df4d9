"""The schemas of config and sheets: defaults filled in, violations reported in one line each."""

from __future__ import annotations

import copy
import json
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
    """Return whether a part is a section, whose keys may have defaults, and not a value."""
    return part.get("type") == "object" and "properties" in part and "default" not in part


def filled(value: Any, part: dict, root: dict) -> Any:
    """Return a copy of ``value`` with the defaults that the schema gives to missing keys, in the order of the schema.

    Missing or empty sections are filled; single values are made what the schema asks for (:func:`typed`).
    """
    part = resolve(part, root)
    if is_section(part) and value is None:
        value = {}
    if isinstance(value, list):
        return [filled(entry, part.get("items", {}), root) for entry in value]
    if not isinstance(value, dict):
        return typed(value, types_of(part))
    result = {}
    for key, entry in part.get("properties", {}).items():
        entry = resolve(entry, root)
        if key in value:
            result[key] = filled(value[key], entry, root)
        elif "default" in entry:
            result[key] = copy.deepcopy(entry["default"])
        elif is_section(entry) and "required" not in entry:
            result[key] = filled({}, entry, root)
    return result | {key: copy.deepcopy(entry) for key, entry in value.items() if key not in result}


def types_of(part: dict) -> set[str]:
    """Return the types that a value may have; none if the schema doesn't say."""
    types = part.get("type", [])
    return set([types] if isinstance(types, str) else types).union(
        *(types_of(choice) for choice in part.get("anyOf", []))
    )


def typed(value: Any, types: set[str]) -> Any:
    """Return a value as the type that the schema asks for, where that is clearly intended.

    ``--config`` passes all nested values as text: there ``300``, ``false`` and ``null`` have their meaning in YAML.
    """
    if isinstance(value, str) and types & {"integer", "number", "boolean", "null"}:
        try:
            meant = json.loads(value.lower())
        except ValueError:
            return value
        kinds = {bool: {"boolean"}, int: {"integer", "number"}, float: {"number", "integer"}, type(None): {"null"}}
        if kinds.get(type(meant), set()) & types:
            value = meant
    if isinstance(value, float) and "integer" in types and "number" not in types and value.is_integer():
        value = int(value)
    return value


def describe(part: dict) -> str:
    """Return in words what a value must be: the schema's title, or what follows from type and choices."""
    if "title" in part:
        return part["title"]
    if "enum" in part:
        return " or ".join(
            [", ".join(map(str, part["enum"][:-1])), str(part["enum"][-1])] if part["enum"][1:] else part["enum"]
        )
    types = part.get("type", "string")
    return " or ".join(TYPES[name] for name in ([types] if isinstance(types, str) else types))


def show(value: Any) -> str:
    """Return a value as the user may have written it, cut if long."""
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def suggest(name: str, known: Iterator[str] | list[str], likeness: float = 0.6) -> str:
    """Return ``; did you mean …?`` if a known name resembles this one (ratio of difflib of at least ``likeness``)."""
    by_case = {str(other).lower(): str(other) for other in known}
    close = get_close_matches(str(name).lower(), list(by_case), n=1, cutoff=likeness)
    return f"; did you mean {by_case[close[0]]!r}?" if close else ""


def unusual(value: Any, place: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """Yield what YAML allows and a schema can't check: keys that aren't text, infinite numbers, control characters."""
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
    errors = Draft202012Validator(schema).iter_errors(value)
    for error in sorted(errors, key=lambda error: [str(step) for step in error.absolute_path]):
        place = tuple(error.absolute_path)
        found += [((*place, *key), message) for key, message in explain(error, schema)]
    # A value can break two keywords that have the same message: a range and a type.
    return list(dict.fromkeys(found))


def explain_moved(key: str, value: Any, target: str | dict[str, str]) -> Iterator[tuple[tuple, str]]:
    """Yield where a key, or each key of a section, of an earlier version of the config stands now."""
    if isinstance(target, str):
        yield (key,), f"has moved to {target}; rename it"
    elif isinstance(value, dict) and set(value) & set(target):
        for inner in sorted(value):
            yield (
                (key, inner),
                f"has moved to {target[inner]}; rename it" if inner in target else "is not a key; remove it",
            )
    else:
        places = ", ".join(sorted({place.split(".")[0] for place in target.values()}))
        yield (key,), f"has moved to the sections {places}; remove it"


def explain(error: Any, schema: dict) -> Iterator[tuple[tuple, str]]:
    """Yield, for an error of jsonschema, the key below its place that it is about (if one) and the message."""
    value, part = error.instance, error.schema
    if error.validator == "additionalProperties":
        known, moved, removed = list(part["properties"]), part.get("moved", {}), part.get("removed", {})
        for key in sorted(set(value) - set(known)):
            if key in moved:
                yield from explain_moved(key, value[key], moved[key])
            elif key in removed:
                yield (key,), f"was removed: {removed[key]}; delete this key"
            else:
                yield (key,), f"is not a key{suggest(key, known) or '; remove it'}"
    elif error.validator == "required":
        # One error per missing key; each names all of them, and they are reported once.
        for key in part["required"]:
            if key not in value:
                yield (key,), f"is missing; give {describe(resolve(part['properties'][key], schema))}"
    elif "propertyNames" in error.absolute_schema_path:
        yield (value,), f"the key is not {describe(part)}; rename it"
    elif error.validator == "uniqueItems":
        twice = next(entry for i, entry in enumerate(value) if entry in value[:i])
        yield (), f"{show(twice)} is listed twice; remove one"
    elif error.validator == "minItems":
        yield (), f"the list is empty; give {describe(part)}"
    else:
        hint = suggest(value, part["enum"]) if error.validator == "enum" else ""
        if isinstance(value, (bool, int, float)) and part.get("type") == "string":
            hint = "; put it in quotes"
        yield (), f"{show(value)} is not {describe(part)}{hint or '; correct it'}"
