"""The mean rank against a plain computation by scipy, ULM against decoupler."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from scripts.scenic import cell_scores
from scripts.scenic.errors import ExpressionError

GENES = [f"G{i}" for i in range(400)]


@pytest.fixture
def counts():
    """Cells of unequal depth; one without counts, one in which all genes are seen."""
    rng = np.random.default_rng(0)
    rate = rng.lognormal(0, 1.2, len(GENES)) * rng.lognormal(-1, 1, (60, 1))
    table = rng.poisson(rate)
    table[0], table[1] = 0, 1 + rng.poisson(3, len(GENES))
    return table


@pytest.fixture
def sets():
    """Regulons of 5 to 60 targets, unequal weights."""
    rng = np.random.default_rng(1)
    found = {}
    for number, size in enumerate((5, 10, 20, 60)):
        own = rng.choice(GENES, size, replace=False).tolist()
        found[f"R{number}(+)"] = dict(zip(own, rng.gamma(2, 1, size).tolist(), strict=True))
    return found


@pytest.mark.parametrize("max_rank", [50, 250, 1_500])
def test_the_mean_rank_is_that_of_ucell(counts, sets, max_rank):
    """1 − U ÷ Umax with U = sum of ranks − n(n + 1) ÷ 2; ranks beyond the greatest count one more than it; no target
    within it: 0.
    """
    most = min(max_rank, len(GENES))
    expected = np.zeros((len(counts), len(sets)))
    for cell, row in enumerate(counts):
        ranks = dict(zip(GENES, stats.rankdata(-row), strict=True))
        for number, targets in enumerate(sets.values()):
            own, n = np.array([ranks[gene] for gene in targets]), len(targets)
            if (own <= most).any():
                u = np.where(own > most, most + 1, own).sum() - n * (n + 1) / 2
                expected[cell, number] = 1 - u / (n * most - n * (n + 1) / 2)
    found = cell_scores.mean_rank(sparse.csr_matrix(counts), GENES, sets, max_rank=max_rank)
    assert found.columns.tolist() == list(sets)
    np.testing.assert_allclose(found.to_numpy(), expected, atol=1e-12)
    pd.testing.assert_frame_equal(found, cell_scores.mean_rank(counts, GENES, sets, max_rank=max_rank))


def test_ulm_is_that_of_decoupler(counts, sets):
    import anndata
    import decoupler

    seen = counts[1:]  # decoupler divides by the variance of a cell
    log = np.log1p(seen / seen.sum(axis=1, keepdims=True) * 10_000)
    cells = pd.DataFrame(index=[f"c{i}" for i in range(len(log))])
    data = anndata.AnnData(log, obs=cells, var=pd.DataFrame(index=GENES))
    rows = [(name, gene, weight) for name, own in sets.items() for gene, weight in own.items()]
    decoupler.mt.ulm(data, pd.DataFrame(rows, columns=["source", "target", "weight"]), tmin=1)
    found = cell_scores.ulm(sparse.csr_matrix(counts), GENES, sets, block=7)
    np.testing.assert_allclose(found.to_numpy()[1:], data.obsm["score_ulm"][list(sets)].to_numpy(), rtol=1e-6)
    assert (found.to_numpy()[0] == 0).all()


@pytest.mark.parametrize("score", [cell_scores.mean_rank, cell_scores.ulm])
def test_targets_that_are_not_measured_are_left_out(counts, sets, score):
    whole = score(counts, GENES, sets)
    few = {"R3(+)": sets["R3(+)"] | {"elsewhere": 1.0}, "half(+)": {"G1": 1.0, "x": 1.0}}
    found = score(counts, GENES, few)
    np.testing.assert_allclose(found["R3(+)"], whole["R3(+)"])
    assert (found["half(+)"] == 0).all()
    with pytest.raises(ExpressionError, match="3 gene names"):
        score(counts, GENES[:3], sets)
