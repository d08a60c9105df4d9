"""The statistics are those of R's limma and edgeR: tracked values of theirs, and R itself where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.expression import differential
from scripts.expression.terms import VOOM
from scripts.stats import linear, voom
from scripts.stats.moderation import cautious_prior, moderate, trigamma_inverse
from scripts.stats.squeeze import squeeze

HERE = Path(__file__).parent / "limma"
STUDY = Path(__file__).parents[3] / "shared" / "data" / "study_profiles"
MATRIX = "Common_rawcounts_mat_common_genes_samples.csv.gz"


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(HERE / name, sep="\t", index_col=0)


def compare(simulated, counts: pd.DataFrame, samples: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows of persister and of relapse against untreated, by gene; ``counts``: genes × samples."""
    labels = samples.assign(arm="drug", replicate=np.arange(len(samples)).astype(str), platform="bulk", n_cells=np.nan)
    data = simulated.build(labels, counts.T.astype(float))
    table = differential.compare(data, simulated.contrast, arms=False).set_index("gene")
    parts = [table[table["contrast"] == f"{what} vs untreated"] for what in ("persister", "relapse")]
    own = [VOOM + name for name in differential.TUMOURS]
    return tuple(part[[*own, "mean_expression"]].rename(columns=lambda name: name.removeprefix(VOOM)) for part in parts)


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The issue's bounds (rank correlation of t, logFC), and nearer ones: lowess alone differs in the sixth digit."""
    assert list(found.index) == list(expected.index)
    assert found["t"].corr(expected["t"], method="spearman") >= 0.9999
    assert found["t_contrasts_fit"].corr(expected["t_contrasts_fit"], method="spearman") >= 0.9999
    assert (found["log_fc"] - expected["log_fc"]).abs().max() <= 1e-5
    for name in ("ci_low", "ci_high", "t", "t_contrasts_fit", "mean_expression"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-4, err_msg=name)
    np.testing.assert_allclose(np.log10(found["fdr"]), np.log10(expected["fdr"]), atol=1e-3)
    np.testing.assert_allclose(found["df"], expected["df"], rtol=1e-3)


def test_a_simulated_matrix_gives_limmas_tracked_values(simulated):
    expected = read("expected.tsv")
    persister, relapse = compare(simulated, read("counts.tsv"), read("samples.tsv"))
    assert_equal(persister, expected)
    np.testing.assert_allclose(relapse["t"], expected["t_relapse"], rtol=1e-4, atol=1e-4)


def test_factors_and_weights_are_edgers_and_vooms(simulated):
    counts = read("counts.tsv").T.to_numpy(dtype=float)
    factors = voom.norm_factors(counts)
    np.testing.assert_allclose(factors, read("factors.tsv")["norm_factor"], rtol=1e-5)
    samples = read("samples.tsv")
    design = linear.design_of(samples["timepoint"], samples["model"]).to_numpy()
    weights = voom.voom(counts, counts.sum(axis=1) * factors, design).weights
    np.testing.assert_allclose(weights[0], read("expected.tsv")["weight_first"], rtol=1e-4)


def test_a_prior_that_follows_expression_is_limma_trends(simulated):
    counts, samples = read("counts.tsv").T.astype(float), read("samples.tsv")
    size = counts.sum(axis=1).to_numpy() * voom.norm_factors(counts.to_numpy())
    values = pd.DataFrame(voom.log_cpm(counts.to_numpy(), size), counts.index, counts.columns)
    found = differential.Expression(values, None, trended=True).fit(
        samples.assign(block=samples["model"]), [("untreated", "persister")]
    )[0]
    np.testing.assert_allclose(found["t"], read("expected.tsv")["trend_t"], rtol=1e-6)


