"""Tables of the report as its sections read them, and the study that they describe."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from scripts.base.columns import Column, columns_of
from scripts.base.results import Results


@dataclass(frozen=True)
class Source(Results):
    """The files of a study's results that the report may read, and its config and samples.

    ``samples``: the samples sheet (sample, model, timepoint, arm, replicate, assay).
    """

    config: dict
    samples: pd.DataFrame

    def meanings(self, path: str) -> dict[str, Column]:
        """Return what the columns of a table mean."""
        return columns_of(path)

    @property
    def one(self) -> str:
        """What activity is of: a regulon, or without libraries a factor of a network."""
        return "regulon" if len(self.libraries) else "factor"

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
