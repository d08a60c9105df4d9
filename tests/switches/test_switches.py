"""Verdicts by plain rules, and studies simulated with known switches that must be found, and found first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.profiles.pseudobulk import wide
from scripts.stats import paired
from scripts.switches import switches, targets, verdicts

MODELS = ["P1", "P2", "P3", "P4", "P5"]
SETS = {"stress": {f"s{i}": "" for i in range(30)}, "s": {}, "g2m": {}, "hypoxia": {}}
PLANTED = {"UP1": 1.3, "UP2": 1.1, "DOWN1": -1.2, "DOWN2": -1.1}
"""Changes that five patients can show to exceed the least effect (0.5); one of 0.8 is shared, and perhaps small."""
DECOYS = {f"DECOY{i}": 0.0 for i in range(12)}
STRESSED = {"STRESS": 0.9}
FDR, MIN_EFFECT = 0.05, 0.5


def regulons_of(names) -> dict[str, list[str]]:
    """A dozen targets each, of its own, but for the stress factor."""
    return {
        name: [f"s{i}" for i in range(12)] if name.startswith("STRESS") else [f"{name}_{i}" for i in range(12)]
        for name in names
    }


def mean_activity(cells: pd.DataFrame, sheet: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    regulons = [column for column in cells if "(" in column]
    long = cells.groupby("sample")[regulons].agg(["mean", "std"]).stack(0, future_stack=True).reset_index()
    long = long.set_axis(["sample", "regulon", "activity", "sd"], axis=1)
    return wide(long, "activity", list(sheet.index)), wide(long, "sd", list(sheet.index))


def run(simulate, sheet, effects, seed=0, *, mrna=None, targets_go=1.0, evidence=None, **options) -> pd.DataFrame:
    """Return the switches of a simulated study.

    ``mrna``: log2 fold change by factor (default: as activity); ``targets_go``: that of the targets, as a multiple of
    the activity's; ``evidence``: further columns by regulon.
    """
    rng = np.random.default_rng(seed)
    cells = simulate.activity_of(sheet, {f"{name}(+)": size for name, size in effects.items()}, rng, **options)
    activity, spread = mean_activity(cells, sheet)
    sd = paired.pooled_sd(spread)
    persister = paired.differences(activity, sheet, "untreated", "persister")
    relapse = paired.differences(activity, sheet, "untreated", "relapse")
    edges = simulate.edges_of(regulons_of(effects))
    models = paired.over_arms(persister).index
    genes = sorted({*edges["target"], *SETS["stress"], *effects})
    truth = pd.Series(0.0, index=genes)
    for name, size in effects.items():
        truth[regulons_of([name])[name]] = size * targets_go
        truth[name] = (mrna or effects)[name]
    changes = pd.DataFrame(rng.normal(0, 0.1, (len(models), len(genes))), index=models, columns=genes) + truth
    overlaps = targets.judge_overlap(targets.overlap(edges, SETS, pd.Index(genes)), edges, SETS, changes, fdr=FDR)
    unit = pd.Series(1.0, index=[*edges["regulon"].unique(), *effects])
    return switches.build(
        paired.summarise_arms(persister, sd, MIN_EFFECT)
        .rename(columns={"feature": "regulon"})
        .assign(sd=lambda t: t["regulon"].map(sd)),
        overlaps,
        paired.summarise(targets.target_change(changes, edges), unit),
        paired.summarise(targets.factor_change(changes, sorted(effects)), unit),
        paired.relapse_position(persister, relapse)[0],
        dict(zip(edges["regulon"], edges["tf"], strict=True)),
        fdr=FDR,
        min_effect=MIN_EFFECT,
        between=switches.compare_arms(persister, sd),
        evidence=evidence,
    )


# -- whole studies


@pytest.mark.parametrize("seed", range(10))
def test_planted_switches_come_first_and_stress_is_no_switch(simulate, seed):
    sheet = simulate.paired_sheet(MODELS, relapse=["P1", "P2"])
    table = run(simulate, sheet, PLANTED | DECOYS | STRESSED, seed)
    assert list(table) == switches.SWITCHES and len(table) == 17
    assert set(table["tf"].head(4)) == set(PLANTED)
    found = table.set_index("tf")
    assert (found.loc[list(PLANTED), "verdict"] == verdicts.SHARED.name).all()
    assert found.loc[list(PLANTED), "direction"].to_dict() == {
        "UP1": "up",
        "UP2": "up",
        "DOWN1": "down",
        "DOWN2": "down",
    }
    assert found.loc["STRESS", "verdict"] == "stress" and found.loc["STRESS", "explained_by"] == "stress"
    assert not found.loc[list(DECOYS), "verdict"].isin([verdicts.SHARED.name, "stress"]).any()
    assert np.sign(found.loc[list(PLANTED), "effect"]).tolist() == [1, 1, -1, -1]
    # off again at relapse; each sample is off by 0.13 sd (samples 0.1, 150 cells 0.08), so the mean of two models'
    # differences by 0.13, which is 0.16 of the smallest shift (1.1): four such errors and more
    assert found.loc[list(PLANTED), "relapse_position"].abs().max() < 0.64
    assert (found["n_relapse"] == 2).all() and found.loc[list(DECOYS), "relapse_position"].isna().all()


def test_changes_near_the_least_effect_are_shared_but_small(simulate):
    """Five patients show that there is a change of 0.6, and can't show that it exceeds 0.5."""
    said = []
    for seed in range(10):
        table = run(simulate, simulate.paired_sheet(MODELS), DECOYS | {"NEAR": 0.6, "NEARER": -0.6}, seed)
        said += table.set_index("tf").loc[["NEAR", "NEARER"], "verdict"].tolist()
    assert set(said) == {verdicts.SMALL.name, verdicts.UNCLEAR.name}
    assert said.count(verdicts.SMALL.name) > 10


