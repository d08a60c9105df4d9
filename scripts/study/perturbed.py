"""Perturbations of a study: ready tables of the config, and samples in which a factor was switched on or off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from scripts.study.libraries import Libraries
from scripts.study.ready import name_of, name_of_list


@dataclass(frozen=True)
class Perturbed(Libraries):
    """A study with its perturbations."""

    @property
    def ready_perturbations(self) -> list[dict]:
        """What the config says of ready tables, but for the file."""
        keys = ("name", "factor", "direction", "dose", "column", "p_column", "validated")
        return [{key: entry[key] for key in keys} for entry in self.config["perturbations"]]

    @cached_property
    def perturbation_files(self) -> list[str]:
        """Names of the files of ready tables, each once."""
        return list(dict.fromkeys(name_of_list(entry["table"]) for entry in self.config["perturbations"]))

    @property
    def file_of_perturbation(self) -> list[int]:
        """Position in :attr:`perturbation_files` of each ready perturbation's table."""
        return [self.perturbation_files.index(name_of_list(entry["table"])) for entry in self.config["perturbations"]]

    @cached_property
    def measured_perturbations(self) -> list[dict]:
        """Perturbations of the samples sheet: what was done, with the names of perturbed and control samples.

        Samples of one factor, direction, dose and model are replicates; their controls are all that they name.
        """
        if not len(self.perturbed):
            return []
        treated = self.perturbed[self.perturbed["factor"] != ""]
        found = []
        for keys, own in treated.groupby(["factor", "direction", "dose", "model"], sort=False):
            factor, direction, dose, _ = keys
            row = {"perturbation": name_of(*keys), "tf": factor, "direction": direction, "dose": dose}
            found.append(row | {"perturbed": list(own.index), "control": list(dict.fromkeys(own["control"]))})
        return found

    @property
    def perturbed_cells(self) -> list[str]:
        """Samples of single cells among perturbations and their controls."""
        return list(self.perturbed.index[self.perturbed["assay"] == "scrna"]) if len(self.perturbed) else []

    @property
    def perturbed_rows(self) -> list[dict]:
        """What the sheet says of profiles among perturbations and their controls."""
        if not len(self.perturbed):
            return []
        rows = self.perturbed.loc[self.perturbed["assay"] == "profile", ["matrix", "column", "platform"]]
        return rows.reset_index(names="sample").to_dict("records")

    @property
    def perturbed_tables(self) -> list[str]:
        """Tables of genes × samples that hold these profiles, each once."""
        return list(dict.fromkeys(row["matrix"] for row in self.perturbed_rows))

    @cached_property
    def has_perturbations(self) -> bool:
        """Whether perturbations are compared with the programme that the study's samples show."""
        return bool((self.config["perturbations"] or self.measured_perturbations) and len(self.samples))
