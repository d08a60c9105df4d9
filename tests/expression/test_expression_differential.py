"""Calibrated where there is nothing, covering where there is something, plain where the design can't answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from scripts.expression import design, differential, signature
from scripts.expression.terms import IN_TUMOURS, OVER_PATIENTS, VOOM, with_level
from scripts.stats.paired import ALL_ARMS

STUDY = {
    **{f"S{i}": {"untreated": 1, "persister": 1} for i in range(4)},
    "B": {"untreated": 3, "persister:x": 4, "persister:y": 4},
    "C": {"untreated": 5, "persister:x": 5, "relapse:x": 5},
    "D": {"untreated": 4, "persister:y": 5, "relapse:y": 4},
}
FIRST = "persister vs untreated"


def rows(table: pd.DataFrame, contrast: str = FIRST, arm: str = ALL_ARMS) -> pd.DataFrame:
    return table[(table["contrast"] == contrast) & (table["arm"] == arm)].set_index("gene")


def run(simulated, plan, rng, *, platforms="together", **options):
    samples = simulated.sheet(plan)
    data = simulated.build(samples, simulated.draw(samples, rng, **options))
    return differential.compare(data, simulated.contrast, platforms=platforms), data


@pytest.mark.full
@pytest.mark.parametrize("platforms", ["together", "separate"])
def test_p_values_of_these_tumours_are_uniform_when_labels_are_swapped_within_models(simulated, platforms):
    """A study with a strong programme, its labels shuffled within each model: of each of 20 shufflings every gene's p
    is pooled. Kolmogorov-Smirnov on one gene in ten, as genes of a shuffling are not independent of each other.
    """
    rng = np.random.default_rng(11)
    samples = simulated.sheet(STUDY)
    counts = simulated.draw(samples, rng, n_genes=400)
    found = []
    for _ in range(20):
        labels = samples.copy()
        for _, own in samples.groupby("model"):
            labels.loc[own.index, ["timepoint", "arm"]] = own[["timepoint", "arm"]].to_numpy()[
                rng.permutation(len(own))
            ]
        data = simulated.build(labels, counts)
        table = differential.compare(data, simulated.contrast, platforms=platforms, arms=False)
        found.append(rows(table)["voom_p"].dropna().to_numpy()[::10])
    p = np.concatenate(found)
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert (p < 0.05).mean() <= 0.07


@pytest.mark.full
@pytest.mark.parametrize("platforms", ["together", "separate"])
def test_intervals_in_these_tumours_cover_the_planted_shift(simulated, platforms):
    """95 % intervals over 4 studies × 500 genes; as many genes fall as rise, so that normalisation doesn't shift."""
    rng = np.random.default_rng(4)
    covered = []
    for _ in range(4):
        shift = rng.permutation(np.repeat([1.0, -1.0, 0.0], [60, 60, 380]))
        table, _ = run(simulated, STUDY, rng, n_genes=500, shift=shift, depth=400, platforms=platforms)
        own = rows(table).loc[[f"g{i}" for i in range(500)]]
        # What is common to all genes is the library's size, not a shift.
        offset = np.median(own["voom_log_fc"] - shift)
        covered.append(((own["voom_ci_low"] - offset <= shift) & (shift <= own["voom_ci_high"] - offset)).to_numpy())
    assert 0.93 <= np.concatenate(covered).mean() <= 0.97


def test_planted_genes_come_first_and_every_model_is_counted(simulated):
    rng = np.random.default_rng(1)
    shift = np.repeat([2.0, -2.0, 0.0], [30, 30, 240])
    samples = simulated.sheet(STUDY)
    data = simulated.build(samples, simulated.draw(samples, rng, shift=shift))
    table = differential.compare(data, simulated.contrast)
    whole = rows(table)
    learned = signature.learn(with_level(whole.reset_index()), 30)
    assert set(learned["level"]) == {OVER_PATIENTS}
    assert set(learned.loc[learned["direction"] == "up", "gene"]) == {f"g{i}" for i in range(30)}
    assert set(learned.loc[learned["direction"] == "down", "gene"]) == {f"g{i}" for i in range(30, 60)}
    planted = whole.loc[[f"g{i}" for i in range(60)]]
    assert (planted["n_models"] == 7).all() and (planted["models_agreeing"] == 7).mean() > 0.9
    assert (planted["fdr"] < 0.01).all() and (planted["voom_fdr"] < 1e-4).all()
    assert (planted["ci_low"] * planted["ci_high"] > 0).mean() > 0.95
    np.testing.assert_allclose(planted["voom_log_fc"], planted["log_fc"], atol=0.5)
    assert rows(table, "relapse vs untreated")["voom_fdr"].min() > 0.01
    back = rows(table, "relapse vs persister").loc[[f"g{i}" for i in range(60)], "log_fc"]
    np.testing.assert_allclose(back, -shift[:60], atol=1.0)
    assert list(dict.fromkeys(table["arm"])) == [ALL_ARMS, "drug", "x", "y"]
    # An arm is compared within its own models only.
    assert (rows(table, arm="x")["n_models"] == 2).all()


