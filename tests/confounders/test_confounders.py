"""What remains once something is held: against planted truth, with intervals that cover it; and planted clones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base.expression import normalise
from scripts.confounders import adjust, clones, measure_confounders, shares, tabulate_confounders
from scripts.confounders.verdicts import Remaining
from scripts.expression import left_out


def test_a_change_through_the_covariate_goes_and_one_beside_it_stays():
    """Feature 0 follows the covariate alone, feature 1 the treatment alone, feature 2 both by halves."""
    rng = np.random.default_rng(0)
    treated = np.arange(2000) >= 1000
    x = rng.normal(0, 1, 2000) + 1.5 * treated
    values = np.column_stack([x, 1.0 * treated, 0.5 * x + 0.5 * treated]) + rng.normal(0, 0.5, (2000, 3))
    sample = np.where(treated, "b", "a")
    before = adjust.difference(values, sample, treated, ~treated)
    after = adjust.adjusted(values, x[:, None], sample, treated, ~treated)
    np.testing.assert_allclose(before, [1.5, 1.0, 1.25], atol=0.1)
    np.testing.assert_allclose(after, [0.0, 1.0, 0.5], atol=0.1)
    np.testing.assert_allclose(adjust.adjusted(sparse.csr_matrix(values), x[:, None], sample, treated, ~treated), after)


def test_slopes_need_rows_to_spare():
    values, sample = np.ones((4, 2)), np.array(list("aabb"))
    treated = sample == "b"
    assert adjust.adjusted(values, np.arange(4.0)[:, None], sample, treated, ~treated) is None


def test_samples_count_alike_whatever_their_cells():
    values = np.array([[1.0]] * 10 + [[3.0]] * 2 + [[0.0]] * 3)
    sample = np.array(["a"] * 10 + ["b"] * 2 + ["c"] * 3)
    assert adjust.difference(values, sample, sample != "c", sample == "c")[0] == pytest.approx(2.0)


def test_thinning_makes_depths_equal_and_matching_sizes():
    rng = np.random.default_rng(1)
    counts = sparse.csr_matrix(np.vstack([rng.poisson(2, (100, 300)), rng.poisson(5, (100, 300))]))
    sample = np.repeat(["a", "b"], 100)
    totals = np.asarray(adjust.thin(counts, sample, 0).sum(axis=1)).ravel()
    assert np.median(totals[100:]) == pytest.approx(np.median(totals[:100]), rel=0.02)
    assert (adjust.thin(counts, sample, 0) != adjust.thin(counts, sample, 0)).nnz == 0
    draws = adjust.matched(counts, sample, sample == "b", sample == "a", draws=3, seed=0)
    assert draws.shape == (3, 300) and draws.mean() == pytest.approx(3, rel=0.05)


def test_interval_of_the_share_covers_it():
    """2,000 studies of 25 models, truth 0.6: 93 to 97 % of Fieller's intervals hold it."""
    rng = np.random.default_rng(2)
    covered, known = 0, 0
    for _ in range(2000):
        before = rng.normal(2, 0.5, 25)
        after = 0.6 * before + rng.normal(0, 0.3, 25)
        _, low, high = shares.share_interval(before, after)
        known += np.isfinite(low)
        covered += low <= 0.6 <= high
    assert known > 1990 and 0.93 <= covered / known <= 0.97


def test_share_of_nothing_is_not_given():
    ratio, low, high = shares.share_interval(np.array([0.1, -0.2, 0.15]), np.array([0.1, -0.1, 0.2]))
    assert np.isnan([ratio, low, high]).all()


def test_two_models_have_a_share_and_no_interval():
    """Rates of intervals were measured from three models on."""
    found = shares.compare(pd.Series([2.0, 2.2]), pd.Series([1.0, 1.2]))
    assert found["n_models"] == 2 and found["effect_after"] == pytest.approx(1.1)
    assert np.isnan([found[name] for name in ("ci_low", "ci_high", "share_low", "share_high")]).all()
    assert found["share_remaining"] == pytest.approx(2.2 / 4.2)
    three = shares.compare(pd.Series([2.0, 2.2, 2.1]), pd.Series([1.0, 1.2, 1.1]))
    assert np.isfinite([three[name] for name in ("ci_low", "ci_high", "share_remaining")]).all()