def test_effects_are_recovered_in_their_unit(simulate):
    found = run(simulate, simulate.paired_sheet(MODELS), PLANTED, between=0.02, n_cells=600).set_index("tf")
    np.testing.assert_allclose(found.loc[list(PLANTED), "activity_change_sd"], list(PLANTED.values()), atol=0.1)
    np.testing.assert_allclose(found["sd"], 0.05, rtol=0.05)


@pytest.mark.full
def test_without_a_programme_switches_are_not_called(simulate):
    effects = {f"NULL{i}": 0.0 for i in range(30)}
    called = 0
    for seed in range(20):
        table = run(simulate, simulate.paired_sheet(MODELS), effects, seed, between=0.5, n_cells=20)
        called += (table["verdict"] == verdicts.SHARED.name).any()
    assert called <= 3  # FDR 5 % with nothing true: one study in twenty; P(more than 3) = 1.6 %


def test_irreversible_switch_stays_at_relapse(simulate):
    table = run(simulate, simulate.paired_sheet(MODELS, relapse=["P1", "P4", "P5"]), PLANTED, returns=1.0)
    assert table["relapse_position"].between(0.7, 1.3).all() and (table["n_relapse"] == 3).all()


def test_missing_relapse_is_missing(simulate):
    table = run(simulate, simulate.paired_sheet(MODELS), PLANTED)
    assert table["relapse_position"].isna().all() and (table["n_relapse"] == 0).all()


def test_activity_without_mrna_is_told_apart_from_expression(simulate):
    mrna = {"UP1": 0.0, "UP2": 0.9, "DOWN1": -1.0, "DOWN2": 1.0}
    found = run(simulate, simulate.paired_sheet(MODELS), PLANTED, mrna=mrna).set_index("tf")
    assert found["mrna"].to_dict() == {
        "UP1": "no shared change",
        "UP2": "follows",
        "DOWN1": "follows",
        "DOWN2": "opposite",
    }
    assert (found["verdict"] == verdicts.SHARED.name).all()