def test_a_gene_that_one_platform_lacks_is_compared_on_the_others(simulated):
    from scripts.profiles import profiles

    rng = np.random.default_rng(3)
    samples = simulated.sheet({m: {"untreated": 3, "persister": 3} for m in "ABC"})
    samples.loc[samples["model"] == "C", "platform"] = "array"
    counts = simulated.draw(samples, rng, n_genes=100, shift=np.repeat([2.0, 0.0], [10, 90]))
    parts = [profiles.Source(p, p, counts.loc[own.index].T, 100) for p, own in samples.groupby("platform", sort=False)]
    parts[1] = profiles.Source("array", "array", parts[1].table.iloc[5:], 95)
    data, _ = profiles.build(parts, samples, rule="union", min_count=0, by_platform=False)
    for platforms in ("together", "separate"):
        table = differential.compare(data, simulated.contrast, platforms=platforms)
        own = rows(table)
        assert own.loc["g0", "n_models"] == 2 and own.loc["g7", "n_models"] == 3
        assert own.loc[["g0", "g7"], "log_fc"].between(1.4, 2.6).all()
        assert own.loc[["g0", "g7"], "voom_log_fc"].between(1.4, 2.6).all()
        assert own.loc["g0", "voom_n_models"] == 2 and own.loc["g7", "voom_n_models"] == 3
        # Two models measure g0: a mean, but no claim on further patients.
        assert np.isnan(own.loc["g0", "p"]) and own.loc["g7", "p"] < 0.01


# -- patients differ: what holds for the next one

STUDIES_OWN = {f"S{i}": (1, 1) for i in range(5)} | {"B": (3, 15), "C": (8, 8), "D": (7, 14)}
"""Untreated and treated samples of the models: the design of the study's 87 profiles, without relapse."""


def patients_that_differ(simulated, rng, between: float, n_genes: int, planted: float = 0.0):
    """Return the table of genes of a study in which each patient changes by an own amount (sd ``between``, log2), and
    whether a gene's mean over patients is shifted.
    """
    plan = {model: {"untreated": before, "persister": after} for model, (before, after) in STUDIES_OWN.items()}
    samples = simulated.sheet(plan)
    own = rng.normal(0, between, (len(plan), n_genes))
    shifted = rng.random(n_genes) < planted
    treated = (samples["timepoint"] == "persister").to_numpy()
    level = rng.normal(0, 1, n_genes)[None, :] + rng.normal(0, 0.3, (len(samples), n_genes))
    number = samples["model"].map({model: i for i, model in enumerate(plan)}).to_numpy()
    level += treated[:, None] * (own[number] + 1.5 * shifted * np.where(np.arange(n_genes) % 2, 1, -1))
    counts = rng.poisson(200 * 2.0**level)
    data = simulated.build(
        samples, pd.DataFrame(counts, samples.index, [f"g{i}" for i in range(n_genes)]).astype(float)
    )
    table = differential.compare(data, simulated.contrast, arms=False)
    return rows(table), pd.Series(shifted, index=[f"g{i}" for i in range(n_genes)])


def test_patients_that_change_differently_don_t_make_genes_significant(simulated):
    """No gene changes on average. The share of p ≤ .05 over patients is that; the tumours' own is several times it."""
    rng = np.random.default_rng(2)
    found = pd.concat([patients_that_differ(simulated, rng, 0.3, 1500)[0] for _ in range(3)])
    assert 0.035 <= (found["p"] <= 0.05).mean() <= 0.065
    assert (found["voom_p"] <= 0.05).mean() > 0.15
    inside = (found["ci_low"] <= 0) & (found["ci_high"] >= 0)
    assert 0.935 <= inside.mean() <= 0.965


def test_discoveries_over_patients_are_true(simulated):
    rng = np.random.default_rng(5)
    table, shifted = patients_that_differ(simulated, rng, 0.3, 1500, planted=0.07)
    called = table["fdr"] <= 0.05
    assert called.sum() > 30 and (called & ~shifted).sum() / called.sum() < 0.12
    assert table.loc[shifted, "fdr"].le(0.05).mean() > 0.5


def test_indirect_evidence_is_counted_and_told(simulated):
    """A has both timepoints, once each; B and C tie them by relapse alone, with many samples: most of the weight."""
    plan = {
        "A": {"untreated": 1, "persister": 1},
        "B": {"untreated": 9, "relapse": 9},
        "C": {"persister": 9, "relapse": 9},
    }
    found = answer(simulated, plan)[0]
    assert (found["n_models"] == 1).all() and (found["voom_n_models"] == 3).all()
    assert found["voom_indirect"].between(0.3, 0.9).all() and found["voom_indirect"].nunique() == 1
    direct = answer(simulated, {"A": {"untreated": 2, "persister": 2}, "B": {"untreated": 9, "relapse": 9}})[0]
    assert (direct["voom_n_models"] == 1).all() and (direct["voom_indirect"] == 0).all()


