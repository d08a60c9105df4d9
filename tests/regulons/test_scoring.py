"""What the score of activity measures: targets, not the factor's own mRNA, and not depth."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from scripts.activity import compare_activity, summarise_activity
from scripts.base.expression import thin
from scripts.base.tables import ALL_ARMS
from scripts.profiles import aggregate_pseudobulk
from scripts.regulons import activity, describe_activity, score_activity, scoring
from scripts.scenic import aucell, scaled_mean
from scripts.scenic.errors import ExpressionError

SETTINGS = {
    "engine": "native", "activity_score": "scaled_mean", "activity_auc_threshold": 0.2, "activity_own_gene": False,
    "max_target_share": 0.1,
}  # fmt: skip
KINDS = ["scaled_mean", "aucell"]
GENES = ["TF", *(f"G{i}" for i in range(299))]
TARGETS = GENES[1:31]
MODELS = ["P1", "P2", "P3", "P4"]
MIN_EFFECT = 0.5
"""The shipped limit of a shared switch (sd)."""


def edges_of(own_weight: float = 1.0) -> pd.DataFrame:
    """A regulon as validated importances make it: the factor's own gene at 1, targets at .01 to .07; and a control."""
    weights = np.linspace(0.01, 0.07, len(TARGETS))
    rows = [("TF(+)", "TF", "TF", own_weight), *(("TF(+)", "TF", t, w) for t, w in zip(TARGETS, weights, strict=True))]
    rows += [("OTHER(+)", "OTHER", gene, 1.0) for gene in GENES[100:130]]
    return pd.DataFrame(rows, columns=["regulon", "tf", "target", "weight"])


def test_own_gene_counts_only_where_it_is_asked_for():
    whole = scoring.target_weights(edges_of(), own_gene=True, max_share=1.0)["TF(+)"]
    assert whole["TF"] == pytest.approx(1 / (1 + np.linspace(0.01, 0.07, 30).sum())) and whole["TF"] > 0.4
    targets = scoring.target_weights(edges_of(), own_gene=False, max_share=0.1)["TF(+)"]
    assert "TF" not in targets and sorted(targets) == sorted(TARGETS)
    assert sum(targets.values()) == pytest.approx(1) and max(targets.values()) <= 0.1
    only_itself = pd.DataFrame([("A(+)", "A", "A", 1.0)], columns=["regulon", "tf", "target", "weight"])
    assert scoring.target_weights(only_itself, own_gene=False, max_share=0.1) == {}


@given(
    st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=60),
    st.sampled_from([0.01, 0.1, 0.3, 1.0]),
)
def test_capped_weights_hold_their_sum_their_order_and_their_limit(weights, most):
    found = scoring.capped(np.array(weights), most)
    assert found.sum() == pytest.approx(1)
    assert found.max() <= max(most, 1 / len(weights)) + 1e-9
    order = np.argsort(weights, kind="stable")
    assert (np.diff(found[order]) >= -1e-12).all()
    if most == 1:
        np.testing.assert_allclose(found, np.array(weights) / sum(weights))


def test_scaled_mean_by_hand():
    counts = np.array([[4, 2, 2, 0], [8, 4, 4, 0], [0, 0, 0, 5], [0, 0, 0, 0]])
    scale = np.array([2.0, 1.0, 1.0, 1.0])
    found = scaled_mean.score(counts, list("abcd"), {"ab": {"a": 0.25, "b": 0.75}, "d": {"d": 1.0}}, scale=scale)
    # First cell: a and b are 2 and 2 in units of their scales, the mean over all genes is 6 / 4.
    np.testing.assert_allclose(found["ab"], [2 / 1.5, 2 / 1.5, 0, 0])
    np.testing.assert_allclose(found["d"], [0, 0, 4, 0])
    fewer = scaled_mean.score(
        counts, list("abcd"), {"ab": {"a": 0.25, "b": 0.75}}, scale=scale, reference=[True, True, False, False]
    )
    np.testing.assert_allclose(fewer["ab"], [1, 1, 0, 0])
    other_units = {"ab": {"a": 1, "b": 3}, "d": {"d": 2}}
    pd.testing.assert_frame_equal(
        found, scaled_mean.score(sparse.csr_matrix(counts), list("abcd"), other_units, scale=scale, block=1)
    )
    with pytest.raises(ExpressionError, match="3 gene names"):
        scaled_mean.score(counts, list("abc"), {}, scale=scale)