def test_one_model_gives_effects_and_says_so(simulate):
    table = run(simulate, simulate.paired_sheet(["P1"], relapse=["P1"]), PLANTED | DECOYS)
    assert set(table["verdict"]) == {verdicts.FEW.name} and set(table["note"]) == {"n = 1 model"}
    assert table[["ci_low", "p", "fdr", "loo_stable", "mrna_ci_low"]].isna().all(axis=None)
    assert set(table["tf"].head(4)) == set(PLANTED)  # ranked by size, which is all there is
    assert table["activity_change_sd"].abs().is_monotonic_decreasing
    assert set(table["mrna"]) == {"too few models"} and (table["n_relapse"] == 1).all()


def test_two_models_are_too_few(simulate):
    table = run(simulate, simulate.paired_sheet(["P1", "P2"]), PLANTED)
    assert set(table["verdict"]) == {verdicts.FEW.name} and table["note"].str.startswith("n = 2 models").all()
    assert table[["ci_low", "p", "fdr", "same_direction"]].isna().all(axis=None)


def test_untreated_only_study_is_not_tested(simulate):
    sheet = simulate.paired_sheet(MODELS)
    table = run(simulate, sheet[sheet["timepoint"] == "untreated"], PLANTED)
    assert set(table["verdict"]) == {verdicts.UNTESTED.name} and (table["n"] == 0).all() and len(table) == 4
    assert (table["direction"] == "").all() and table["effect"].isna().all()


def test_arms_of_different_patients_are_not_compared(simulate):
    arms = {"P1": ["A"], "P2": ["A"], "P3": ["A"], "P4": ["B"], "P5": ["B"]}
    sheet = simulate.paired_sheet(MODELS, arms=arms)
    effects = PLANTED | DECOYS | {"ONLY_A": 0.0}
    found = run(simulate, sheet, effects, arm_effects={"A": {"ONLY_A(+)": 1.5}}).set_index("tf")
    assert found.loc["ONLY_A", "verdict"] == verdicts.UNCLEAR.name
    assert found.loc["ONLY_A", "by_arm"].startswith("A +1.") and "(3); B " in found.loc["ONLY_A", "by_arm"]
    assert (found.loc[list(PLANTED), "verdict"] == verdicts.SHARED.name).all()


def test_arms_are_compared_within_patients(simulate):
    models = [f"P{i}" for i in range(6)]
    sheet = simulate.paired_sheet(models, arms={model: ["A", "B"] for model in models})
    effects = PLANTED | DECOYS | {"ONLY_A": 0.0}
    # Down by as much in B: no change on average, so that only the arms can be separated.
    arms = {"A": {"ONLY_A(+)": 1.5}, "B": {"ONLY_A(+)": -1.2}}
    found = run(simulate, sheet, effects, arm_effects=arms).set_index("tf")
    assert found.loc["ONLY_A", "verdict"] == verdicts.BY_ARM.name
    assert found.loc["ONLY_A", "note"].startswith("the change is largest in arm A")
    assert (found.loc[list(PLANTED), "verdict"] == verdicts.SHARED.name).all()


@pytest.mark.full
def test_arms_that_change_alike_are_rarely_said_to_differ(simulate):
    """Every arm of every model shifts by half a standard deviation, and patients differ: no arm is another's."""
    rng, said = np.random.default_rng(0), 0
    index = pd.MultiIndex.from_product([range(8), ["A", "B", "C"]], names=["model", "arm"])
    for _ in range(100):
        patients = np.repeat(rng.normal(0.5, 0.4, (8, 50)), 3, axis=0)
        values = pd.DataFrame(patients + rng.normal(0, 0.3, (24, 50)), index).rename_axis(columns="regulon")
        said += (switches.compare_arms(values, pd.Series(1.0, index=values.columns))["fdr"] <= FDR).any()
    assert said <= 12  # one study in twenty; P(more than 12 of 100) = 0.2 %


