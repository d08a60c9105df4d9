"""Activity per cell: of what a group measures, and of nothing else."""

import anndata
import numpy as np
import pandas as pd
import pytest

from scripts.regulons import score_activity, scoring
from scripts.switches.evidence import score_families

GENES = [f"G{i}" for i in range(60)]
SETTINGS = {"activity_auc_threshold": 0.1, "activity_own_gene": False, "max_target_share": 0.1}
ENGINES = [("native", kind) for kind in ("scaled_mean", "aucell", "mean_rank", "ulm")] + [("pyscenic", "aucell")]
TARGETS = {"whole(+)": GENES[:10], "most(+)": [*GENES[10:14], "elsewhere"], "half(+)": [*GENES[20:23], "x", "y", "z"]}


@pytest.fixture
def group(tmp_path):
    """A group's expression and three regulons: all, four of five and half of whose targets it measures."""
    counts = np.random.default_rng(0).poisson(0.5, (30, len(GENES))).astype(np.float32)
    labels = {"sample": "S", "model": "1040", "timepoint": "0", "arm": "NA", "replicate": "1"}
    obs = pd.DataFrame(labels, index=[f"S:{i}" for i in range(30)])
    cells = anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=GENES), layers={"counts": counts})
    cells.write_h5ad(tmp_path / "expression.h5ad")
    scoring.scales_of(counts, GENES, ["S"] * 30).to_csv(tmp_path / "genes.tsv", sep="\t", index=False)
    rows = [(name, name[:-3].upper(), target, 1.0) for name, own in TARGETS.items() for target in own]
    edges = pd.DataFrame(rows, columns=["regulon", "tf", "target", "weight"])
    edges.to_csv(tmp_path / "consensus.tsv", sep="\t", index=False)
    return tmp_path


def score(make_job, folder, engine, kind):
    names = {"expression": "expression.h5ad", "regulons": "consensus.tsv", "scales": "genes.tsv"}
    files = {key: folder / name for key, name in names.items()}
    params = {"settings": SETTINGS | {"engine": engine, "activity_score": kind}, "seed": 1}
    score_activity.main(
        make_job(input=files, output={"activity": folder / "activity.parquet"}, params=params, wildcards={"group": "P"})
    )
    return pd.read_parquet(folder / "activity.parquet")


@pytest.mark.parametrize(("engine", "kind"), ENGINES)
def test_a_regulon_that_is_not_measured_has_no_activity_rather_than_none(make_job, group, engine, kind, caplog):
    with caplog.at_level("INFO"):
        table = score(make_job, group, engine, kind)
    assert table.columns.tolist() == ["sample", "model", "timepoint", "arm", "replicate", "most(+)", "whole(+)"]
    assert (table[["most(+)", "whole(+)"]].max() > 0).all()
    assert "1 of 3 are left out because less than 80 % of their targets are measured: half(+)" in caplog.text
    assert "2 of 3 regulons in 30 cells" in caplog.text


@pytest.mark.parametrize(("engine", "kind"), ENGINES)
def test_a_group_that_measures_no_regulon_keeps_its_labels(make_job, group, engine, kind, caplog):
    edges = pd.read_csv(group / "consensus.tsv", sep="\t").query("regulon == 'half(+)'")
    edges.to_csv(group / "consensus.tsv", sep="\t", index=False)
    table = score(make_job, group, engine, kind)
    assert table.shape == (30, 5) and "no consensus regulon is measured: labels only" in caplog.text


def test_a_family_that_is_not_measured_has_no_activity_either(make_job, group):
    families = pd.DataFrame({"tf": ["WHOLE", "MOST", "HALF", "LESS"], "family": ["a", "a", "b", "b"]})
    families.to_csv(group / "families.tsv", sep="\t", index=False)
    edges = pd.read_csv(group / "consensus.tsv", sep="\t")
    half = edges[edges["tf"] == "HALF"]
    pd.concat([edges, half.assign(tf="LESS", regulon="less(+)")]).to_csv(group / "consensus.tsv", sep="\t", index=False)
    files = {name: group / f"{name}.tsv" for name in ("families", "consensus")}
    files = {"families": files["families"], "regulons": files["consensus"], "expression": group / "expression.h5ad"}
    files["scales"] = group / "genes.tsv"
    params = {"settings": SETTINGS | {"engine": "native", "activity_score": "scaled_mean"}, "seed": 1}
    score_families.main(make_job(input=files, output={"_": group / "families.parquet"}, params=params))
    assert pd.read_parquet(group / "families.parquet").columns.tolist()[5:] == ["a"]
