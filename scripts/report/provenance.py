"""Provenance: versions, seeds, samples, settings, and checksums of the tables that the page was made from."""

import hashlib
import platform
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pandas as pd
import yaml

from scripts.report.page import Section, Table
from scripts.report.source import Source
from scripts.report.text import facts, folded, paragraph
from scripts.report.words import read, section, words

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
NAME = re.compile(r"[A-Za-z0-9_.-]+")


def versions() -> pd.DataFrame:
    """Return the packages that the workflow names, with the versions in use here."""
    named = ["snakemake", "altair", "vl-convert-python", "pandas"]
    if PROJECT.exists():
        asked = tomllib.loads(PROJECT.read_text())["project"]["dependencies"]
        named = [NAME.match(text)[0] for text in asked]
    rows = []
    for name in sorted(set(named), key=str.lower):
        try:
            rows.append((name, version(name)))
        except PackageNotFoundError:
            rows.append((name, "not in this environment"))
    return pd.DataFrame([("python", platform.python_version()), *rows], columns=["package", "version"])


def seeds(config: dict, place: str = "") -> dict[str, str]:
    """Return every seed of the config."""
    found = {}
    for key, value in config.items():
        here = f"{place}.{key}".removeprefix(".")
        if key in ("seed", "seeds"):
            found[here] = str(value)
        elif isinstance(value, dict):
            found |= seeds(value, here)
    return found


def manifest(source: Source) -> pd.DataFrame:
    """Return the files behind the page: path, size (bytes), SHA-256; of a folder of figures, their specifications."""
    places = [source.root / path for path in source.files]
    files = [file for place in places for file in (place.glob("*.json") if place.is_dir() else [place])]
    rows = []
    for file in sorted(files):
        content = file.read_bytes()
        rows.append((str(file.relative_to(source.root)), len(content), hashlib.sha256(content).hexdigest()))
    return pd.DataFrame(rows, columns=["file", "bytes", "sha256"])


def build(source: Source) -> Section:
    """Return the section."""
    said = read()["sections"]["provenance"]
    config = {key: value for key, value in source.config.items() if value is not None}
    return section(
        "provenance",
        [
            paragraph(said["same"]),
            facts({f"seed `{key}`": f"`{value}`" for key, value in seeds(source.config).items()}),
            Table(**words("versions"), frame=versions(), source="requirements.lock"),
            Table(**words("sample_sheet"), frame=source.samples, source=source.config["samples"]),
            folded("The whole config, with its defaults", yaml.safe_dump(config, sort_keys=False, allow_unicode=True)),
            Table(**words("manifest"), frame=manifest(source), source="the results folder", limit=200),
        ],
    )
