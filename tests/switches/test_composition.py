"""Patients whose tumours change in composition alone: more macrophages and fibroblasts, the same malignant cells."""

from __future__ import annotations

import numpy as np
import pytest
from simulators import analysis
from simulators import studies as simulated

from scripts.switches import verdicts

NORMAL = {"untreated": 0.1, "persister": 0.35, "relapse": 0.1}


def patients(n: int, kind: str, seed: int = 1) -> simulated.Study:
    return simulated.simulate(seed, kind, sheet=simulated.sheet_of(n, 0), n_cells=70, normal=NORMAL)


@pytest.mark.parametrize("n", [3, pytest.param(8, marks=pytest.mark.full)])
def test_once_normal_cells_are_named_there_is_no_programme(n):
    study = patients(n, "none")
    own = simulated.without_normal_cells(study)
    # Malignant cells come first; all of them, and nothing else, is kept but for one in a hundred.
    kept = np.array([counts.shape[0] for counts in own.counts.values()])
    assert (np.abs(kept - 70) <= 1).mean() >= 0.9
    found = analysis.analyse(own, evidence=False)
    _, said = analysis.confounded(own, found)
    assert not (found.switches["verdict"] == verdicts.SHARED.name).any()
    assert said["verdict"] == "no shared programme shown"


@pytest.mark.parametrize("n", [3, pytest.param(8, marks=pytest.mark.full)])
def test_left_in_they_are_what_the_verdicts_name(n):
    study = patients(n, "none")
    found = analysis.analyse(study, evidence=False)
    table, said = analysis.confounded(study, found)
    assert said["verdict"] == "composition alone", said
    own = table[(table["confounder"] == "composition") & (table["what"] == "signature")]
    assert set(own["method"]) == {"at equal scores", "cells without markers of a normal lineage", "its genes left out"}
    assert not (found.switches["verdict"] == verdicts.SHARED.name).any()
    lineage = found.switches.set_index("tf").loc[list(simulated.LINEAGES.values())]
    assert set(lineage["explained_by"]) == {"composition"}
    if n == 8:  # three patients don't show that the regulons rise
        assert set(lineage["verdict"]) == {verdicts.COMPOSITION.name}


@pytest.mark.parametrize("left_in", [True, pytest.param(False, marks=pytest.mark.full)])
def test_a_programme_beside_changed_composition_is_found(left_in):
    study = patients(8, "persister")
    study = study if left_in else simulated.without_normal_cells(study)
    found = analysis.analyse(study, evidence=False)
    _, said = analysis.confounded(study, found)
    assert said["verdict"] == "persister programme", said
    shared = set(found.switches.loc[found.switches["verdict"] == verdicts.SHARED.name, "tf"])
    assert len(shared & set(study.planted)) >= 4