def test_model_with_two_persister_arms_counts_once(simulate):
    arms = {"P1": ["A", "B"], "P2": ["A", "B"], "P3": ["A", "B"]}
    sheet = simulate.paired_sheet(["P1", "P2", "P3"], arms=arms)
    found = run(simulate, sheet, PLANTED | {"ONLY_A": 0.0}, arm_effects={"A": {"ONLY_A(+)": 2.0}}).set_index("tf")
    assert (found["n"] == 3).all()
    assert found.loc["UP1", "by_arm"].count("(3)") == 2
    assert found.loc["ONLY_A", "activity_change_sd"] == pytest.approx(1.0, abs=0.2)  # the mean of 2 and 0


def test_rank_asks_for_size_and_agreement_at_once():
    """The evidence orders planted switches at least as well as size alone, t, or agreement first and then size."""
    rng = np.random.default_rng(0)
    scores: dict[str, list[float]] = {}
    for _ in range(60):
        n_regulons, n, k = 100, 5, 10
        mean, spread = np.zeros(n_regulons), np.exp(rng.normal(np.log(0.12), 0.6, n_regulons))
        mean[:k] = rng.choice([-1, 1], k) * rng.uniform(0.3, 1.0, k)
        values = mean + spread * rng.normal(size=(n, n_regulons))
        odd = rng.random(n_regulons) < 0.15  # changes of single patients
        odd[:k] = False
        values[:, odd] += (rng.random((n, odd.sum())) < 0.3) * rng.normal(0, 0.8, (n, odd.sum()))
        table = paired.summarise(pd.DataFrame(values), pd.Series(1.0, index=range(n_regulons)))
        size = table["activity_change_sd"].abs()
        for name, score in (
            ("evidence", switches.evidence_of(table)),
            ("size", size),
            ("t", table["t"].abs()),
            ("agreement", 10 * table["k"] / table["n"] + size),
        ):
            found = np.argsort(-score.to_numpy(), kind="stable") < k
            scores.setdefault(name, []).append((np.cumsum(found) / np.arange(1, n_regulons + 1))[found].mean())
    means = {name: np.mean(values) for name, values in scores.items()}
    assert means["evidence"] > 0.95, means
    assert all(means["evidence"] > means[name] for name in ("size", "t", "agreement")), means


# -- single rules


def row_of(**values) -> pd.Series:
    return pd.Series(
        {
            "n": 5,
            "same_direction": 0.95,
            "fdr": 0.01,
            "fdr_least": 0.01,
            "activity_change_sd": 1.0,
            "effect": 0.05,
            "loo_stable": 5,
            "targets_log2fc": 1.0,
        }
        | values
    )


@pytest.mark.parametrize(
    ("values", "arm", "carriers", "verdict"),
    [
        ({}, "", [], verdicts.SHARED.name),
        ({"activity_change_sd": -1.0}, "", [], verdicts.SHARED.name),
        ({"fdr_least": 0.051}, "", [], verdicts.SMALL.name),
        ({"fdr": 0.051}, "", [], verdicts.UNCLEAR.name),
        ({"fdr": np.nan}, "", [], verdicts.UNCLEAR.name),
        ({"same_direction": 0.89}, "", [], verdicts.UNCLEAR.name),
        ({"same_direction": 0.89}, "A", [], verdicts.BY_ARM.name),
        ({}, "A", [], verdicts.SHARED.name),
        ({}, "", ["stress"], "stress"),
        ({"fdr_least": 1.0}, "", ["cell cycle", "hypoxia"], "cell cycle"),
        ({"same_direction": 0.89}, "", ["stress"], verdicts.UNCLEAR.name),
        ({"n": 2}, "", ["stress"], verdicts.FEW.name),
        ({"n": 1}, "", [], verdicts.FEW.name),
        ({"n": 0}, "", [], verdicts.UNTESTED.name),
        ({"n": 3}, "", [], verdicts.SHARED.name),
    ],
)
def test_verdicts(values, arm, carriers, verdict):
    assert switches.judge(row_of(**values), arm, carriers, fdr=FDR) == verdict


