"""The frozen reference that biopsies are scored by: a folder whose files match its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.study.reference_manifest import AGAIN, files_of, hash_file, read_manifest


@dataclass(frozen=True)
class Reference:
    """A loaded reference. ``manifest`` is as written; tables and matrices are read at their first use."""

    folder: Path
    manifest: dict

    def table(self, name: str) -> pd.DataFrame:
        """Return one of :data:`TABLES`; cells are text where they look like a replicate or a name.

        A table that the reference was frozen without is empty.
        """
        if f"{name}.tsv" not in files_of(self.manifest):
            return pd.DataFrame()
        labels = dict.fromkeys(("sample", "model", "timepoint", "arm", "replicate", "left_out", "cluster"), str)
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
    for name in files_of(manifest):
        path = folder / name
        if not path.is_file():
            raise job.UserError(f"{path}: the reference's file is missing; {AGAIN}")
        if hash_file(path) != manifest["files"].get(name):
            raise job.UserError(f"{path}: changed since it was frozen (its SHA-256 is not the manifest's); {AGAIN}")
    return Reference(folder, manifest)