def test_variances_are_those_within_samples():
    rng = np.random.default_rng(0)
    counts = rng.poisson([[5.0, 1.0, 4.0]] * 40 + [[50.0, 1.0, 4.0]] * 60)
    share = counts / counts.sum(axis=1, keepdims=True)
    parts = [share[:40], share[40:]]
    pooled = sum(((part - part.mean(axis=0)) ** 2).sum(axis=0) for part in parts) / 98
    np.testing.assert_allclose(scaled_mean.variances(sparse.csr_matrix(counts), ["a"] * 40 + ["b"] * 60), pooled)


def test_scales_are_one_unit_for_all_groups():
    one = pd.DataFrame({"gene": ["a", "b", "c"], "variance": [1.0, 4.0, 0.0]})
    two = pd.DataFrame({"gene": ["a", "c", "d"], "variance": [3.0, 0.0, 9.0]})
    table = scoring.join_scales([one, two]).set_index("gene")
    np.testing.assert_allclose(table["scale"], [np.sqrt(2), 2, 0, 3])
    assert table["groups"].tolist() == [2, 1, 2, 1] and table["reference"].tolist() == [True, False, False, False]


def simulate(depth: float = 3_000.0, n_cells: int = 200, seed: int = 0) -> sparse.csr_matrix:
    """Cells of one state: lognormal genes, negative binomial counts."""
    rng = np.random.default_rng(seed)
    rate = rng.lognormal(0, 1.2, len(GENES))
    size = depth * rng.lognormal(0, 0.3, n_cells)[:, None] * (rate / rate.sum())[None, :]
    return sparse.csr_matrix(rng.poisson(size * rng.gamma(4, 1 / 4, size.shape)).astype(np.int32))


def moves(counts, genes, sets, scales, kind: str, share: float, draws: int) -> np.ndarray:
    """By how many sd between cells each mean moves with molecules kept with a chance of ``share``, over draws."""
    options = {"scales": scales, "seed": 1}
    settings = SETTINGS | {"activity_score": kind}
    whole = scoring.score(counts, genes, sets, settings, **options)
    thinned = [
        scoring.score(thin(counts, share, np.random.default_rng(draw)), genes, sets, settings, **options).mean()
        for draw in range(draws)
    ]
    return ((sum(thinned) / draws - whole.mean()) / whole.std()).abs().to_numpy()


@pytest.mark.parametrize("share", [0.58, 0.25])
def test_the_score_of_the_same_cells_does_not_follow_their_depth(share):
    counts = simulate(depth=600.0)
    rng = np.random.default_rng(1)
    sets = {f"R{i}": dict.fromkeys(rng.choice(GENES, 20, replace=False), 0.05) for i in range(60)}
    scales = scoring.scales_of(counts, GENES, ["S"] * counts.shape[0])
    found = {kind: moves(counts, GENES, sets, scales, kind, share, draws=6) for kind in KINDS}
    assert (found["scaled_mean"] < 0.1).mean() >= 0.95
    assert np.quantile(found["aucell"], 0.95) > 3 * np.quantile(found["scaled_mean"], 0.95)


