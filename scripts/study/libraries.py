"""Samples and libraries: a library is what is counted, one sample or a pool of several that share its droplets."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd


@dataclass(frozen=True)
class Libraries:
    """The sheets of a study. ``config`` is complete; ``samples`` is indexed by sample; ``units`` has a row per lane.

    ``libraries`` and ``all_libraries`` are samples of single cells: each has cells of its own. What is counted
    (``counted``, ``sequenced``, ``imported``) are libraries in the laboratory's sense: a pool represents its samples,
    and lanes are of the pool. ``stored`` has the addresses of inputs in an object store, by the path of their copy.
    """

    config: dict
    samples: pd.DataFrame
    units: pd.DataFrame
    queries: pd.DataFrame = field(default_factory=pd.DataFrame)
    perturbed: pd.DataFrame = field(default_factory=pd.DataFrame)
    stored: dict[str, str] = field(default_factory=dict)

    @cached_property
    def all_samples(self) -> pd.DataFrame:
        """All rows of the samples sheet, queries and then perturbations and their controls last."""
        more = [rows for rows in (self.queries, self.perturbed) if len(rows)]
        return pd.concat([self.samples, *more]) if more else self.samples

    @cached_property
    def libraries(self) -> list[str]:
        """All samples of single cells, in the order of the sheet."""
        return list(self.samples.index[self.samples["assay"] == "scrna"])

    @cached_property
    def all_libraries(self) -> list[str]:
        """All samples of single cells, queries among them."""
        return list(self.all_samples.index[self.all_samples["assay"] == "scrna"])

    @cached_property
    def pool_of(self) -> dict[str, str]:
        """The pool of every pooled sample."""
        sheet = self.all_samples
        return {sample: pool for sample, pool in sheet["pool"].items() if pool} if "pool" in sheet else {}

    @cached_property
    def pools(self) -> dict[str, dict[str, str]]:
        """Pools with their samples by tag, in the order of the sheet."""
        found: dict[str, dict[str, str]] = {}
        for sample, pool in self.pool_of.items():
            found.setdefault(pool, {})[self.all_samples.at[sample, "tag"]] = sample
        return found

    def library_of(self, sample: str) -> str:
        """Return the library that holds a sample: itself, or its pool."""
        return self.pool_of.get(sample, sample)

    def samples_in(self, library: str) -> list[str]:
        """Return the samples that a library holds."""
        return list(self.pools[library].values()) if library in self.pools else [library]

    def library_row(self, library: str) -> pd.Series:
        """Return the sheet's row of a library; of a pool, the row of its first sample."""
        return self._sheet_rows[self.samples_in(library)[0]]

    @cached_property
    def model_of_sample(self) -> dict[str, str]:
        """Models by sample."""
        return self.all_samples["model"].to_dict()

    @cached_property
    def _sheet_rows(self) -> dict[str, pd.Series]:
        """Rows of the sheet by sample."""
        return dict(self.all_samples.iterrows())

    def _physical(self, samples: list[str], matrix: bool | None = None) -> list[str]:
        """Return the libraries of samples, each once; those that come as a matrix or as reads, if asked."""
        found = dict.fromkeys(self.library_of(sample) for sample in samples)
        return [name for name in found if matrix is None or bool(self.library_row(name)["matrix"]) == matrix]

    @cached_property
    def counted(self) -> list[str]:
        """Libraries that the study learns from."""
        return self._physical(self.libraries)

    @cached_property
    def all_counted(self) -> list[str]:
        """Libraries, those of queries among them."""
        return self._physical(self.all_libraries)

    @cached_property
    def imported(self) -> list[str]:
        """Libraries that come as a matrix."""
        return self._physical(self.libraries, matrix=True)

    @cached_property
    def sequenced(self) -> list[str]:
        """Libraries that come as reads."""
        return self._physical(self.libraries, matrix=False)

    @cached_property
    def all_imported(self) -> list[str]:
        """Libraries that come as a matrix, queries among them."""
        return self._physical(self.all_libraries, matrix=True)

    @cached_property
    def all_sequenced(self) -> list[str]:
        """Libraries that come as reads, queries among them."""
        return self._physical(self.all_libraries, matrix=False)

    def units_of(self, sample: str) -> list[str]:
        """Return the lanes of a library, in the order of the sheet."""
        return [lane.unit for lane in self._lanes_by_sample.get(sample, ())]

    def fastqs(self, sample: str) -> tuple[list[str], list[str]]:
        """Return read 1 and read 2 of all lanes of a library."""
        lanes = self._lanes_by_sample.get(sample, ())
        return [lane.fq1 for lane in lanes], [lane.fq2 for lane in lanes]

    @cached_property
    def lanes(self) -> dict[tuple[str, str], Any]:
        """Rows of the units sheet (sample, unit, fq1, fq2) by library and lane."""
        return {(lane.sample, lane.unit): lane for lane in self.units.itertuples()}

    @cached_property
    def _lanes_by_sample(self) -> dict[str, list[Any]]:
        """Rows of the units sheet by library: asked for by every job of a DAG."""
        found: dict[str, list[Any]] = {}
        for lane in self.units.itertuples():
            found.setdefault(lane.sample, []).append(lane)
        return found

    @cached_property
    def studied_lanes(self) -> list[Any]:
        """The lanes of the study's own libraries, without those of queries."""
        counted = set(self.counted)
        return [lane for lane in self.lanes.values() if lane.sample in counted]

    def pool_settings(self, pool: str) -> dict[str, str | None]:
        """Return where the tags of a pool's cells are given: ``assignments`` or ``hashtags``; both None for its own
        matrix.
        """
        given = self.config["cells"]["pools"].get(pool) or {}
        return {key: given.get(key) for key in ("assignments", "hashtags")}

    def tag_reads(self, pool: str) -> dict[str, list[str]]:
        """Return the files of a pool's hashtag library (``fq1``, ``fq2``, ``sequences``, and
        perhaps ``translation``); nothing without one.
        """
        given = (self.config["cells"]["pools"].get(pool) or {}).get("hashtag_reads") or {}
        return {key: [files] if isinstance(files, str) else list(files) for key, files in given.items()}
