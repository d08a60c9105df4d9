"""A study that scores biopsies against a frozen reference: what its config leaves out is as it was when frozen."""

from __future__ import annotations

from scripts.study.config import merged
from scripts.study.reference_manifest import read_manifest

DESIGN = ("timepoints", "contrast", "arms", "models")
"""Sections that a config of queries alone may leave out."""
COMPOSITION = ("composition", "malignant", "annotation")
"""Keys of ``cells`` that say what samples are made of, and which cells of theirs are normal."""


def reference_of(config: dict) -> object:
    """Return the folder that a config names as reference, or None."""
    section = config.get("biopsy")
    return config.get("reference") or (section.get("reference") if isinstance(section, dict) else None)


def design_to_freeze(config: dict, prefixes: dict[str, str]) -> dict:
    """Return what a config of queries alone may leave out: the design, the stage cells, and prefixes of genes.

    The composition of the training samples doesn't apply to a new one.
    """
    own = ("overrides", "pools", *COMPOSITION)
    cells = {key: value for key, value in config["cells"].items() if key not in own}
    return {**{key: config[key] for key in DESIGN}, "cells": cells, "prefixes": prefixes}


def with_frozen(config: object) -> object:
    """Return a copy of the config with what a frozen reference says, where the config itself says nothing.

    The design, the settings of the stage cells (which decide what a cell is), and, without genomes, the prefixes of
    gene names. Raises :class:`job.UserError` if the reference can't be read.
    """
    if not isinstance(config, dict) or not isinstance(reference_of(config), str):
        return config
    folder = reference_of(config)
    study = read_manifest(folder)["study"]
    config = {**config, "reference": None, "biopsy": {**(config.get("biopsy") or {}), "reference": folder}}
    config |= {key: study[key] for key in DESIGN if key not in config}
    if config.get("references") is None and "graft" in study["prefixes"]:
        genomes = {name: {"prefix": prefix} for name, prefix in study["prefixes"].items()}
        config["references"] = {"host": None, **genomes}
    if isinstance(config.get("cells") or {}, dict):
        config["cells"] = merged(study["cells"], config.get("cells") or {})
    return config