# -- designs that can't answer


def answer(simulated, plan, contrast: str = FIRST, arm: str = ALL_ARMS):
    """Return the table of genes of one contrast and arm, and what is said about it."""
    table, data = run(simulated, plan, np.random.default_rng(0), n_genes=80)
    said = design.answers(data.samples, simulated.contrast).set_index(["contrast", "arm"])
    return rows(table, contrast, arm), said.loc[(contrast, arm)] if (contrast, arm) in said.index else None


def test_two_models_are_compared_and_called_too_few(simulated):
    table, said = answer(simulated, {m: {"untreated": 2, "persister": 2} for m in "AB"})
    assert table["p"].isna().all() and table["voom_p"].notna().all() and table["log_fc"].notna().all()
    assert said["answered"] == "yes" and "n = 2 models: too few" in said["note"]


def test_one_model_with_replicates_speaks_for_its_tumours_only(simulated):
    table, said = answer(simulated, {"A": {"untreated": 3, "persister": 3}})
    assert table["voom_p"].notna().all() and table[["ci_low", "p", "fdr"]].isna().all(axis=None)
    assert "n = 1 model: voom_p is about its tumours" in said["note"]
    learned = signature.learn(with_level(table.reset_index()), 10)
    assert len(learned) and set(learned["level"]) == {IN_TUMOURS} and learned["t"].notna().all()


def test_one_model_without_replicates_has_effects_without_p(simulated):
    table, said = answer(simulated, {"A": {"untreated": 1, "persister": 1}})
    assert said["answered"] == "effect only" and said["residual_df"] == 0
    without = ["ci_low", "ci_high", "t", "p", "fdr"]
    assert table[["log_fc", "voom_log_fc"]].notna().all(axis=None)
    assert table[[*without, *(VOOM + name for name in without)]].isna().all(axis=None)
    assert signature.learn(with_level(table.reset_index()), 10).empty


def test_a_model_without_baseline_is_named_and_says_nothing(simulated):
    plan = {m: {"untreated": 2, "persister": 2} for m in "AB"}
    with_it, said = answer(simulated, plan | {"Z": {"persister": 3}})
    assert said["models"] == "A,B" and "Z have persister but no untreated" in said["note"]
    assert (with_it["n_models"] == 2).all()
    alone, said = answer(simulated, {"A": {"untreated": 3}, "Z": {"persister": 3}})
    assert alone.empty and said["answered"] == "no" and "no model has both" in said["note"]


def test_without_relapse_there_is_no_contrast_with_it(simulated):
    table, data = run(
        simulated, {m: {"untreated": 2, "persister": 2} for m in "ABC"}, np.random.default_rng(0), n_genes=80
    )
    assert set(table["contrast"]) == {FIRST}
    said = design.answers(data.samples, simulated.contrast).set_index(["contrast", "arm"])
    assert said.loc[("relapse vs untreated", ALL_ARMS), "answered"] == "no"


def test_relapse_of_other_models_than_the_persisters_is_no_contrast(simulated):
    """A bridge over the untreated samples of different patients would be a number, and wrong."""
    plan = {"A": {"untreated": 3, "persister": 3}, "B": {"untreated": 3, "relapse": 3}}
    table, said = answer(simulated, plan, "relapse vs persister")
    assert table.empty and said["answered"] == "no"


def test_each_model_with_its_own_arm_is_confounded(simulated):
    plan = {"A": {"untreated": 2, "persister:x": 2}, "B": {"untreated": 2, "persister:y": 2}}
    assert "confounded" in answer(simulated, plan)[1]["note"]
    assert answer(simulated, plan, arm="x")[1]["confounded"] == "yes"
    plan["C"] = {"untreated": 2, "persister:x": 2, "persister:y": 2}
    assert answer(simulated, plan)[1]["confounded"] == "no"


def test_unequal_replicates_are_told(simulated):
    table, said = answer(
        simulated,
        {
            "A": {"untreated": 1, "persister": 1},
            "B": {"untreated": 8, "persister": 8},
            "C": {"untreated": 1, "persister": 2},
        },
    )
    assert table["p"].notna().all() and "B has 16 of 21 samples and weighs most in voom_t" in said["note"]


def test_no_profiles_give_an_empty_table(simulated):
    from scripts.profiles import profiles

    samples = simulated.sheet({"A": {"untreated": 1}}).iloc[:0]
    data, lost = profiles.build([], samples, rule="intersection", min_count=10, by_platform=False)
    assert differential.compare(data, simulated.contrast).columns.tolist() == differential.EXPRESSION and lost.empty
