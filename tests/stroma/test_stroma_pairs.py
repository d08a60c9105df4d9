"""Ligand–receptor pairs: scores of complexes, random pairs, equal depth, and what is found in simulated studies."""

import numpy as np
import pandas as pd
import pytest

from scripts.stroma import pairs
from scripts.stroma.terms import TO_HOST, TO_TUMOUR

GENES = [f"G{i}" for i in range(120)]
KNOWN = pd.DataFrame(
    [("G0", "G50", "x"), ("G1", "G51_G52", "x"), ("G2", "ABSENT", "x"), ("G3", "G53", "x")],
    columns=["ligand", "receptor", "source"],
)
HOST = {gene: gene.lower() for gene in GENES}


def study(models: int = 5, rise: float = 0.0) -> tuple[pd.DataFrame, dict, pd.DataFrame]:
    """Return expression of tumour and stroma, and labels; the tumour's G0 rises by ``rise``."""
    rng = np.random.default_rng(4)
    base = rng.normal(8, 1.5, (2, len(GENES)))
    tumour, stroma, sheet = {}, {}, []
    for model in range(models):
        for when in ("u", "p"):
            sample = f"M{model}{when}"
            tumour[sample], stroma[sample] = base + rng.normal(0, 0.3, base.shape)
            tumour[sample][0] += rise * (when == "p")
            sheet.append((sample, f"M{model}", when, when))
    labels = pd.DataFrame(sheet, columns=["sample", "model", "timepoint", "arm"]).set_index("sample")
    host = pd.DataFrame(stroma, index=[gene.lower() for gene in GENES]).T
    return pd.DataFrame(tumour, index=GENES).T, {"macrophage": host}, labels


def test_a_ligand_that_rises_is_found_in_its_direction():
    found = pairs.score(*study(rise=4.0), KNOWN, HOST, "u", "p")
    best = found.iloc[0]
    assert (best["direction"], best["ligand"], best["lineage"]) == (TO_HOST, "G0", "macrophage")
    assert best["effect"] == pytest.approx(2, abs=0.3) and best["fdr"] < 0.05 and best["k"] == 5
    assert best["score_persister"] - best["score_baseline"] == pytest.approx(best["effect"])
    other = found[(found["direction"] == TO_TUMOUR) & (found["ligand"] == "G0")].iloc[0]
    assert other["p"] > 0.05 and "ABSENT" not in set(found["receptor"]) and len(found) == 6
    assert (found["p"] >= found["random_share"]).all()


def test_a_complex_counts_as_its_least_expressed_subunit():
    tumour, stroma, labels = study()
    found = pairs.score(tumour, stroma, labels, KNOWN, HOST, "u", "p").set_index(["direction", "ligand"])
    host, before = stroma["macrophage"], labels.index[labels["timepoint"] == "u"]
    expected = (tumour["G1"] + host[["g51", "g52"]].min(axis=1))[before].mean() / 2
    assert found.loc[(TO_HOST, "G1"), "score_baseline"] == pytest.approx(expected)


def test_a_compartment_that_moves_as_a_whole_makes_no_pair_a_finding():
    tumour, stroma, labels = study()
    later = (labels["timepoint"] == "p").to_numpy()
    moved = {"macrophage": stroma["macrophage"] + 3.0 * later[:, None]}
    found = pairs.score(tumour, moved, labels, KNOWN, HOST, "u", "p")
    assert (found["ci_low"] > 0).all()  # all of them rise over models
    assert (found["random_share"] > 0.05).all() and (found["fdr"] > 0.05).all()


def test_two_models_have_an_effect_without_p():
    found = pairs.score(*study(models=2, rise=4.0), KNOWN, HOST, "u", "p")
    assert len(found) == 6 and found[["p", "fdr", "ci_low"]].isna().all(axis=None) and found["effect"].notna().all()


def test_without_common_samples_nothing_is_compared():
    tumour, _, labels = study()
    assert pairs.score(tumour, {}, labels, KNOWN, HOST, "u", "p").columns.tolist() == pairs.PAIRS
    later = labels.index[labels["timepoint"] == "p"]
    only = {"macrophage": study()[1]["macrophage"].loc[later]}
    assert pairs.score(tumour, only, labels, KNOWN, HOST, "u", "p").empty


def test_similar_genes_are_the_nearest_in_expression_without_the_gene_itself():
    values = pd.DataFrame([np.arange(100.0)], columns=[f"g{i}" for i in range(100)])
    near = pairs.similar(values)
    assert all(len(own) == pairs.LEAST_SIMILAR for own in near.values())
    assert sorted(near["g50"]) == [i for i in range(30, 71) if i != 50] and sorted(near["g0"]) == list(range(1, 41))
    few = pairs.similar(values.iloc[:, :5])
    assert sorted(few["g2"]) == [0, 1, 3, 4]


def test_counts_of_a_model_have_one_depth_and_few_cells_are_left_out():
    genes, model = pd.Index(["a", "b"]), pd.Series({"s": "M", "t": "M", "v": "N"})
    counts = pd.DataFrame([[900, 100], [90, 10], [500, 500]], index=["s", "t", "v"], columns=genes)
    thin = pairs.thin_to_model(counts, model, 1)
    turned = pairs.thin_to_model(counts[::-1], model[::-1], 1)
    assert turned.loc[counts.index].equals(thin), "whatever the order of the samples"
    assert 60 < thin.loc["s"].sum() < 140 and thin.loc[["t", "v"]].equals(counts.loc[["t", "v"]])
    sums = {("L", name): counts.loc[name].to_numpy(float) for name in counts.index}
    cells = {("L", "s"): 30, ("L", "t"): 9, ("L", "v"): 40}
    assert list(pairs.sum_lineages(sums, cells, genes, model, 10, 0)["L"].index) == ["s", "v"]