@pytest.mark.parametrize("n", [3, 8, 24])
def test_a_share_has_no_interval_below_the_number_of_models_by_which_skewed_shares_are_covered(n):
    """One patient in four loses all: Fieller's interval would miss the share too often."""
    rng = np.random.default_rng(n)
    before = rng.normal(2, 0.1, n)
    found = shares.compare(pd.Series(before), pd.Series(0.6 * before + rng.normal(0, 0.1, n)))
    assert np.isfinite(found["share_remaining"]) and np.isnan([found["share_low"], found["share_high"]]).all()
    enough = rng.normal(2, 0.5, shares.MIN_SHARE_INTERVAL)
    assert np.isfinite(shares.compare(pd.Series(enough), pd.Series(0.5 * enough + 0.1))["share_low"])
    covered = 0
    for _ in range(400):
        before = rng.normal(2, 0.5, n)
        after = np.where(rng.random(n) < 0.25, 0.0, 0.8) * before + rng.normal(0, 0.3, n)
        _, low, high = shares.share_interval(before, after, least=3)
        covered += low <= 0.6 <= high
    assert n == 24 or covered / 400 < 0.93


def test_extrapolation_takes_out_what_a_covariate_explains():
    rng = np.random.default_rng(3)
    gap = pd.Series(rng.normal(0.5, 0.3, 8))
    at_zero, low, high, n = shares.extrapolate(1.0 + 2.0 * gap + rng.normal(0, 0.05, 8), gap)
    assert low <= 1.0 <= high and at_zero == pytest.approx(1.0, abs=0.15) and n == 8
    assert np.isnan(shares.extrapolate(gap[:3], gap[:3])[0]) and np.isnan(shares.extrapolate(gap, gap * 0)[0])


KEPT = Remaining(0.9, less=1.0, more=0.001)
GONE = Remaining(0.1, less=0.001, more=1.0)
OPEN = Remaining(0.4, less=0.3, more=0.8)


@pytest.mark.parametrize(
    "n, p, remaining, said",
    [
        (4, 0.01, {"cell cycle": KEPT, "dissociation stress": KEPT}, "persister programme"),
        (4, 0.01, {"cell cycle": GONE, "dissociation stress": KEPT}, "cell cycle alone"),
        (4, 0.01, {"cell cycle": OPEN, "dissociation stress": GONE}, "stress alone"),
        (4, 0.01, {"cell cycle": OPEN, "dissociation stress": KEPT}, "programme, confounders unclear"),
        (4, 0.01, {}, "persister programme"),
        (4, 0.2, {"cell cycle": GONE}, "no shared programme shown"),
        (2, np.nan, {}, "too few models"),
        (0, np.nan, {}, "too few models"),
    ],
)
def test_verdict_on_the_study(n, p, remaining, said):
    found = shares.judge(pd.Series(np.ones(n), dtype=float), p, remaining, fdr=0.05, contrast="c")
    assert found["verdict"] == said and found["models_agreeing"] == n
    assert list(found) == shares.VERDICT


def test_a_small_share_in_few_models_is_not_named_the_whole():
    """Half of what remains by chance in one of three models: the estimate is low, the limit isn't."""
    before = pd.Series([1.0, 1.1, 0.9])
    noisy = {"cell cycle": [(before, pd.Series([0.9, 0.1, 0.2]))], "hypoxia": [(before, before)]}
    found = shares.remaining_of(noisy)
    assert found["cell cycle"].share < 0.5 and found["cell cycle"].less > 0.05 and found["cell cycle"].more > 0.05
    gone = shares.remaining_of({"cell cycle": [(before, 0.01 * before.iloc[::-1].set_axis(before.index))]})
    assert gone["cell cycle"].less < 0.05
    assert shares.remaining_of({"cell cycle": [(before[:2], before[:2])]}) == {}


def test_scores_left_out_are_those_of_the_signature_of_the_others():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 200))).rename(columns=lambda i: f"g{i:03d}")
    scores, _ = tabulate_confounders.signature_effects(table, table, 20)
    np.testing.assert_allclose(left_out.changes_left_out(table.to_numpy(), [20])[0], scores)


@pytest.mark.parametrize("n", [3, 5, 6, 12])
def test_a_shared_programme_has_a_small_p_and_noise_has_none_that_is(n):
    rng = np.random.default_rng(n)
    noise = rng.normal(size=(n, 120))
    shift = np.r_[np.ones(20), -np.ones(20), np.zeros(80)]
    assert left_out.null_of(noise * 0.3 + 2 * shift, 20, 0).p <= 0.05
    assert left_out.null_of(noise, 20, 0) == left_out.null_of(noise, 20, 0)
    assert left_out.null_of(noise * np.r_[1, np.zeros(n - 1)][:, None], 20, 0).p > 0.05
    assert np.isnan(left_out.null_of(noise[:2], 20, 0).p)


def test_signature_is_never_learned_from_the_model_it_is_tried_on():
    """One model alone has a large change: what is learned in the others doesn't see it."""
    before = pd.DataFrame(np.random.default_rng(4).normal(0, 0.1, (4, 100)), index=list("ABCD"))
    before.loc["A", :20] += 10
    effect, _ = tabulate_confounders.signature_effects(before, before, 10)
    assert abs(effect["A"]) < 8 and effect.drop("A").abs().max() < 0.5


