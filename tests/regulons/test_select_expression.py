"""Cells and genes that a network is inferred from."""

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base import job
from scripts.regulons import scoring
from scripts.regulons.infer_network import chunk_of
from scripts.regulons.join_networks import join
from scripts.regulons.select_expression import LABELS, select

GENES = [f"G{i}" for i in range(40)]
SETTINGS = {"min_cells": 50, "min_cell_fraction": 0.05, "min_database_overlap": 0.5}
BOTH = ["S0", "S1"]
OFFER = {"genes": [*GENES[:36], "X1"], "tfs": ["G0", "G39", "X1"]}


def cells(n=60, seed=0, genes=GENES):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(2, (n, len(genes))).astype(np.int32)
    counts[:, 5] = 0
    obs = pd.DataFrame(dict.fromkeys(LABELS, "a") | {"sample": f"S{seed}"}, index=[f"S{seed}:{i}" for i in range(n)])
    var = pd.DataFrame({"gene_id": [f"E{g}" for g in genes]}, index=genes)
    return anndata.AnnData(sparse.csr_matrix(counts), obs=obs, var=var)


def test_selects_seen_genes_of_the_databases_and_all_factors():
    found = select([cells(), cells(seed=1)], BOTH, OFFER, SETTINGS, "M")
    assert found.n_obs == 120
    assert found.var_names.tolist() == [g for g in GENES[:36] if g != "G5"] + ["G39"]
    assert found.var_names[found.var["tf"]].tolist() == ["G0", "G39"]
    assert sparse.issparse(found.X) and found.layers["counts"].dtype.kind == "i"


def test_scaling_uses_all_genes_of_a_cell():
    part = cells()
    total = np.asarray(part.X.sum(axis=1)).ravel()
    found = select([part], BOTH, OFFER, SETTINGS, "M")
    expected = np.log1p(part.X[:, 0].toarray().ravel() / total * np.median(total))
    np.testing.assert_allclose(found[:, "G0"].X.toarray().ravel(), expected, rtol=1e-5)


def test_a_gene_that_one_sample_lacks_is_left_out():
    found = select([cells(), cells(seed=1, genes=GENES[1:])], BOTH, OFFER, SETTINGS, "M")
    assert "G0" not in found.var_names


@pytest.mark.parametrize(
    ("offer", "settings", "message"),
    [
        (OFFER, SETTINGS | {"min_cells": 61}, "group M: 60 cells, regulons.min_cells is 61"),
        (OFFER | {"genes": GENES[:20]}, SETTINGS, "know 49% of 39 genes.*unknown: G20, G21"),
        (OFFER | {"genes": ["ENSG1"]}, SETTINGS, "symbols, not Ensembl ids"),
        (OFFER | {"tfs": ["FOSL1"]}, SETTINGS, "no factor among 39 genes"),
    ],
)
def test_what_scenic_would_fail_on_later_is_refused(offer, settings, message):
    with pytest.raises(job.UserError, match=message):
        select([cells()], BOTH, offer, settings, "M")


def test_groups_of_a_model_have_the_same_genes():
    """G7 is silent in one timepoint, G8 in the other: all groups keep both, and a cell's values don't change."""
    parts = [cells(n=80), cells(n=120, seed=1)]
    for part, silent in zip(parts, (7, 8), strict=True):
        counts = part.X.toarray()
        counts[:, silent] = 0
        part.X = sparse.csr_matrix(counts)
    pooled = select(parts, BOTH, OFFER, SETTINGS, "M")
    groups = [select(parts, [sample], OFFER, SETTINGS, f"M_{sample}") for sample in BOTH]
    assert [group.n_obs for group in groups] == [80, 120]
    for group in groups:
        assert group.var[["tf"]].equals(pooled.var[["tf"]]) and {"G7", "G8"} <= set(group.var_names)
        same = pooled[group.obs_names]
        np.testing.assert_array_equal(group.X.toarray(), same.X.toarray())
        np.testing.assert_array_equal(group.layers["counts"].toarray(), same.layers["counts"].toarray())
    with pytest.raises(job.UserError, match=r"group M_S0: 80 cells, regulons.min_cells is 90"):
        select(parts, ["S0"], OFFER, SETTINGS | {"min_cells": 90}, "M_S0")


@pytest.mark.parametrize("kind", ["aucell", "scaled_mean"])
def test_the_same_cells_in_other_groups_keep_their_activity(kind):
    """Regulons of genes that one timepoint hardly shows: their order of cells is that of the pooled score."""
    rng = np.random.default_rng(3)
    genes = [f"G{i}" for i in range(600)]
    level = rng.lognormal(-1.5, 1.0, 600)
    shift = np.where(rng.random(600) < 0.3, 0.01, 1.0)
    parts = []
    for number, means in enumerate((level, level * shift)):
        own = rng.lognormal(0, 0.5, (150, 1))
        programme = np.ones(600)
        counts = rng.poisson(own * means * np.where(np.arange(600) < 60, rng.lognormal(0, 0.7, (150, 1)), programme))
        obs = pd.DataFrame(
            dict.fromkeys(LABELS, "a") | {"sample": BOTH[number]}, index=[f"{number}:{i}" for i in range(150)]
        )
        var = pd.DataFrame({"gene_id": genes}, index=genes)
        parts.append(anndata.AnnData(sparse.csr_matrix(counts.astype(np.int32)), obs=obs, var=var))
    offer = {"genes": genes, "tfs": genes[:20]}
    regulons = {f"R{i}(+)": dict.fromkeys(genes[10 * i : 10 * i + 20], 1.0) for i in range(6)}

    def score(groups):
        """All cells of the groups, with scales of genes joined over them as the stage does."""
        found = [select(parts, own, offer, SETTINGS | {"min_cell_fraction": 0.01}, "M") for own in groups]
        scales = scoring.join_scales([x.var["variance"].rename_axis("gene").reset_index() for x in found])
        options = {"engine": "native", "activity_score": kind, "activity_auc_threshold": 0.2}
        scores = [
            scoring.score(x.layers["counts"], x.var_names.tolist(), regulons, options, scales=scales, seed=1).set_axis(
                x.obs_names
            )
            for x in found
        ]
        return pd.concat(scores), [x.obs_names for x in found]

    pooled, _ = score([BOTH])
    split, groups = score([[sample] for sample in BOTH])
    for cells_of in groups:
        alone = split.loc[cells_of]
        for regulon in regulons:
            assert alone[regulon].corr(pooled.loc[alone.index, regulon]) >= 0.98


def test_chunks_hold_every_target_once():
    parts = [chunk_of(GENES, i, 7) for i in range(1, 8)]
    assert (
        sorted(gene for part in parts for gene in part) == sorted(GENES)
        and max(map(len, parts)) - min(map(len, parts)) <= 1
    )


def test_joined_network_does_not_depend_on_its_chunks():
    rng = np.random.default_rng(0)
    edges = pd.DataFrame({"TF": rng.choice(list("AB"), 20), "target": GENES[:20], "importance": rng.integers(1, 4, 20)})
    one, two = join([edges]), join([edges[10:], edges[:10]])
    pd.testing.assert_frame_equal(one, two)
    assert one["importance"].is_monotonic_decreasing
