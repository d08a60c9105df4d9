"""Marker panels: nothing is chosen in the patient that judges, p-values are calibrated, planted markers are found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from scripts.markers import find_markers, panels
from scripts.markers import genes as single
from scripts.stats import intervals

SIZES = [1, 3]
NAMES = ("markers", "panels", "scores", "roc")
FILES = {
    "locations": "resources/markers/surface_secreted.tsv",
    "assays": "resources/markers/assays.tsv",
}


def draw(rng, n_models=6, n_genes=60, effect=0.0, planted=5, replicates=1) -> tuple[panels.Pairs, pd.Index]:
    """Return samples × genes in which models differ by sd 1 and the first genes rise by ``effect`` in persisters."""
    rows = [(m, state, r) for m in range(n_models) for state in (-1.0, 1.0) for r in range(replicates)]
    sheet = pd.DataFrame(
        [(f"m{m}", "untreated" if state < 0 else "persister") for m, state, _ in rows], columns=["model", "timepoint"]
    )
    values = rng.normal(0, 0.5, (len(rows), n_genes)) + rng.normal(0, 1, (n_models, n_genes))[[m for m, *_ in rows]]
    values[:, :planted] += effect * (np.array([state for _, state, _ in rows]) > 0)[:, None]
    genes = pd.Index([f"g{i}" for i in range(n_genes)])
    frame = pd.DataFrame(values, columns=genes, index=[f"s{i}" for i in range(len(rows))])
    return panels.make_pairs(frame, sheet.set_axis(frame.index), "untreated", "persister")[0], genes


def everything(pairs: panels.Pairs) -> np.ndarray:
    return np.ones(pairs.values.shape[1], dtype=bool)


def test_planted_markers_are_found_and_separate_left_out_patients():
    pairs, genes = draw(np.random.default_rng(0), n_models=8, effect=3.0, replicates=2)
    settings = {"sizes": SIZES, "permutations": 60, "random": 50, "seed": 0}
    table, folds = find_markers.judge_pool(pairs, genes, "all genes", everything(pairs), settings)
    row = table.set_index("size").loc[find_markers.NESTED]
    assert row["auc"] > 0.95 and row["auc_across"] > 0.8 and row["p"] <= 0.05
    assert row["across_low"] < row["auc_across"] <= row["across_high"] and "ci_low" not in row
    assert {gene for fold in folds for gene in fold.panels[3]} <= set(range(5))
    three = table.set_index("size").loc[3]
    assert three["auc"] > three["random_high"]


@pytest.mark.full
def test_p_values_of_the_whole_procedure_are_uniform_without_markers():
    """40 studies of five models: steps of 1/16, so that p minus half a step is compared with a uniform distribution."""
    rng = np.random.default_rng(1)
    found = []
    for _ in range(40):
        pairs, _ = draw(rng, n_models=5)
        p, n = panels.permutation_p(pairs, SIZES, everything(pairs), seed=0, n=70)
        assert n == 16
        found.append(p - 1 / 32)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_a_model_turned_round_changes_the_other_way_and_keeps_its_scatter():
    pairs, _ = draw(np.random.default_rng(8), n_models=4, effect=1.0, replicates=3)
    untreated, persister = panels.state_means(pairs)
    found = list(panels.flipped(pairs, 0, 100))
    assert len(found) == 7 and len(list(panels.flipped(pairs, 0, 5))) == 5
    for other in found:
        low, high = panels.state_means(other)
        np.testing.assert_allclose(np.abs(high - low), np.abs(persister - untreated))
        turned = np.sign((high - low) / (persister - untreated))
        assert (turned == turned[:, :1]).all() and (turned < 0).any(), "whole models, all genes alike"
        own = (pairs.model == 0) & (pairs.state > 0)
        np.testing.assert_allclose(other.values[own].std(axis=0), pairs.values[own].std(axis=0))


@pytest.mark.full
def test_listed_genes_look_good_without_markers_and_their_rank_does_not():
    """Thirty studies of five models without a marker: AUCs near 1 in-sample, one half at the same ranks."""
    rng = np.random.default_rng(6)
    seen, expected = [], []
    for _ in range(30):
        pairs, genes = draw(rng, n_models=5, n_genes=200)
        pool = everything(pairs)
        folds = panels.nested(pairs, SIZES, pool)
        nowhere = pd.DataFrame({"location": [], "group": []})
        table = find_markers.list_genes(pairs, genes, "all genes", pool, folds, nowhere, SIZES).head(10)
        seen.append(table["auc_in_sample"].mean())
        expected.append(table["auc_at_rank"].mean())
    assert np.mean(seen) > 0.9
    assert abs(np.mean(expected) - 0.5) < 3 * np.std(expected) / np.sqrt(30)


def test_the_gene_at_a_rank_is_chosen_without_the_model_that_judges():
    pairs, _ = draw(np.random.default_rng(7), effect=1.0)
    found = single.ranked_aucs(pairs, everything(pairs), 3)
    folds = panels.nested(pairs, [1, 3], everything(pairs))
    assert found[0] == pytest.approx(panels.judge(pairs, folds, 1)["auc"]) and len(found) == 3


def test_the_left_out_patient_has_no_say():
    """Whatever the left-out model's values are, genes, directions, size and scale of its fold stay the same."""
    pairs, _ = draw(np.random.default_rng(2), effect=1.0)
    changed = pairs.values.copy()
    changed[pairs.model == 2] = 100.0
    first, other = panels.nested(pairs, SIZES, everything(pairs))[2], panels.nested(
        panels.Pairs(changed, pairs.state, pairs.model), SIZES, everything(pairs)
    )[2]  # fmt: skip
    assert first.chosen == other.chosen
    np.testing.assert_array_equal(first.panels[3], other.panels[3])
    np.testing.assert_array_equal(first.ranking.scale, other.ranking.scale)


