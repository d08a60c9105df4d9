"""The frozen reference: a folder that says what it is, which format it has, and what its files must hash to."""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from scripts import job

MANIFEST = "reference.json"
FORMAT = "persister-regulons reference"
FORMAT_VERSION = 1
"""Raised whenever a reader of the version before would misread the folder."""
TABLES = ("regulons", "thresholds", "signature", "switches", "markers", "genes", "samples", "profiles", "calibration")
"""Text tables of the folder."""
FILES = (*(f"{name}.tsv" for name in TABLES), "cells.h5ad", "profiles.h5ad", "README.txt")
"""Every file of the folder but the manifest, which lists them."""
AGAIN = "freeze it again (snakemake freeze), or fetch the folder whole"


def workflow_version() -> str:
    """Return the version of this workflow."""
    return tomllib.loads((job.ROOT / "pyproject.toml").read_text())["project"]["version"]


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_manifest(folder: str | Path) -> dict:
    """Return what a reference says of itself. Raises :class:`job.UserError` if it is none, or of another format."""
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


def write_manifest(folder: Path, content: dict) -> None:
    """Write the manifest, with the hash of every other file of the folder."""
    files = {name: hash_file(folder / name) for name in sorted(FILES)}
    manifest = {"format": FORMAT, "format_version": FORMAT_VERSION, **content, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


@dataclass(frozen=True)
class Reference:
    """A loaded reference. ``manifest`` is as written; tables and matrices are read when they are first asked for."""

    folder: Path
    manifest: dict

    def table(self, name: str) -> pd.DataFrame:
        """Return one of :data:`TABLES`; cells are text where they look like a replicate or a name."""
        labels = dict.fromkeys(("sample", "model", "timepoint", "arm", "replicate"), str)
        return pd.read_csv(self.folder / f"{name}.tsv", sep="\t", dtype=labels, keep_default_na=False, na_values=[""])

    @cached_property
    def cells(self):
        """The training cells: counts, cells × genes of the universe, with the labels of their sample."""
        import anndata

        return anndata.read_h5ad(self.folder / "cells.h5ad")

    @cached_property
    def profiles(self):
        """The training profiles: log2 expression, samples × genes, with their labels and platform."""
        import anndata

        return anndata.read_h5ad(self.folder / "profiles.h5ad")

    @property
    def settings(self) -> dict:
        """What was set when it was frozen."""
        return self.manifest["settings"]

    @property
    def baseline(self) -> str:
        """The timepoint before treatment."""
        return self.manifest["study"]["contrast"]["baseline"]

    @property
    def persister(self) -> str:
        """The timepoint at which only persister cells are left."""
        return self.manifest["study"]["contrast"]["persister"]


def load(folder: str | Path) -> Reference:
    """Return the reference in a folder, every file checked against its hash.

    Raises :class:`job.UserError`, one line, if a file is missing or was changed since it was frozen.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    for name in FILES:
        path = folder / name
        if not path.is_file():
            raise job.UserError(f"{path}: the reference's file is missing; {AGAIN}")
        if hash_file(path) != manifest["files"].get(name):
            raise job.UserError(f"{path}: changed since it was frozen (its SHA-256 is not the manifest's); {AGAIN}")
    return Reference(folder, manifest)