# -- clones


def genome(n: int = 2000) -> pd.DataFrame:
    start = np.arange(n) * 10_000 % 900_000
    return pd.DataFrame(
        {"chromosome": [f"chr{1 + i * 22 // n}" for i in range(n)], "start": start, "end": start + 1000},
        index=[f"g{i}" for i in range(n)],
    )


@pytest.fixture(scope="module")
def two_clones() -> tuple[sparse.csr_matrix, np.ndarray]:
    """300 cells of which 40 % have gained two chromosomes and lost one."""
    rng = np.random.default_rng(0)
    positions = genome()
    base = rng.lognormal(0, 0.6, 2000)
    truth = rng.random(300) < 0.4
    dose = np.ones(2000)
    dose[positions["chromosome"].isin(["chr3", "chr8"])] = 1.5
    dose[positions["chromosome"] == "chr17"] = 0.5
    mean = np.where(truth[:, None], dose, 1.0) * base
    return sparse.csr_matrix(rng.poisson(mean)), truth


def test_planted_clones_are_found(two_clones):
    counts, truth = two_clones
    found = clones.find_clones(normalise(counts), genome())
    assert set(found.labels) == {0, 1} and "2 clones" in found.note
    agree = (found.labels == truth).mean()
    assert max(agree, 1 - agree) > 0.95


def test_cells_of_one_clone_are_not_split(two_clones):
    counts, truth = two_clones
    found = clones.find_clones(normalise(counts[~truth]), genome())
    assert set(found.labels) == {0} and "one clone" in found.note


def test_what_is_not_inferable_says_why(two_clones):
    counts, _ = two_clones
    few = clones.find_clones(normalise(counts[:, :400]), genome().iloc[:400])
    assert not len(few.labels) and "400 placed genes" in few.note
    small = clones.find_clones(normalise(counts[:50]), genome())
    assert not len(small.labels) and "50 cells" in small.note


def test_positions_are_read_from_gene_lines(tmp_path):
    path = tmp_path / "a.gtf"
    path.write_text(
        "#comment\n"
        'GRCh38_1\tx\tgene\t100\t200\t.\t+\t.\tgene_id "GRCh38_E1"; gene_name "A";\n'
        'GRCh38_1\tx\texon\t100\t150\t.\t+\t.\tgene_id "GRCh38_E1";\n'
        'GRCh38_X\tx\tgene\t5\t9\t.\t+\t.\tgene_id "GRCh38_E2";\n'
    )
    table = clones.read_positions(str(path))
    assert table.loc["GRCh38_E1"].tolist() == ["GRCh38_1", 100, 200] and len(table) == 2
    assert clones.autosome(table["chromosome"], "GRCh38_").tolist() == ["chr1", ""]


def test_a_regulon_that_one_group_does_not_measure_is_missing_and_touches_no_other(tmp_path):
    """Groups of model and timepoint: B is measured in untreated cells alone."""
    rng = np.random.default_rng(0)
    labels = {"sample": "s", "model": "P1", "timepoint": "t", "arm": "a", "replicate": "1"}
    tables = [pd.DataFrame(rng.normal(size=(60, 2)), columns=["A(+)", "B(+)"]).assign(**labels) for _ in range(2)]
    paths = [tmp_path / "untreated.parquet", tmp_path / "persister.parquet"]
    tables[1] = tables[1].drop(columns="B(+)")
    for table, path in zip(tables, paths, strict=True):
        table.set_axis([f"{path.stem}:{i}" for i in range(60)]).to_parquet(path)
    activity = measure_confounders.read_activity(paths)
    assert activity.columns.tolist() == ["A(+)", "B(+)"]
    values, sample = activity.to_numpy(dtype=float), np.repeat(["u", "p"], 60)
    x = rng.normal(size=(120, 1))
    for found in (
        adjust.difference(values, sample, sample == "p", sample == "u"),
        adjust.adjusted(values, x, sample, sample == "p", sample == "u"),
        adjust.matched(values, sample, sample == "p", sample == "u", draws=3, seed=0).mean(axis=0),
    ):
        assert np.isfinite(found[0]) and np.isnan(found[1])
    parts = [{("", "before"): (np.array([0.5, np.nan]), "")}] * 2
    table = measure_confounders.tabulate(parts, [activity.columns] * 2)
    wide = tabulate_confounders.by_feature({"P1": table, "P2": table.fillna(0.1)}, "regulon", "|before")
    assert np.isnan(wide.loc["P1", "B(+)"]) and wide.loc["P2", "B(+)"] == 0.1
