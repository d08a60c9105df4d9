"""Counts thinned to equal depth within a model, and activity that changes with depth alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.activity import depth, design, join_at_equal_depth, score_at_equal_depth
from scripts.regulons import scoring

AUCELL = {
    "engine": "native", "activity_score": "aucell", "activity_auc_threshold": 0.2, "activity_own_gene": False,
    "max_target_share": 0.1,
}  # fmt: skip
CONTRAST = {"baseline": "untreated", "persister": "persister", "relapse": None}


@pytest.fixture
def samples(simulate) -> pd.DataFrame:
    return simulate.paired_sheet(["P1", "P2"])


def depths(samples: pd.DataFrame, persister: float) -> pd.Series:
    return pd.Series(np.where(samples["timepoint"] == "persister", persister, 1000.0), index=samples.index)


def test_the_deeper_sample_of_each_model_is_thinned(samples):
    known = depths(samples, 500.0)
    known["P2_untreated"] = 250.0
    share = depth.shares(known, samples, "untreated", "persister")
    persister = {model: samples.index[(samples["model"] == model) & (samples["timepoint"] == "persister")][0]
                 for model in ("P1", "P2")}  # fmt: skip
    assert share["P1_untreated"] == 0.5 and share[persister["P1"]] == 1
    assert share["P2_untreated"] == 1 and share[persister["P2"]] == 0.5
    alone = depth.shares(known.drop("P1_untreated"), samples, "untreated", "persister")
    assert set(samples.loc[alone.index, "model"]) == {"P2"}


@pytest.mark.parametrize(("persister", "said"), [(1000.0, False), (950.0, False), (1080.0, True), (500.0, True)])
def test_a_difference_of_depth_is_told(samples, persister, said):
    gap = depth.gaps(depths(samples, persister), samples, "untreated", "persister")
    assert gap.tolist() == pytest.approx([np.log2(persister / 1000)] * 2) and depth.differs(gap) == said
    groups = dict.fromkeys(samples.index, "g")
    table = design.design_table(samples, CONTRAST, groups, 0.05, depths(samples, persister))
    assert ("measured again at equal depth" in table.loc[0, "note"]) == said
    assert ("not thinned" in table.loc[0, "note"]) == (not said)
    assert table.loc[0, "depth_log2"] == pytest.approx(np.log2(persister / 1000))


def test_groups_are_scored_at_equal_depth_and_joined(make_job, tmp_path, samples):
    """One programme, two depths: AUCell differs as it is, and not at equal depth."""
    import anndata

    rng = np.random.default_rng(0)
    genes = [f"g{i}" for i in range(100)]
    rate = rng.lognormal(0, 1, 100)
    rate /= rate.sum()
    counts, of_cell = [], []
    for sample, row in samples.iterrows():
        size = 120 if row["timepoint"] == "persister" else 400
        counts.append(rng.poisson(size * rate, (150, 100)))
        of_cell += [sample] * 150
    cells = anndata.AnnData(sparse.csr_matrix(np.vstack(counts)), obs=pd.DataFrame({"sample": of_cell}))
    cells.obs_names, cells.var_names = [f"c{i}" for i in range(cells.n_obs)], genes
    cells.layers["counts"] = cells.X.copy()
    cells.write_h5ad(tmp_path / "expression.h5ad")
    sums = anndata.AnnData(np.zeros((len(samples), 100)), obs=samples[["model", "timepoint", "arm", "replicate"]])
    sums.obs["n_cells"] = 150
    sums.layers["counts"] = np.array([own.sum(axis=0) for own in counts])
    sums.write_h5ad(tmp_path / "pseudobulk.h5ad")
    best = np.argsort(-rate)[20:32]
    edges = pd.DataFrame({"regulon": "A(+)", "tf": "A", "target": [genes[i] for i in best], "weight": 1.0})
    edges.to_csv(tmp_path / "regulons.tsv", sep="\t", index=False)
    files = {"expression": "expression.h5ad", "pseudobulk": "pseudobulk.h5ad", "regulons": "regulons.tsv"}
    given = {name: str(tmp_path / file) for name, file in files.items()}
    scales = scoring.scales_of(cells.X, genes, of_cell)
    scales.to_csv(tmp_path / "genes.tsv", sep="\t", index=False)
    given["scales"] = str(tmp_path / "genes.tsv")
    params = {"contrast": CONTRAST, "settings": AUCELL, "seed": 0}
    score_at_equal_depth.main(make_job(input=given, output={"_": tmp_path / "found.tsv"}, params=params))
    join_at_equal_depth.main(make_job(input={"_": tmp_path / "found.tsv"}, output={"_": tmp_path / "joined.tsv"}))
    table = pd.read_csv(tmp_path / "joined.tsv", sep="\t")
    assert list(table) == depth.AT_EQUAL_DEPTH and len(table) == 4
    assert table["depth_matched"].std() < 0.05 * table["depth"].std()
    mean = table.groupby("timepoint")["activity"].mean()
    raw = {
        name: score_at_equal_depth.mean_activity(
            cells[np.isin(of_cell, samples.index[samples["timepoint"] == name])].X, genes,
            {"A(+)": dict.fromkeys(edges["target"], 1.0)}, 1.0, AUCELL, scales=scales, seed=0,
            rng=rng,
        )[0]
        for name in ("untreated", "persister")
    }  # fmt: skip
    assert abs(raw["untreated"] - raw["persister"]) > 3 * abs(mean["untreated"] - mean["persister"])
