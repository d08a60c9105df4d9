"""The simulator as a fixture: loaded by path, since `tests` is also the name of a package some libraries install."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="session")
def simulate():
    """Return the module tests/cells/simulate.py."""
    spec = importlib.util.spec_from_file_location("cells_simulate", Path(__file__).with_name("simulate.py"))
    module = importlib.util.module_from_spec(spec)
    # Its dataclass looks itself up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def droplet_settings():
    """Return cells/empty_drops as the demo study sets it (and its expected cells and seed)."""
    return {
        "expected_cells": 400,
        "enabled": True,
        "ambient_max_counts": 100,
        "min_counts": 150,
        "min_fraction_of_median": 0.05,
        "simulations": 10_000,
        "fdr": 0.01,
        "seed": 0,
    }


@pytest.fixture
def cell_settings():
    """Return the keys of `cells` that decide about droplets with cells, with the demo study's cuts."""
    return {
        "species": {"method": "ambient", "graft_min": 0.75, "host_max": 0.25},
        "ambient": {"subtract": False},
        "doublets": {
            "enabled": True,
            "method": "scdblfinder",
            "rate": "auto",
            "rate_per_1000_cells": "auto",
            "min_cells": 50,
            "min_species_fraction": 0.03,
        },
        "qc": {
            "method": "fixed",
            "min_counts": 250,
            "max_counts": 100_000,
            "min_genes": 100,
            "max_genes": 9_000,
            "max_pct_mt": 25,
            "mads": 5,
        },
        "composition": "auto",
        "malignant": "auto",
        "annotation": None,
        "seed": 0,
    }


@pytest.fixture(scope="session")
def job_of():
    """Return a function that makes the object a script's main() gets from Snakemake."""

    def make(inputs, outputs, **params):
        named = SimpleNamespace(**inputs) if isinstance(inputs, dict) else inputs
        return SimpleNamespace(
            rule="test", input=named, output=SimpleNamespace(**outputs), params=SimpleNamespace(**params), log=[]
        )

    return make