def study(folder, change: str) -> pd.DataFrame:
    """Write four models' cells, untreated and persister; ``change``: what differs in persisters, the factor's mRNA
    ("mrna") or its targets ("targets"). Return counts by model.
    """
    rng = np.random.default_rng(3)
    rate = rng.lognormal(0, 1.0, len(GENES))
    rate[0] = np.median(rate)
    rows, groups = [], []
    for model in MODELS:
        own_rate = rate * rng.lognormal(0, 0.2, len(GENES))
        counts, labels = [], []
        for timepoint in ("untreated", "persister"):
            sample = f"{model}_{timepoint}"
            fold = np.ones(len(GENES))
            if timepoint == "persister":
                fold[[0] if change == "mrna" else list(range(1, 31))] = 8 if change == "mrna" else 1.5
            mean = own_rate * fold
            size = 1_500 * rng.lognormal(0, 0.3, 120)[:, None] * (mean / own_rate.sum())[None, :]
            counts.append(rng.poisson(size * rng.gamma(4, 1 / 4, size.shape)).astype(np.int32))
            arm = "untreated" if timepoint == "untreated" else "drug"
            row = {"sample": sample, "model": model, "timepoint": timepoint, "arm": arm, "replicate": "1"}
            rows.append(row)
            labels += [row] * 120
            cells = anndata.AnnData(sparse.csr_matrix(counts[-1]), var=pd.DataFrame({"gene_id": GENES}, index=GENES))
            cells.obs = pd.DataFrame(labels[-120:], index=[f"{sample}:{i}" for i in range(120)])
            cells.write_h5ad(folder / f"{sample}.h5ad")
        both = sparse.csr_matrix(np.vstack(counts))
        obs = pd.DataFrame(labels, index=[f"{row['sample']}:{i % 120}" for i, row in enumerate(labels)])
        data = anndata.AnnData(sparse.csr_matrix(np.log1p(both.toarray())), obs=obs, var=pd.DataFrame(index=GENES))
        data.layers["counts"] = both
        (folder / model).mkdir()
        data.write_h5ad(folder / model / "expression.h5ad")
        groups.append(pd.DataFrame({"gene": GENES, "variance": scaled_mean.variances(both, obs["sample"])}))
    scoring.join_scales(groups).to_csv(folder / "genes.tsv", sep="\t", index=False)
    edges_of().to_csv(folder / "consensus.tsv", sep="\t", index=False)
    return pd.DataFrame(rows).assign(assay="scrna")


def compare(make_job, folder, sheet: pd.DataFrame, settings: dict) -> pd.DataFrame:
    """Score, average and compare as the rules do; return effects.tsv by regulon."""
    for model in MODELS:
        given = {"expression": folder / model / "expression.h5ad", "regulons": folder / "consensus.tsv"}
        given["scales"] = folder / "genes.tsv"
        made = {"activity": folder / model / "activity.parquet"}
        score_activity.main(make_job(input=given, output=made, params={"settings": settings, "seed": 1}))
    cells = [str(folder / f"{sample}.h5ad") for sample in sheet["sample"]]
    made = {"pseudobulk": folder / "pseudobulk.h5ad", "samples": folder / "samples.tsv"}
    about = {"samples": sheet.to_dict("records"), "libraries": sheet["sample"].tolist(), "min_cells": 30}
    aggregate_pseudobulk.main(make_job(input={"cells": cells}, output=made, params=about))
    groups = [str(folder / model / "activity.parquet") for model in MODELS]
    given = {"samples": folder / "samples.tsv", "activity": groups}
    summarise_activity.main(make_job(input=given, output={"activity": folder / "activity.tsv"}))
    given = {"activity": folder / "activity.tsv", "samples": folder / "samples.tsv"}
    given |= {"pseudobulk": folder / "pseudobulk.h5ad", "profiles": []}
    names = ("differences", "effects", "design", "permutations")
    params = {
        "contrast": {"baseline": "untreated", "persister": "persister", "relapse": None},
        "groups": dict(zip(sheet["sample"], sheet["model"], strict=True)),
        "days": {},
        "fdr": 0.05,
        "seed": 0,
    }
    made = {name: folder / f"{name}.tsv" for name in names}
    compare_activity.main(make_job(input=given, output=made, params=params))
    table = pd.read_csv(folder / "effects.tsv", sep="\t")
    return table[table["arm"] == ALL_ARMS].set_index("regulon")


def called(row: pd.Series) -> bool:
    """Whether a change is large and not chance, as a shared switch asks."""
    return bool(row["fdr"] <= 0.05 and abs(row["activity_change_sd"]) >= MIN_EFFECT)