@pytest.mark.parametrize(
    ("mrna", "effect", "expected"),
    [
        ((5, 0.95, 1.0, 0.01), 1.0, "follows"),
        ((5, 0.95, -1.0, 0.01), -1.0, "follows"),
        ((5, 0.95, -1.0, 0.01), 1.0, "opposite"),
        ((5, 0.95, 1.0, 0.06), 1.0, "no shared change"),
        ((5, 0.85, 1.0, 0.01), 1.0, "no shared change"),
        ((2, np.nan, 1.0, np.nan), 1.0, "too few models"),
        ((0, np.nan, np.nan, np.nan), 1.0, "not measured"),
    ],
)
def test_mrna_is_judged_apart(mrna, effect, expected):
    row = pd.Series(dict(zip(["n", "same_direction", "effect", "fdr"], mrna, strict=True)))
    assert switches.judge_mrna(row, switches.of_factor("A(+)", effect), FDR) == expected
    assert switches.judge_mrna(row, switches.of_factor("A(-)", -effect), FDR) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"verdict": verdicts.SHARED.name}, ""),
        ({"verdict": verdicts.FEW.name, "n": 1, "loo_stable": np.nan}, "n = 1 model"),
        ({"verdict": verdicts.UNCLEAR.name, "loo_stable": 4}, "depends on one model: the sign changes without it"),
        (
            {"verdict": verdicts.SHARED.name, "targets_log2fc": -0.3},
            "the expression of its targets changes in the opposite direction",
        ),
    ],
)
def test_notes(values, words):
    assert switches.note_on(row_of(**values), "") == words


def test_order_is_shared_first_then_evidence_then_name():
    table = pd.DataFrame(
        {
            "regulon": ["b", "a", "small", "big", "none"],
            "verdict": [
                verdicts.SHARED.name,
                verdicts.SHARED.name,
                verdicts.SHARED.name,
                verdicts.UNCLEAR.name,
                verdicts.UNTESTED.name,
            ],
            "n": [5, 5, 5, 5, 0],
            "activity_change_sd": [1.0, 1.0, 0.6, 3.0, np.nan],
            "loo_min_effect": [0.9, 0.9, 0.5, 2.0, np.nan],
            "rank_product": [0.2, 0.2, 0.4, 0.1, np.nan],
        }
    )
    assert switches.rank(table)["regulon"].tolist() == ["a", "b", "small", "big", "none"]


def test_nothing_to_rank_keeps_the_header(simulate):
    empty = pd.DataFrame(columns=["arm", "regulon", "sd", *paired.SUMMARY])
    none = pd.DataFrame(columns=paired.SUMMARY)
    overlaps = pd.DataFrame(columns=targets.OVERLAPS)
    table = switches.build(empty, overlaps, none, none, pd.DataFrame(columns=["position", "n", "shift"]), {},
                           fdr=FDR, min_effect=MIN_EFFECT)  # fmt: skip
    assert table.empty and list(table) == switches.SWITCHES


@pytest.mark.parametrize(
    ("enrichment", "verdict"), [(0.01, verdicts.SHARED), (0.3, verdicts.NOT_ENRICHED), (np.nan, verdicts.SHARED)]
)
def test_a_shared_change_of_chance_targets_is_no_switch(enrichment, verdict):
    """A regulon of chance targets moves with the few that the programme moves; without a signature nobody can say."""
    assert switches.judge(row_of(), "", [], enrichment, fdr=FDR) == verdict.name
    small = switches.judge(row_of(fdr_least=0.2), "", [], enrichment, fdr=FDR)
    assert small == verdicts.SMALL.name


@pytest.mark.parametrize(("enrichment", "notes"), [(0.01, 4), (0.3, 0)])
def test_the_note_is_on_the_final_verdict(simulate, enrichment, notes):
    """The expression of targets is noted for switches alone, and not for what the signature shows to be none."""
    table = pd.DataFrame({"signature_enrichment_p": enrichment}, index=[f"{name}(+)" for name in PLANTED])
    found = run(simulate, simulate.paired_sheet(MODELS), PLANTED, targets_go=-1.0, evidence=table)
    assert (found["note"] == "the expression of its targets changes in the opposite direction").sum() == notes
    assert set(found["verdict"]) == {(verdicts.SHARED if notes else verdicts.NOT_ENRICHED).name}
