"""The tables that a report is made of, as its sections ask for them; and the study that they are of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scripts.base.columns import Column, columns_of
from scripts.base.tables import read_tsv


@dataclass(frozen=True)
class Source:
    """The files of a study's results that the report may read, and its config and samples.

    ``files`` are paths relative to ``root``; asking for another one gives nothing: the study has no such result.
    ``samples``: the samples sheet (sample, model, timepoint, arm, replicate, assay).
    """

    root: Path
    files: frozenset[str]
    config: dict
    samples: pd.DataFrame

    def has(self, *paths: str) -> bool:
        """Return whether the study has all of these results."""
        return set(paths) <= self.files

    def table(self, path: str, **options) -> pd.DataFrame | None:
        """Return a TSV or Parquet table, or None if the study has no such result."""
        if path not in self.files:
            return None
        if path.endswith(".parquet"):
            return pd.read_parquet(self.root / path, **options)
        return read_tsv(self.root / path, **options)

    def json(self, path: str) -> dict | None:
        """Return a JSON file, or None if the study has no such result."""
        return json.loads((self.root / path).read_text()) if path in self.files else None

    def matching(self, pattern: str) -> list[str]:
        """Return the files that match a pattern, in order."""
        return sorted(path for path in self.files if Path(path).match(pattern))

    def meanings(self, path: str) -> dict[str, Column]:
        """Return what the columns of a table mean."""
        return columns_of(path)

    @property
    def activity(self) -> str:
        """The table of activity by sample: of regulons, or without libraries of the factors that a network names."""
        own = "activity/activity.tsv"
        return own if self.has(own) else "activity/profile_activity.tsv"

    @property
    def one(self) -> str:
        """What activity is of: a regulon, or without libraries a factor of a network."""
        return "regulon" if len(self.libraries) else "factor"

    @property
    def kind(self) -> str:
        """What the study's activity was measured in, as the names of sentences have it."""
        return "cells" if len(self.libraries) else "profiles"

    @property
    def timepoints(self) -> list[str]:
        """All timepoints, in biological order."""
        return list(self.config["timepoints"])

    @property
    def arms(self) -> list[str]:
        """All arms, in the order of the config."""
        return [entry["arm"] for entry in self.config["arms"]]

    @property
    def models(self) -> list[str]:
        """All models, in the order of the config."""
        return [entry["model"] for entry in self.config["models"]]

    @property
    def libraries(self) -> pd.DataFrame:
        """The rows of single-cell libraries."""
        return self.samples[self.samples["assay"] == "scrna"]

    @property
    def profiles(self) -> pd.DataFrame:
        """The rows of bulk and array profiles."""
        return self.samples[self.samples["assay"] == "profile"]

    @property
    def models_with_cells(self) -> list[str]:
        """Models that have a library, in the order of the config."""
        found = set(self.libraries["model"])
        return [model for model in self.models if model in found]

    def in_order(self, kind: str, values: Iterable[str]) -> list[str]:
        """Return the names of a kind (model, arm, timepoint) that occur, in the order of the config."""
        names = {"model": self.models, "arm": self.arms, "timepoint": self.timepoints}[kind]
        found = set(map(str, values))
        return [name for name in names if name in found]
