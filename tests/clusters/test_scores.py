"""Gene sets as tracked, and the scores of cells in which they are planted."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base import expression, genesets
from scripts.clusters import embed_model, scores


def auc(truth: np.ndarray, score: np.ndarray) -> float:
    """Return the chance that a planted cell scores above another."""
    return float((score[truth][:, None] > score[~truth][None]).mean())


@pytest.fixture(scope="module")
def scored(simulator, sets):
    rng = np.random.default_rng(0)
    groups = [("s", 60), (("g2m",), 50), (("stress",), 50), (("hypoxia",), 50), ("", 90)]
    cells = simulator.cells(groups, rng)
    cells.X = expression.normalise(cells.X)
    return cells, scores.score_cells(cells, sets, min_genes=5, seed=0)


def test_tracked_sets_are_as_the_readme_says(sets):
    assert {name: len(genes) for name, genes in sets.items()} == {"s": 43, "g2m": 54, "stress": 139, "hypoxia": 51}
    for genes in sets.values():
        assert all(re.fullmatch(r"[A-Z0-9-]+", gene) for gene in genes)
        assert not set(genes) & {alias for alias in genes.values() if alias}
    assert not set(sets["s"]) & set(sets["g2m"])


def test_a_gene_counts_under_its_old_name_too(sets):
    assert genesets.measured(sets["s"], ["MLF1IP", "PCNA", "ACTB"]) == ["MLF1IP", "PCNA"]
    assert genesets.measured(sets["s"], ["MLF1IP", "CENPU"]) == ["CENPU"]
    assert genesets.measured({"A": ""}, [""]) == []


@pytest.mark.parametrize(
    ("programme", "column"), [("s", "s_score"), ("g2m", "g2m_score"), ("stress", "stress"), ("hypoxia", "hypoxia")]
)
def test_planted_cells_score_highest(scored, programme, column):
    cells, (table, _) = scored
    # some 25 more UMIs in 20 genes over some 10 expected: hardly a cell on the wrong side
    assert auc((cells.obs["truth"] == programme).to_numpy(), table[column].to_numpy()) > 0.98


def test_phases_are_those_planted(scored):
    cells, (table, notes) = scored
    truth = cells.obs["truth"].to_numpy()
    phase = table["phase"].to_numpy()
    assert (phase[truth == "s"] == "S").mean() > 0.9
    assert (phase[truth == "g2m"] == "G2M").mean() > 0.9
    # a resting cell is called cycling if either score is above 0 by chance
    assert (phase[(truth != "s") & (truth != "g2m")] == "G1").mean() > 0.6
    assert len(notes) == 4 and all("genes seen" in note for note in notes)


def test_scores_are_the_same_twice(scored, sets):
    cells, (table, _) = scored
    pd.testing.assert_frame_equal(scores.score_cells(cells, sets, min_genes=5, seed=0)[0], table)


def test_too_few_genes_give_no_score_and_say_so(simulator, sets):
    cells = simulator.cells([("", 20)], np.random.default_rng(0))
    cells = cells[:, [g for g in cells.var_names if g not in simulator.members["s"][3:]]].copy()
    cells.X = expression.normalise(cells.X)
    table, notes = scores.score_cells(cells, sets, min_genes=5, seed=0)
    assert table["s_score"].isna().all() and (table["phase"] == "").all()
    assert table["g2m_score"].notna().all() and table["stress"].notna().all()
    assert "s_score: 3 of 43 genes seen, fewer than 5: no score" in notes


def test_nothing_to_compare_with_gives_no_score_and_says_so(simulator, sets):
    cells = simulator.cells([("", 20)], np.random.default_rng(0))[:, simulator.members["stress"]].copy()
    cells.X = expression.normalise(cells.X)
    table, notes = scores.score_cells(cells, sets, min_genes=5, seed=0)
    assert table["stress"].isna().all()
    assert "stress: no genes left to compare with: no score" in notes


def test_no_cells_no_scores(simulator, sets):
    cells = simulator.cells([], np.random.default_rng(0))
    table, _ = scores.score_cells(cells, sets, min_genes=5, seed=0)
    assert list(table.columns) == ["s_score", "g2m_score", "phase", "stress", "hypoxia"] and table.empty


def test_phase_of_scores():
    s, g2m = np.array([0.1, -0.1, 0.2, -0.3, np.nan, 0.0]), np.array([0.0, -0.2, 0.3, 0.1, 1.0, 0.0])
    assert scores.call_phase(s, g2m).tolist() == ["S", "G1", "G2M", "G2M", "", "S"]


def test_genes_that_a_sample_lacks_dont_count(simulator, sets, settings):
    rng = np.random.default_rng(0)
    whole, part = (simulator.cells([("", 40)], rng, sample=name) for name in ("x", "y"))
    part = part[:, ~part.var_names.isin(simulator.members["hypoxia"])].copy()
    table, notes = embed_model.embed(expression.join_samples([whole, part]), sets, settings)
    assert table["hypoxia"].isna().all() and table["stress"].notna().all()
    assert "80 cells; 580 of 600 genes in every sample" in notes


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_layout_of_few_cells(n):
    points = np.random.default_rng(0).normal(size=(n, min(2, n)))
    found = embed_model.lay_out(points, n_neighbors=15, seed=0)
    assert found.shape == (n, 2) and np.isfinite(found).all()


def test_layout_parts_groups_and_is_the_same_twice(simulator):
    counts, truth = simulator.counts([("a", 60), ("b", 60)], np.random.default_rng(0))
    log = expression.normalise(counts)
    points = expression.principal_components(log[:, expression.variable_genes(counts, 200)], 10).scores
    first = embed_model.lay_out(points, n_neighbors=15, seed=1)
    assert (embed_model.lay_out(points, n_neighbors=15, seed=1) == first).all()
    centres = [first[truth == name].mean(axis=0) for name in "ab"]
    spread = max(first[truth == name].std(axis=0).max() for name in "ab")
    assert np.linalg.norm(centres[0] - centres[1]) > 3 * spread


def test_regressed_names_stand_for_their_scores():
    table = pd.DataFrame({"s_score": [1.0, 2, 3], "g2m_score": [np.nan, 2, 3], "stress": [1.0, 0, 2], "hypoxia": 0.0})
    covariates, unusable = embed_model.regressed(table, ["cycle", "stress", "hypoxia"])
    assert covariates.shape == (3, 2) and unusable == ["g2m_score", "hypoxia"]
    assert embed_model.regressed(table, []) == (None, [])


def test_sparse_input_stays_sparse(simulator, monkeypatch):
    counts, _ = simulator.counts([("a", 50)], np.random.default_rng(0))
    assert sparse.issparse(expression.normalise(counts))