@pytest.mark.parametrize("kind", KINDS)
def test_a_factor_s_mrna_alone_changes_no_activity(make_job, tmp_path, kind):
    sheet = study(tmp_path, "mrna")
    found = compare(make_job, tmp_path, sheet, SETTINGS | {"activity_score": kind})
    assert (found["activity_change_sd"].abs() < 0.2).all() and not found.apply(called, axis=1).any()
    # With its own gene at the weight that inference gives it, the score calls the mRNA an activity.
    circular = SETTINGS | {"activity_score": kind, "activity_own_gene": True, "max_target_share": 1.0}
    before = compare(make_job, tmp_path, sheet, circular)
    assert called(before.loc["TF(+)"]) and before.loc["TF(+)", "activity_change_sd"] > 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_of_targets_alone_is_called(make_job, tmp_path, kind):
    sheet = study(tmp_path, "targets")
    found = compare(make_job, tmp_path, sheet, SETTINGS | {"activity_score": kind})
    assert called(found.loc["TF(+)"]) and found.loc["TF(+)", "activity_change_sd"] > 0
    assert not called(found.loc["OTHER(+)"])


def test_correlation_with_own_mrna_tells_a_circular_score(make_job, tmp_path):
    sheet = study(tmp_path, "mrna")
    expression = anndata.read_h5ad(tmp_path / "P1" / "expression.h5ad")
    found = {}
    for own in (True, False):
        settings = SETTINGS | {"activity_own_gene": own, "max_target_share": 1.0 if own else 0.1}
        compare(make_job, tmp_path, sheet, settings)
        activity = pd.read_parquet(tmp_path / "P1" / "activity.parquet")[["OTHER(+)", "TF(+)"]]
        found[own] = describe_activity.own_mrna(activity, expression, {"TF(+)": "TF", "OTHER(+)": "OTHER"})
    assert found[True]["TF(+)"] > 0.8 and abs(found[False]["TF(+)"]) < 0.3
    assert found[True].isna()["OTHER(+)"]


@pytest.mark.parametrize("kind", KINDS)
def test_on_and_off_are_states_of_the_targets(kind):
    """Half of the cells express the factor highly, the other half not at all; its targets have one state."""
    counts = simulate(n_cells=600, seed=4).tolil()
    counts[:, 0] = np.where(np.arange(600) < 300, 60, 0)[:, None]
    counts, found = counts.tocsr(), {}
    scales = scoring.scales_of(counts, GENES, ["S"] * 600)
    for own in (True, False):
        sets = scoring.target_weights(edges_of(), own_gene=own, max_share=1.0 if own else 0.1)
        scores = scoring.score(counts, GENES, sets, SETTINGS | {"activity_score": kind}, scales=scales, seed=1)
        found[own] = activity.threshold(scores["TF(+)"].to_numpy(), seed=0)["bimodal"]
    assert found == {True: True, False: False}


def test_unexpressed_genes_get_no_rank(caplog):
    """A cell that shows three genes: beyond them AUCell would rank the others in one random order for all cells."""
    counts = np.zeros((20, 100))
    counts[:, :3] = [3, 2, 1]
    genes, sets = [f"G{i}" for i in range(100)], {f"R{i}": {f"G{i}": 1.0} for i in range(100)}
    options = {"auc_threshold": 0.2, "seed": 1}
    published = aucell.score(counts, genes, sets, **options)
    guarded = scoring.score(
        sparse.csr_matrix(counts), genes, sets, SETTINGS | {"activity_score": "aucell"}, scales=pd.DataFrame(), seed=1
    )
    assert (published.iloc[:, 3:].max() > 0).sum() == 16 and guarded.iloc[:, 3:].max().max() == 0
    pd.testing.assert_frame_equal(guarded.iloc[:, :3], published.iloc[:, :3])
    assert "20 ranks count, but 10 % of the cells show 3 genes or fewer" in caplog.text
    caplog.clear()
    deep = scoring.score(
        simulate(), GENES, {"R": {"G1": 1.0}}, SETTINGS | {"activity_score": "aucell"}, scales=pd.DataFrame(), seed=1
    )
    assert deep["R"].max() > 0 and "ranks count" not in caplog.text
