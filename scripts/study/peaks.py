"""Peaks of factors and marks as rules and scripts ask for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from scripts.study.perturbed import Perturbed


@dataclass(frozen=True)
class WithPeaks(Perturbed):
    """A study's peak sets, with the samples and perturbations that it is built on."""

    @property
    def peak_sets(self) -> list[dict]:
        """Entries of the config's peaks of factors and marks."""
        return self.config["chromatin"]["peaks"]

    @property
    def peak_files(self) -> list[str]:
        """The user's files of peaks, of their counts and of promoters, each once."""
        section = self.config["chromatin"]
        paths = [entry[key] for entry in self.peak_sets for key in ("peaks", "counts")]
        return [path for path in dict.fromkeys([*paths, section["promoters"] if paths else ""]) if path]

    @cached_property
    def has_chromatin(self) -> bool:
        """Whether there are peaks, and regulons or a network whose targets they are compared with."""
        return bool(self.peak_sets and self.has_activity)

    @property
    def has_tracks(self) -> bool:
        """Whether modules are pruned by peaks, too."""
        return bool(self.groups and self.peak_sets and self.config["chromatin"]["tracks"])
