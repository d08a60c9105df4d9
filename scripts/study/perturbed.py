"""Perturbations of a study: ready tables of the config, and samples in which a factor was switched on or off."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from scripts.study.libraries import Libraries
from scripts.study.ready import name_of_list


@dataclass(frozen=True)
class Perturbed(Libraries):
    """A study with its perturbations."""

    @property
    def ready_perturbations(self) -> list[dict]:
        """What the config says of ready tables, but for the file."""
        keys = ("name", "factor", "direction", "dose", "column")
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
    def has_perturbations(self) -> bool:
        """Whether perturbations are compared with the programme that the study's samples show."""
        return bool(self.config["perturbations"] and len(self.samples))
