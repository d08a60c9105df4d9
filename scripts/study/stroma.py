"""Which libraries of a study have stroma that can be named: host cells of xenografts, or normal cells of biopsies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from scripts.base.tables import HOST, NORMAL
from scripts.study.config import cells_settings
from scripts.study.peaks import WithPeaks

KINDS = (HOST, NORMAL)
"""Kinds of stroma."""
NAMED = {"human": "human", "homo sapiens": "human", "mouse": "mouse", "mus musculus": "mouse"}
"""Species whose markers and orthologues are shipped (resources/stroma), as the config may call them."""


@dataclass(frozen=True)
class WithStroma(WithPeaks):
    """A study's stroma, with the samples, perturbations and peaks that it is built on."""

    def kind_of_stroma(self, sample: str) -> str:
        """Return the kind of stroma that a library may hold; empty for cells of one kind (pure)."""
        has_host = bool((self.config["references"] or {}).get("host"))
        auto = HOST if has_host else NORMAL
        kinds = {"auto": auto, "xenograft": HOST, "tumour": NORMAL, "pure": ""}
        return kinds[cells_settings(self.config, sample)["composition"]]

    @cached_property
    def stroma_kind(self) -> str:
        """Kind of stroma of most of the study's libraries; cells of two species can't be compared with each other."""
        kinds = [self.kind_of_stroma(sample) for sample in self.libraries]
        return max((HOST, NORMAL), key=kinds.count) if any(kinds) else ""

    @cached_property
    def stroma_libraries(self) -> list[str]:
        """Libraries of that kind."""
        return [sample for sample in self.libraries if self.kind_of_stroma(sample) == self.stroma_kind]

    def species_of_stroma(self, kind: str) -> str:
        """Return the species of a kind of stroma, human or mouse; empty for another.

        Without genomes, a host is of the mouse.
        """
        side = HOST if kind == HOST else "graft"
        entry = (self.config["references"] or {}).get(side) or {}
        said = entry.get("species") or ("human" if side == "graft" else "mouse")
        return NAMED.get(said.strip().lower(), "")

    @property
    def stroma_species(self) -> str:
        """Species of the study's stroma, human or mouse; empty for another."""
        return self.species_of_stroma(self.stroma_kind)

    @cached_property
    def has_stroma(self) -> bool:
        """Whether stroma is looked at: libraries that may hold it, of a species that markers are known for."""
        asked = self.config["stroma"]["enabled"] and self.stroma_kind
        return bool(asked and self.stroma_species)