def test_a_cautious_prior_weighs_less_and_without_caution_it_is_limmas():
    rng = np.random.default_rng(3)
    df = np.full(4000, 10.0)
    same = rng.chisquare(10, 4000) / 10
    assert cautious_prior(same, df, 0.0)[1] > 200
    apart = rng.chisquare(10, 4000) / 10 * 4 / rng.chisquare(4, 4000)
    prior, prior_df = cautious_prior(apart, df, 0.0)
    limmas = squeeze(apart, df)
    assert prior_df == pytest.approx(4, rel=0.2) and prior_df == pytest.approx(limmas.prior_df, rel=1e-6)
    expected = (prior_df * prior + 10 * apart) / (prior_df + 10)
    np.testing.assert_allclose(limmas.variance, expected, rtol=1e-6)
    assert cautious_prior(apart, df, 2.0)[1] < prior_df
    np.testing.assert_allclose(moderate(apart, df).variance, expected, rtol=1e-6)
    for function in (moderate, squeeze):
        nothing = function(np.full(3, np.nan), np.zeros(3))
        assert np.isnan(nothing.variance).all() and (nothing.df == 0).all()


def test_inverse_of_trigamma():
    from scipy.special import polygamma

    for x in (1e-8, 1e-3, 0.5, 3.0, 1e9):
        assert polygamma(1, trigamma_inverse(x)) == pytest.approx(x, rel=1e-6)


def test_weighted_fit_equals_one_gene_at_a_time():
    rng = np.random.default_rng(0)
    design = np.column_stack([np.repeat([1.0, 0.0], 6), np.repeat([0.0, 1.0], 6), np.tile([1.0, 0.0], 6)])
    values, weights = rng.normal(size=(12, 5)), rng.uniform(0.2, 3, (12, 5))
    values[:2, 3] = np.nan
    contrast = np.array([[1.0, -1.0, 0.0]])
    found = linear.fit(values, design, contrast, weights)
    for gene in range(5):
        rows = np.isfinite(values[:, gene])
        x, w, y = design[rows], np.diag(weights[rows, gene]), values[rows, gene]
        inverse = np.linalg.inv(x.T @ w @ x)
        beta = inverse @ x.T @ w @ y
        assert found.effect[gene, 0] == pytest.approx(contrast[0] @ beta)
        assert found.covariance[gene, 0, 0] == pytest.approx(contrast[0] @ inverse @ contrast[0])
        residual = y - x @ beta
        assert found.variance[gene] == pytest.approx(residual @ w @ residual / (rows.sum() - 3))
        assert found.df[gene] == rows.sum() - 3


def has_limma() -> bool:
    if not shutil.which("Rscript"):
        return False
    asked = ["Rscript", "-e", 'for (p in c("limma", "edgeR")) stopifnot(requireNamespace(p, quietly = TRUE))']
    return subprocess.run(asked, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def limma(tmp_path_factory):
    """Return a function that asks R for the reference values of a matrix."""
    if not has_limma():
        pytest.skip("R with limma and edgeR isn't installed (Debian: r-bioc-limma, r-bioc-edger)")

    def ask(counts: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
        folder = tmp_path_factory.mktemp("limma")
        counts.to_csv(folder / "counts.tsv", sep="\t")
        samples[["model", "timepoint"]].to_csv(folder / "samples.tsv", sep="\t")
        subprocess.run(["Rscript", HERE / "make.R", "counts.tsv", "samples.tsv", "out.tsv"], cwd=folder, check=True)
        return pd.read_csv(folder / "out.tsv", sep="\t", index_col=0)

    return ask


@pytest.mark.full
def test_the_tracked_values_are_those_of_the_r_that_is_here(limma):
    found = limma(read("counts.tsv"), read("samples.tsv"))
    pd.testing.assert_frame_equal(found, read("expected.tsv"), rtol=1e-5, atol=1e-7)


@pytest.mark.full
@pytest.mark.skipif(not (STUDY / MATRIX).is_file(), reason="../shared/data/study_profiles isn't here")
def test_the_studys_own_matrix_gives_the_same_as_r(simulated, limma):
    counts = pd.read_csv(STUDY / MATRIX, index_col=0)
    name = counts.columns.to_series()
    kind = name.str.extract("(chemonaive|Relapse)")[0]
    samples = pd.DataFrame({"model": name.str.split("_").str[0]})
    samples["timepoint"] = kind.map({"chemonaive": "untreated", "Relapse": "relapse"}).fillna("persister")
    persister, _ = compare(simulated, counts, samples)
    assert_equal(persister, limma(counts, samples))
