"""From counts to components, against plain dense computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from threadpoolctl import threadpool_limits

from scripts.base import expression
from scripts.base.job import UserError
from scripts.clusters import communities

SYMBOLS, IDS = [f"GENE{i}" for i in range(30)], [f"ENSG{i}" for i in range(30)]


def make(genes, cells, sample):
    import anndata

    counts = np.arange(len(genes) * cells).reshape(cells, len(genes)) % 3
    obs = pd.DataFrame({"sample": sample}, index=[f"{sample}:{i}" for i in range(cells)])
    var = pd.DataFrame({"gene_id": [f"id_{g}" for g in genes]}, index=list(genes))
    return anndata.AnnData(sparse.csr_matrix(counts.astype(np.int32)), obs=obs, var=var)


def test_join_takes_the_union_and_marks_genes_of_every_sample():
    joined = expression.join_samples([make("ABC", 2, "x"), make("BCD", 3, "y"), make("A", 0, "empty")])
    assert joined.shape == (5, 4)
    assert dict(zip(joined.var_names, joined.var["everywhere"], strict=True)) == {
        "A": False,
        "B": True,
        "C": True,
        "D": False,
    }
    assert joined.var.loc["D", "gene_id"] == "id_D"
    assert joined[:2, "D"].X.sum() == 0 and joined[2:, "A"].X.sum() == 0
    assert joined["y:1", "C"].X.sum() == make("BCD", 3, "y")["y:1", "C"].X.sum()


def test_join_of_empty_samples_is_empty():
    joined = expression.join_samples([make("AB", 0, "x"), make("AB", 0, "y")])
    assert joined.shape == (0, 2) and joined.var["everywhere"].all()


def test_samples_that_name_genes_in_different_ways_are_refused():
    """Symbols next to Ensembl ids: no gene is in both; all cells would be one cluster without a variable gene."""
    parts = [make(SYMBOLS, 2, "x"), make([*SYMBOLS, "OTHER"], 2, "y"), make([*IDS, "GENE0"], 2, "z")]
    with pytest.raises(UserError) as error:
        expression.check_common_genes(parts)
    said = str(error.value)
    assert "1 genes in common: x has 30 (GENE0, GENE1, GENE2 …), z has 31 (ENSG0, ENSG1, ENSG2 …); give" in said


@pytest.mark.parametrize("more", [[], [make([*IDS, "GENE0", "GENE1"], 2, "z")], [make(IDS, 0, "z")]])
def test_samples_with_some_genes_in_common_are_let_pass(more):
    """Two of thirty are enough; a sample without cells has no say, nor has a model without any."""
    expression.check_common_genes([make(SYMBOLS, 2, "x"), make([*SYMBOLS, "OTHER"], 2, "y"), *more])
    expression.check_common_genes([make(SYMBOLS, 0, "x"), *more][:1])


def test_normalised_cells_have_the_median_total():
    counts = sparse.csr_matrix(np.array([[1, 3, 0], [2, 0, 6], [0, 0, 0], [10, 10, 0]]))
    totals = np.expm1(expression.normalise(counts).toarray()).sum(axis=1)
    assert totals == pytest.approx([8, 8, 0, 8], rel=1e-6)


def test_residual_variance_is_one_without_and_larger_with_variation(simulator):
    rng = np.random.default_rng(0)
    # Poisson counts: the negative binomial's extra μ²/100 is small at these depths. Sd of a variance over 2,000 cells:
    # √(2/2000) = 0.03, more for rare genes; the mean over genes must lie within 0.05.
    flat = rng.poisson(np.outer(rng.lognormal(7, 0.3, 2000), np.exp(simulator.base)))
    assert np.median(expression.residual_variance(sparse.csr_matrix(flat))) == pytest.approx(1, abs=0.05)
    counts, _ = simulator.counts([("", 1000), ("a", 1000)], rng)
    variance = expression.residual_variance(counts)
    planted = np.isin(np.arange(simulator.n_genes), simulator.programmes["a"])
    assert np.median(variance[planted]) > 1.5 > 1.3 > np.median(variance[~planted])


def test_residual_variance_is_the_formula_whatever_the_chunk(monkeypatch):
    rng = np.random.default_rng(1)
    counts = rng.poisson(0.8, (40, 30))
    counts[:, 3] = 0
    mean = np.outer(counts.sum(1), counts.sum(0)) / counts.sum()
    residual = (counts - mean) / np.sqrt(np.where(mean > 0, mean + mean**2 / 100, 1))
    expected = np.clip(residual, -np.sqrt(40), np.sqrt(40)).var(axis=0)
    for chunk in (1, 100, 10**6):
        monkeypatch.setattr(expression, "CHUNK", chunk)
        assert expression.residual_variance(sparse.csr_matrix(counts)) == pytest.approx(expected)


def test_variable_genes_are_the_planted_ones_among_those_allowed(simulator):
    counts, _ = simulator.counts([("", 200), ("a", 200)], np.random.default_rng(0))
    mask = expression.variable_genes(counts, 20)
    planted = simulator.programmes["a"]
    assert mask.sum() == 20
    assert mask[planted].sum() >= 16  # a few of the twenty are too rare to stand out
    allowed = np.ones(simulator.n_genes, dtype=bool)
    allowed[planted] = False
    assert not expression.variable_genes(counts, 20, allowed)[planted].any()


def test_genes_of_too_few_cells_are_never_variable():
    counts = sparse.lil_matrix((1000, 3), dtype=int)
    counts[:, 0] = 1
    counts[:9, 1] = 50
    counts[:10, 2] = 50
    assert expression.variable_genes(counts.tocsr(), 3).tolist() == [True, False, True]
    assert expression.variable_genes(counts.tocsr()[:100], 3).tolist() == [True, True, True]


@pytest.mark.parametrize("shape", [(80, 30), (30, 80), (40, 40)])
def test_components_are_those_of_dense_pca(shape):
    from sklearn.decomposition import PCA

    dense = np.random.default_rng(0).poisson(1.0, shape).astype(float)
    found = expression.principal_components(sparse.csr_matrix(dense), 6)
    model = PCA(6, svd_solver="full").fit(dense)
    assert found.sizes == pytest.approx(model.singular_values_)
    assert np.abs(found.scores) == pytest.approx(np.abs(model.transform(dense)), abs=10**-expression.DECIMALS)


@pytest.mark.parametrize("shape", [(80, 30), (30, 80)])
def test_components_leave_out_what_is_regressed(shape):
    rng = np.random.default_rng(0)
    covariates = rng.normal(size=(shape[0], 2))
    dense = rng.poisson(np.exp(0.5 * covariates[:, :1] + np.zeros(shape))).astype(float)
    found = expression.principal_components(sparse.csr_matrix(dense), 5, covariates=covariates)
    design = np.column_stack([np.ones(shape[0]), covariates])
    residual = dense - design @ np.linalg.lstsq(design, dense, rcond=None)[0]
    assert found.sizes == pytest.approx(np.linalg.svd(residual, compute_uv=False)[:5])
    # the scores are rounded: so many errors of half a last digit at most add up
    assert np.abs(design.T @ found.scores).max() < np.abs(design).sum(axis=0).max() * 0.5 * 10**-expression.DECIMALS
    plain = expression.principal_components(sparse.csr_matrix(dense), 1).scores[:, 0]
    assert abs(np.corrcoef(plain, covariates[:, 0])[0, 1]) > 0.5


def test_components_dont_hang_on_the_sign_or_the_chunk(monkeypatch):
    dense = np.random.default_rng(0).poisson(1.0, (60, 20)).astype(float)
    found = expression.principal_components(sparse.csr_matrix(dense), 4)
    loadings = np.linalg.lstsq(found.scores, dense - dense.mean(axis=0), rcond=None)[0]
    assert (loadings[np.arange(4), np.abs(loadings).argmax(axis=1)] > 0).all()
    monkeypatch.setattr(expression, "CHUNK", 50)
    assert expression.principal_components(sparse.csr_matrix(dense), 4).scores == pytest.approx(found.scores)


@pytest.mark.parametrize("shape", [(900, 500), (500, 900)])
def test_components_and_neighbours_dont_hang_on_threads(shape):
    # large enough for the library of linear algebra to share the work: its sums then differ in the last digits
    log = sparse.csr_matrix(np.random.default_rng(0).poisson(1.0, shape).astype(float)).log1p()
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            scores = expression.principal_components(log, 20).scores
            near = communities.find_neighbours(scores, 15)
        found.append((scores.tobytes(), near.indices.tobytes(), near.distances.tobytes()))
    assert found[0] == found[1]


@pytest.mark.parametrize(("cells", "components"), [(200, 20), (60, 12), (11, 2), (5, 2), (2, 1)])
def test_few_cells_have_few_components(cells, components):
    dense = np.random.default_rng(0).poisson(1.0, (cells, 300)).astype(float)
    assert expression.principal_components(sparse.csr_matrix(dense), 20).scores.shape == (cells, components)


@pytest.mark.parametrize(
    "dense", [np.zeros((5, 4)), np.ones((6, 4)), np.zeros((1, 4)), np.zeros((0, 4)), np.zeros((5, 0))]
)
def test_cells_that_dont_differ_have_no_components(dense):
    found = expression.principal_components(sparse.csr_matrix(dense), 3)
    assert found.scores.shape == (len(dense), 0) and len(found.sizes) == 0


def test_scores_that_cant_be_regressed_are_named():
    values = {"fit": np.array([1.0, 2.0, 4.0]), "flat": np.ones(3), "missing": np.array([1.0, np.nan, 2.0])}
    covariates, unusable = expression.usable_covariates(values, ["fit", "flat", "missing"])
    assert covariates.shape == (3, 1) and covariates.mean() == pytest.approx(0)
    assert unusable == ["flat", "missing"]
    assert expression.usable_covariates(values, ["flat"]) == (None, ["flat"])


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_thinned_counts_keep_molecules_by_the_cells_chance(dtype):
    counts = sparse.csr_matrix(np.full((3, 20_000), 4, dtype=dtype))
    thinned = expression.thin(counts, np.array([0.25, 1.0, 7.0]), np.random.default_rng(0))
    assert thinned.dtype == dtype and (thinned.data > 0).all() and thinned.max() <= 4
    kept = np.asarray(thinned.sum(axis=1)).ravel() / 80_000
    assert kept[0] == pytest.approx(0.25, abs=0.006)  # four sd of a binomial
    assert kept[1:].tolist() == [1, 1]
    same = expression.thin(counts, 0.25, np.random.default_rng(0))
    assert same.sum() / 240_000 == pytest.approx(0.25, abs=0.004)
    assert (expression.thin(counts, 1.0, np.random.default_rng(0)) != counts).nnz == 0 and counts.min() == 4