def plain_size(untreated: np.ndarray, persister: np.ndarray, sizes: list[int], pool: np.ndarray) -> int:
    """Choose a size as :func:`panels.choose_size` does, with all genes ranked again without each model."""
    right, reach = [], []
    for left in range(len(untreated)):
        rest = np.arange(len(untreated)) != left
        change, own = (persister - untreated)[rest], (persister - untreated)[left]
        error = change.std(axis=0, ddof=1) / np.sqrt(len(change)) if len(change) > 1 else np.zeros(change.shape[1])
        rank = np.argsort(-np.abs(change.mean(axis=0) / (error + (np.median(error) or 1.0))), kind="stable")
        best = [gene for gene in rank if pool[gene]]
        scale = np.sqrt(change.var(axis=0) + np.median(change.var(axis=0)) + 1e-12)
        towards = np.sign(change.mean(axis=0)) * own / scale
        reach.append([towards[best[:size]].mean() for size in sizes])
        right.append([(value > 0) + (value == 0) / 2 for value in reach[-1]])
    right, reach = np.mean(right, axis=0), np.array(reach)
    firm = reach.mean(axis=0) / (reach.std(axis=0) + np.median(reach.std(axis=0)) + 1e-12)
    best = right >= right.max() - panels.TOLERANCE
    good = best & (firm >= firm[best].max() - 0.5 * abs(firm[best].max()))
    return sizes[int(np.flatnonzero(good)[0])]


@pytest.mark.parametrize("n_models", [2, 3, 6, 12])
def test_the_size_is_that_of_ranking_all_genes_again_without_each_model(n_models):
    rng, sizes, chosen = np.random.default_rng(n_models), [1, 2, 3, 5, 10, 20], set()
    for effect in np.repeat([0.0, 0.5, 1.0], 10):
        pairs, _ = draw(rng, n_models=n_models, effect=effect)
        pool = rng.random(60) < 0.5
        chosen.add(panels.choose_size(*panels.state_means(pairs), sizes, pool))
        assert panels.choose_size(*panels.state_means(pairs), sizes, pool) == plain_size(
            *panels.state_means(pairs), sizes, pool
        )
    assert len(chosen) > 1


def test_the_first_of_equal_genes_is_taken_first():
    score = np.array([1.0, -2.0, 2.0, 0.5, 2.0, -1.0])
    every = np.ones(6, dtype=bool)
    assert [panels.first(score, every, n).tolist() for n in (1, 2, 3, 4, 9)] == [
        [1], [1, 2], [1, 2, 4], [1, 2, 4, 0], [1, 2, 4, 0, 5, 3],
    ]  # fmt: skip
    assert panels.first(score, score > 0, 2).tolist() == [2, 4]
    assert panels.first(score, score > 9, 2).tolist() == []


def test_auc_is_that_of_scikit_learn():
    rng = np.random.default_rng(3)
    scores, state = rng.integers(0, 5, 40).astype(float), np.where(rng.random(40) < 0.5, 1.0, -1.0)
    assert panels.auc(scores, state) == pytest.approx(roc_auc_score(state > 0, scores))


