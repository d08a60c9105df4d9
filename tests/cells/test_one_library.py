"""One library of a patient, a config of ten lines, no databases: `snakemake cells` ends with its tumour cells."""

from __future__ import annotations

from pathlib import Path

import anndata
import in_process
import numpy as np
import pandas as pd

CONFIG = """samples: samples.tsv
timepoints: [untreated, persister]
contrast: {baseline: untreated, persister: persister}
arms: [{arm: untreated, drugs: []}, {arm: drug, drugs: [x]}]
models: [{model: P1, arms: [untreated, drug]}]
"""


def test_ten_lines_and_one_matrix_are_enough(tmp_path, simulate):
    assert CONFIG.count("\n") <= 10
    cells = simulate.simulate_tumour(3)
    kind = cells.obs["kind"].to_numpy(dtype=str)
    rng = np.random.default_rng(0)
    names = ["".join(name) for name in rng.choice(list("ACGT"), (cells.n_obs, 16))]
    cells.obs.index = names
    cells.write_h5ad(tmp_path / "biopsy.h5ad")
    (tmp_path / "samples.tsv").write_text(
        "sample\tmodel\ttimepoint\tarm\treplicate\tassay\tmatrix\nB1\tP1\tuntreated\tuntreated\t1\tscrna\tbiopsy.h5ad\n"
    )
    (tmp_path / "config.yaml").write_text(CONFIG)
    snakefile = str(Path(__file__).parents[2] / "Snakefile")
    said = in_process.snakemake(
        tmp_path, "--snakefile", snakefile, "--directory", str(tmp_path), "--cores", "1", "--configfile",
        str(tmp_path / "config.yaml"), "--", "cells",
    )  # fmt: skip
    assert said.code == 0, said.text
    made = tmp_path / "results" / "cells"
    tumour, normal = anndata.read_h5ad(made / "B1.h5ad"), anndata.read_h5ad(made / "B1.normal.h5ad")
    truth = pd.Series(kind, index=[f"B1:{name}" for name in names])
    assert (truth[tumour.obs_names] == "tumour").mean() >= 0.95 and tumour.n_obs >= 0.8 * (kind == "tumour").sum()
    assert (truth[normal.obs_names] != "tumour").mean() >= 0.95 and normal.n_obs >= 0.8 * (kind != "tumour").sum()
    assert set(pd.read_csv(made / "attrition.tsv", sep="\t")["sample"]) == {"B1"}
    assert list((made / "figures").glob("*.json"))
