"""Files in an object store: config and sheets may name them by their address, and the workflow copies them first.

All other code sees the copies' paths, so that readers, preflight and messages know files on a disk alone.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from scripts.study.config import at as at_key
from scripts.study.sheet import at as at_row

SCHEME = "s3://"
APART = ("biopsy",)
"""Sections whose paths are folders, or are read before any job."""
PATHS = ("fq1", "fq2", "matrix")
"""Columns of the sheets that hold paths."""


def is_stored(value: object) -> bool:
    """Return whether a value of a config or sheet is the address of a file in an object store."""
    return isinstance(value, str) and value.startswith(SCHEME)


def place_of(address: str, results: str) -> str:
    """Return the path of the copy of a file in an object store: by bucket and key, below the results."""
    return f"{results}/inputs/{address.removeprefix(SCHEME)}"


def results_of(config: dict) -> str:
    """Return the folder of the results."""
    return ((config.get("pathvars") or {}).get("results") or "results").rstrip("/")


def problem_of(address: str) -> str:
    """Return what is wrong with an address, or nothing."""
    bucket, *key = address.removeprefix(SCHEME).split("/")
    if not bucket or not key or any(part in ("", ".", "..") for part in key):
        return f"{address!r} is no file of an object store; give s3://bucket/path of a single file, not of a folder"
    return ""


def addresses_of(value: object, place: tuple = ()) -> Iterator[tuple[tuple, str]]:
    """Yield place and address of every stored file in the sections of a config."""
    if isinstance(value, (dict, list)):
        for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
            # Texts at the top are names, sheets and the image; an entry's url is fetched by other means.
            if key != "url" and (place or (isinstance(entry, (dict, list)) and key not in APART)):
                yield from addresses_of(entry, (*place, key))
    elif is_stored(value):
        yield place, value


def exchanged(value: object, paths: dict[str, str]) -> object:
    """Return a config with other paths: those of copies in place of addresses, or the reverse."""
    if isinstance(value, dict):
        return {key: exchanged(entry, paths) for key, entry in value.items()}
    if isinstance(value, list):
        return [exchanged(entry, paths) for entry in value]
    return paths.get(value, value) if isinstance(value, str) else value


def copy_stored(config: dict, sheets: dict[str, pd.DataFrame]) -> tuple[dict, dict, dict[str, str], list[str]]:
    """Return config and sheets with the paths of copies, address by copy, and a line per address that is none.

    ``sheets``: samples and units as :func:`scripts.study.sheet.read_sheet` returns them.
    """
    results = results_of(config)
    found = [(at_key(*place), address) for place, address in addresses_of(config)]
    for kind, sheet in sheets.items():
        for column in sheet.columns.intersection(PATHS):
            rows = sheet.index[sheet[column].map(is_stored)]
            found += [(at_row(config[kind], row, column), sheet.at[row, column]) for row in rows]
    problems = [f"{place}: {problem}" for place, address in found if (problem := problem_of(address))]
    copies = {address: place_of(address, results) for _, address in found}
    if copies:
        apart = {key: config[key] for key in APART if key in config}
        config = {**exchanged(config, copies), **apart}
        sheets = {
            kind: sheet.assign(
                **{
                    name: sheet[name].map(lambda path: copies.get(path, path))
                    for name in sheet.columns.intersection(PATHS)
                }
            )
            for kind, sheet in sheets.items()
        }
    return config, sheets, {copy: address for address, copy in copies.items()}, problems