def test_interval_counts_patients():
    assert intervals.share_interval(1.0, 5) == pytest.approx((0.4782, 1.0), abs=1e-4)  # Clopper & Pearson, 5 of 5
    assert intervals.share_interval(0.8, 5) == pytest.approx((0.2836, 0.9949), abs=1e-4)  # 4 of 5
    assert np.isnan(intervals.share_interval(np.nan, 5)).all()


def test_interval_covers_at_least_what_it_says():
    """True share 0.8 of 8 patients; an exact interval covers 95 % or more, whatever the numbers allow."""
    rng = np.random.default_rng(4)
    right = rng.binomial(8, 0.8, 4000) / 8
    ends = {mean: intervals.share_interval(mean, 8) for mean in np.unique(right)}
    assert np.mean([ends[mean][0] <= 0.8 <= ends[mean][1] for mean in right]) >= 0.95


def test_surface_and_secreted_are_those_of_the_list():
    locations = pd.read_csv("resources/markers/surface_secreted.tsv", sep="\t").set_index("gene")
    assert locations.index.is_unique and set(locations["location"]) == {"surface", "secreted"}
    masks = find_markers.pools_of(pd.Index(["CD44", "SERPINE1", "MYC"]), locations)
    assert masks["surface"].tolist() == [True, False, False] and masks["secreted"].tolist() == [False, True, False]


def run(make_job, tmp_path, frame, sheet, differences: dict | None = None) -> dict[str, pd.DataFrame]:
    """``differences``: files of the changes at constant composition, by model."""
    import anndata

    data = anndata.AnnData(frame.to_numpy(), obs=sheet, var=pd.DataFrame(index=frame.columns))
    data.write_h5ad(tmp_path / "profiles.h5ad")
    output = {name: tmp_path / f"{name}.tsv" for name in (*NAMES, "assays", "values", "positive")}
    differences = differences or {}
    source = {"profiles": tmp_path / "profiles.h5ad", "cells": [], "differences": list(differences.values())}
    job = make_job(
        input=source | FILES,
        output=output,
        params={
            "contrast": {"baseline": "untreated", "persister": "persister"},
            "sizes": SIZES,
            "permutations": 9,
            "random": 9,
            "seed": 0,
            "prevalences": [0.1],
            "samples": sheet.rename_axis("sample").reset_index().to_dict("records"),
            "libraries": [],
            "compared": list(differences),
            "fdr": 0.05,
        },
    )
    find_markers.main(job)
    return {name: pd.read_csv(path, sep="\t") for name, path in output.items()}


@pytest.mark.parametrize("n_models", [2, 4])
def test_files_hold_results_or_say_why_not(make_job, tmp_path, n_models):
    rng = np.random.default_rng(5)
    names = [f"m{m}_{t}" for m in range(n_models) for t in ("untreated", "persister")]
    labels = {"model": [n.split("_")[0] for n in names], "timepoint": [n.split("_")[1] for n in names]}
    sheet = pd.DataFrame(labels | {"arm": "a", "replicate": "1", "platform": "bulk"}, index=names)
    frame = pd.DataFrame(
        rng.normal(5, 1, (len(names), 50)), index=names, columns=["CD44", "SERPINE1", *[f"g{i}" for i in range(48)]]
    )
    frame.loc[sheet["timepoint"] == "persister", "CD44"] += 6
    found = run(make_job, tmp_path, frame, sheet)
    if n_models == 2:
        assert found["assays"].empty and found["values"].empty and found["positive"].empty
        assert found["markers"].empty and "two for learning" in found["panels"]["note"][0]
        return
    best = found["markers"].query("pool == 'surface'").iloc[0]
    assert (
        best["gene"] == "CD44" and best["direction"] == "up" and best["location"] == "surface" and best["in_panel"] == 4
    )
    assert len(found["scores"].query("pool == 'all genes'")) == len(names)
    assert list(found["panels"]) == find_markers.PANELS
    assays = found["assays"].set_index("pool")
    assert best["assay"] == assays.loc["surface", "assay"] == "antibody (flow cytometry)"
    assert assays.loc["surface", "unit"] == "samples" and assays.loc["surface", "positive_persister"] == 1
    assert found["values"].query("pool == 'surface'")["positive_predictive_value"].item() == 1
    assert len(found["positive"]) == n_models * found["positive"]["pool"].nunique()
