"""The manifest of a frozen reference: its format, what it was learned from, and the hashes of its files."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

from scripts.base import job

MANIFEST = "reference.json"
FORMAT = "persister-regulons reference"
FORMAT_VERSION = 1
"""Raised whenever a reader of the version before would misread the folder."""
LATER = ("stroma", "stroma_changes", "published", "clusters", "cluster_changes")
"""Tables that references of this format may lack: those frozen by a version before the tables were added."""
TABLES = (
    "regulons", "thresholds", "signature", "signature_left_out", "switches", "markers", "genes", "samples", "profiles",
    "calibration", *LATER,
)  # fmt: skip
"""Text tables of the folder."""
FILES = (*(f"{name}.tsv" for name in TABLES), "cells.h5ad", "profiles.h5ad", "README.txt")
"""Every file of the folder but the manifest, which lists them."""
AGAIN = "freeze it again (snakemake freeze), or copy the whole folder again"


def workflow_version() -> str:
    """Return the version of this workflow."""
    return tomllib.loads((job.ROOT / "pyproject.toml").read_text())["project"]["version"]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_manifest(folder: str | Path) -> dict:
    """Return the manifest of a reference. Raises :class:`job.UserError` if it is none, or of another format."""
    path = Path(folder) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"{path}: no such file; biopsy.reference must name a folder that `snakemake freeze` wrote"
        raise job.UserError(message) from error
    except (OSError, ValueError) as error:
        raise job.UserError(f"{path}: can't be read ({error}); {AGAIN}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise job.UserError(f"{path}: not the manifest of a {FORMAT}; {AGAIN}")
    version = manifest.get("format_version")
    if version != FORMAT_VERSION:
        remedy = "freeze the study again with this version, or score with the version that froze it"
        raise job.UserError(f"{path}: format version {version}, this workflow reads {FORMAT_VERSION}; {remedy}")
    return manifest


def files_of(manifest: dict) -> tuple[str, ...]:
    """Return the files of a reference: :data:`FILES` without the tables of :data:`LATER` that it lacks."""
    absent = {f"{name}.tsv" for name in LATER} - set(manifest.get("files", ()))
    return tuple(name for name in FILES if name not in absent)


def files_in(folder: str | None) -> tuple[str, ...]:
    """Return the files of the reference in a folder; without one, those of a reference that is frozen now."""
    return files_of(read_manifest(folder)) if folder else FILES


def write_manifest(folder: Path, content: dict) -> None:
    """Write the manifest, with the hash of every other file of the folder."""
    files = {name: hash_file(folder / name) for name in sorted(FILES)}
    manifest = {"format": FORMAT, "format_version": FORMAT_VERSION, **content, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
