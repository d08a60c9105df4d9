"""A config and its sheets as they are being checked: places of their entries, and kinds of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from scripts.study.sheet import at

Problems = Iterator[tuple[str, str]]
"""What checks yield: a place, and the mistake there with its remedy."""


@dataclass(frozen=True)
class Design:
    """A config and its two sheets as they are being checked; the sheets' rows are indexed by line."""

    config: dict
    samples: pd.DataFrame
    units: pd.DataFrame

    def sample(self, row: int | None = None, column: str | None = None) -> str:
        """Return a place in the samples sheet."""
        return at(self.config["samples"], row, column)

    def lane(self, row: int | None = None, column: str | None = None) -> str:
        """Return a place in the units sheet."""
        return at(self.config["units"], row, column)

    @property
    def learned_from(self) -> pd.DataFrame:
        """The rows of samples that the study learns from: all but queries and perturbations."""
        return self.samples[~self.samples["role"].isin(["query", "perturbation"])]

    @property
    def counted(self) -> pd.DataFrame:
        """The rows of samples, with ``library`` (its pool, else itself); of a pool the first row alone."""
        rows = self.samples.assign(
            library=self.samples["pool"].where(self.samples["pool"] != "", self.samples["sample"])
        )
        return rows[(rows["pool"] == "") | ~rows.duplicated("pool")]

    @property
    def libraries(self) -> pd.DataFrame:
        """The rows of single-cell libraries that the study learns from."""
        return self.learned_from[self.learned_from["assay"] == "scrna"]
