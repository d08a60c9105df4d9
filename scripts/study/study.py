"""The study as rules and scripts ask for it: which samples, lanes, models, timepoints and groups there are."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from scripts.study.config import cells_settings, list_gene_lists, name_of_list


@dataclass(frozen=True)
class Study:
    """A checked study. ``config`` is complete; ``samples`` is indexed by sample; ``units`` has a row per lane.

    A library is a sample of single cells, whether it comes as reads or as a matrix. ``samples`` are what the study
    learns from. ``queries`` are biopsies that are scored against what was learned: they pass the stages reads, counts
    and cells as every sample does, and no stage that joins samples.
    """

    config: dict
    samples: pd.DataFrame
    units: pd.DataFrame
    queries: pd.DataFrame = field(default_factory=pd.DataFrame)

    @cached_property
    def libraries(self) -> list[str]:
        """All libraries, in the order of the sheet."""
        return list(self.samples.index[self.samples["assay"] == "scrna"])

    @cached_property
    def imported(self) -> list[str]:
        """Libraries that come as a matrix."""
        return [sample for sample in self.libraries if self.samples.at[sample, "matrix"]]

    @cached_property
    def sequenced(self) -> list[str]:
        """Libraries that come as reads."""
        return [sample for sample in self.libraries if not self.samples.at[sample, "matrix"]]

    @cached_property
    def everything(self) -> pd.DataFrame:
        """All rows of the samples sheet, queries last."""
        return pd.concat([self.samples, self.queries]) if len(self.queries) else self.samples

    @cached_property
    def all_libraries(self) -> list[str]:
        """All libraries, queries among them."""
        return list(self.everything.index[self.everything["assay"] == "scrna"])

    @cached_property
    def all_imported(self) -> list[str]:
        """Libraries that come as a matrix, queries among them."""
        return [sample for sample in self.all_libraries if self.everything.at[sample, "matrix"]]

    @cached_property
    def all_sequenced(self) -> list[str]:
        """Libraries that come as reads, queries among them."""
        return [sample for sample in self.all_libraries if not self.everything.at[sample, "matrix"]]

    @cached_property
    def profiles(self) -> list[str]:
        """Samples that come as one bulk or array profile."""
        return list(self.samples.index[self.samples["assay"] == "profile"])

    @cached_property
    def models(self) -> list[str]:
        """Models with a library, in the order of the config."""
        present = set(self.samples.loc[self.libraries, "model"])
        return [entry["model"] for entry in self.config["models"] if entry["model"] in present]

    @cached_property
    def _samples_by_place(self) -> dict[tuple[str, str | None], list[str]]:
        """Libraries by model and timepoint, and by model (timepoint None): asked for by every job of a DAG."""
        found: dict[tuple[str, str | None], list[str]] = {}
        rows = self.samples.loc[self.libraries]
        for sample, model, timepoint in zip(rows.index, rows["model"], rows["timepoint"], strict=True):
            for place in ((model, None), (model, timepoint)):
                found.setdefault(place, []).append(sample)
        return found

    def samples_of(self, model: str, timepoint: str | None = None) -> list[str]:
        """Return the libraries of a model, or of one of its timepoints, in the order of the sheet."""
        return list(self._samples_by_place.get((model, timepoint), []))

    def timepoints_of(self, model: str) -> list[str]:
        """Return the timepoints at which a model has libraries, in biological order."""
        return [timepoint for timepoint in self.config["timepoints"] if self.samples_of(model, timepoint)]

    def units_of(self, sample: str) -> list[str]:
        """Return the lanes of a library, in the order of the sheet."""
        return list(self.units.loc[self.units["sample"] == sample, "unit"])

    def fastqs(self, sample: str) -> tuple[list[str], list[str]]:
        """Return read 1 and read 2 of all lanes of a library."""
        lanes = self.units[self.units["sample"] == sample]
        return list(lanes["fq1"]), list(lanes["fq2"])

    def cells_config(self, sample: str) -> dict:
        """Return the settings of the stage cells for a library."""
        return cells_settings(self.config, sample)

    @cached_property
    def samples_by_group(self) -> dict[str, list[str]]:
        """Groups of the stage regulons, in the order of models and timepoints, with their libraries."""
        if "timepoint" in self.config["regulons"]["group_by"]:
            pairs = [(model, timepoint) for model in self.models for timepoint in self.timepoints_of(model)]
            return {f"{model}_{timepoint}": self.samples_of(model, timepoint) for model, timepoint in pairs}
        return {model: self.samples_of(model) for model in self.models}

    @property
    def groups(self) -> list[str]:
        """Names of the groups of the stage regulons."""
        return list(self.samples_by_group)

    def samples_of_group(self, group: str) -> list[str]:
        """Return the libraries of a group."""
        return self.samples_by_group[group]

    def model_of_group(self, group: str) -> str:
        """Return the model that a group's cells are of."""
        return self.samples.at[self.samples_by_group[group][0], "model"]

    @cached_property
    def gene_lists(self) -> dict[str, dict]:
        """Networks, gene sets and published signatures that the config names: file name → entry of the config."""
        return {name_of_list(entry): entry for entry in list_gene_lists(self.config)}

    def files_of(self, key: str) -> list[str]:
        """Return the names of the files under ``expression.gene_sets`` or ``expression.signatures``."""
        return [name_of_list(entry) for entry in self.config["expression"][key]]

    @cached_property
    def network_files(self) -> list[str]:
        """The name of the network's file, or nothing."""
        network = self.config["activity"]["network"]
        return [name_of_list(network)] if network else []

    @cached_property
    def gene_set_files(self) -> list[str]:
        """The names of all files of gene sets and published signatures."""
        return [*self.files_of("gene_sets"), *self.files_of("signatures")]

    @cached_property
    def has_activity(self) -> bool:
        """Whether activity is measured by sample: of regulons in cells, or of a network's factors in profiles."""
        return bool(self.groups or (self.profiles and self.network_files))

    @cached_property
    def compared_models(self) -> list[str]:
        """Models whose activity is compared: those with libraries, or with profiles where there are no libraries."""
        return self.models if self.groups else list(dict.fromkeys(self.samples.loc[self.profiles, "model"]))
