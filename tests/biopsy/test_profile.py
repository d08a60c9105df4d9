"""Bulk profiles: ranks within a profile, a position between two states, and its interval over models."""

import numpy as np
import pandas as pd
import pytest
from calibration.biopsy import learned_rows

from scripts.base import job
from scripts.biopsy import describe, profile, score_biopsy
from scripts.stats.intervals import position_interval, prediction

SETTINGS = {"min_cells": 20, "level": 0.95, "seed": 0}
STATES = ("untreated", "persister")


def bulk(simulator, share: float, seed: int, depth: float = 3e6) -> pd.Series:
    """Return read counts of a tumour of a new patient with that part of persister cells."""
    cells = simulator.cells("HBCx7", "bulk", seed=seed, persister=share, graft_cells=450)
    rng = np.random.default_rng(seed)
    level = np.asarray(cells.X.sum(axis=0)).ravel() * rng.lognormal(0, 0.12, cells.n_vars)
    return pd.Series(rng.poisson(level / level.sum() * depth), index=cells.var_names.astype(str), dtype=float)


def scored(frozen, values: pd.Series) -> pd.DataFrame:
    """Return the scores by section and item."""
    return score_biopsy.score_profile(frozen, values, SETTINGS)[0].set_index(["section", "item"])


def test_ranks_are_those_of_singscore():
    """By hand: of four genes, up = the highest two, down = the lowest one."""
    values = pd.DataFrame([[1.0, 5.0, 30.0, 200.0]], index=["s"], columns=["a", "b", "c", "d"])
    scores = profile.rank_scores(values, {"up": ["c", "d"], "down": ["a"]})
    assert scores.loc["s"].tolist() == pytest.approx([0.25, -0.375])
    signature = pd.DataFrame({"gene": ["c", "d", "a", "missing"], "direction": ["up", "up", "down", "up"]})
    assert profile.signature_scores(values, signature).tolist() == pytest.approx([0.625])
    assert profile.signature_scores(np.log2(values), signature).tolist() == pytest.approx([0.625]), "any scale"


def test_a_training_profile_is_scored_by_the_signature_learned_without_its_model():
    values = pd.DataFrame([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [3.0, 2.0, 1.0]], columns=["a", "b", "c"])
    whole = pd.DataFrame({"gene": ["c", "a"], "direction": ["up", "down"]})
    left_out = pd.DataFrame({"left_out": ["021", "021"], "gene": ["b", "a"], "direction": ["up", "down"]})
    found = profile.left_out_scores(values, whole, left_out, pd.Series(["021", "other", "021"]))
    assert found.tolist() == pytest.approx([1 / 3, 2 / 3, -1 / 3])
    new = profile.signature_of("new", whole, left_out)
    assert new is whole and list(profile.signature_of("021", whole, left_out)["gene"]) == ["b", "a"]


def test_the_interval_of_a_position_holds_with_a_signature_that_was_learned():
    """Five models and a weak programme: the whole signature covers about half of new persister profiles."""
    found = {row.truth[9]: row for row in learned_rows(60, 3, designs=((5, 0.5),))}
    assert found["0"].rate >= 0.9 and found["1"].rate >= 0.9


def test_positions_rise_with_the_part_of_persisters_and_hold_the_ends(simulator, frozen):
    found = {share: scored(frozen, bulk(simulator, share, 31)).loc[("position", "signature")] for share in (0, 0.5, 1)}
    assert found[0]["value"] < found[0.5]["value"] < found[1]["value"]
    for share in (0, 1):
        assert found[share]["low"] < share < found[share]["high"]
    assert "all platforms" in found[0]["note"], "the reference has no bulk profiles"


def test_switches_are_told_of_a_profile_too(simulator, frozen):
    calls = {share: scored(frozen, bulk(simulator, share, 33)).loc["switch"]["call"] for share in (0, 1)}
    assert set(calls[1]) == {"active"} and len(calls[1]) == 7
    assert (calls[0] == "as untreated").sum() >= 6


def test_the_interval_is_the_prediction_interval_of_one_more_model():
    """Four models whose states lie 2 apart: t with 3 degrees of freedom, and the variance of the mean."""
    offsets = {"a": -0.2, "b": 0.0, "c": 0.1, "d": 0.1}
    labels = pd.DataFrame(
        [(model, state, "bulk") for model in offsets for state in STATES], columns=["model", "timepoint", "platform"]
    )
    scores = pd.Series([offset + level for offset in offsets.values() for level in (0.0, 2.0)])
    found = profile.place(1.0, scores, labels, STATES, bulk=True, level=0.95)
    assert found.position == pytest.approx(0.5) and found.models == list(offsets)
    reach = 3.182 * np.std(list(offsets.values()), ddof=1) * np.sqrt(1 + 1 / 4) / 2
    assert (found.low, found.high) == pytest.approx((0.5 - reach, 0.5 + reach), abs=1e-3)


def test_ends_of_the_interval_are_where_the_score_leaves_the_prediction_interval():
    rng = np.random.default_rng(0)
    untreated = rng.normal(0, 0.2, 6)
    persister = 1 + 0.5 * untreated + rng.normal(0, 0.2, 6)
    for end in position_interval(0.7, untreated, persister, 0.95):
        _, low, high = prediction((1 - end) * untreated + end * persister, 0.95)
        assert min(abs(0.7 - low), abs(0.7 - high)) < 1e-9


def test_states_that_overlap_between_models_give_no_interval():
    untreated, persister = np.array([0.0, 0.1, 0.2, 0.3]), np.array([1.0, -0.5, 0.4, 0.2])
    assert np.isnan(position_interval(0.2, untreated, persister, 0.95)).all()
    assert np.isnan(position_interval(0.2, untreated[:2], untreated[:2] + 1, 0.95)).all(), "two models"


@pytest.mark.parametrize("n", [1, 2])
def test_fewer_than_three_models_give_no_range_of_a_new_patient_and_no_call(n):
    """Rates of ranges and calls were measured from three models on."""
    untreated, persister = np.array([0.30, 0.31])[:n], np.array([0.5, 0.6])[:n]
    mean, low, high = prediction(untreated, 0.95)
    assert mean == pytest.approx(untreated.mean()) and np.isnan([low, high]).all()
    low, high, *_, call = describe.compare("r", 0.9, untreated, persister, 0.95)
    assert np.isnan([low, high]).all() and call == ""


def test_profiles_of_its_own_kind_are_preferred_where_there_are_enough():
    models = dict(zip("abcdef", ["bulk", "array", "bulk", "bulk", "single-cell", "single-cell"], strict=True))
    labels = pd.DataFrame(
        [(model, state, platform) for model, platform in models.items() for state in STATES],
        columns=["model", "timepoint", "platform"],
    )
    scores = pd.Series([0.0, 1.0] * 4 + [5.0, 9.0] * 2)
    found = profile.place(0.5, scores, labels, STATES, bulk=True, level=0.95)
    assert found.models == list("abcd") and found.position == pytest.approx(0.5)
    found = profile.place(7.0, scores, labels, STATES, bulk=False, level=0.95)
    assert found.models == list("abcdef") and "all platforms" in found.note


def test_the_patient_s_own_baseline_takes_away_what_differs_between_patients():
    """Patient c begins at 4: it can't be placed among all, and lies half-way when counted from its own baseline."""
    starts = {"a": 0.0, "b": -3.0, "c": 4.0}
    rows = [
        (m, s, "bulk", start + rise) for m, start in starts.items() for s, rise in zip(STATES, (0.0, 2.0), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["model", "timepoint", "platform", "score"])
    labels = table[["model", "timepoint", "platform"]]
    found = profile.place_from_baseline(5.0, "c", table["score"], labels, STATES, bulk=True, level=0.95)
    assert found.position == pytest.approx(0.5) and np.isnan(found.low) and "without replicates" in found.note
    more = pd.DataFrame(
        [("d", s, "bulk", 1.0 + r) for s, r in zip(STATES, (0.0, 2.0), strict=True)], columns=list(table)
    )
    twice = pd.concat([part.assign(score=part["score"] + e) for part in (table, more) for e in (-0.01, 0.01)])
    twice = twice.reset_index(drop=True)
    found = profile.place_from_baseline(5.0, "c", twice["score"], twice[list(labels)], STATES, bulk=True, level=0.95)
    assert 0.45 < found.low < 0.5 < found.high < 0.55
    among_all = profile.place(5.0, table["score"], labels, STATES, bulk=True, level=0.95)
    assert among_all.high - among_all.low > 2
    assert profile.place_from_baseline(5.0, "d", table["score"], labels, STATES, bulk=True, level=0.95) is None


def test_a_single_model_gives_a_position_without_interval():
    labels = pd.DataFrame({"model": ["a", "a"], "timepoint": STATES, "platform": ["bulk"] * 2})
    found = profile.place(0.2, pd.Series([0.0, 1.0]), labels, STATES, bulk=True, level=0.95)
    assert found.position == pytest.approx(0.2) and np.isnan(found.low) and "no interval" in found.note


def test_a_profile_of_other_genes_is_not_scored(frozen):
    values = pd.Series(1.0, index=[f"GENE{number}" for number in range(200)])
    scores = scored(frozen, values)
    assert scores.loc[("verdict", "biopsy"), "call"] == "not scored"
    assert "position" not in scores.index.get_level_values(0)


def test_a_profile_of_shuffled_genes_is_out_of_distribution(simulator, frozen):
    values = bulk(simulator, 0.5, 32)
    values[:] = np.random.default_rng(1).permutation(values.to_numpy())
    assert scored(frozen, values).loc[("verdict", "biopsy"), "call"] == "out of distribution"


def test_a_column_is_read_by_name_and_refused_in_one_line(tmp_path):
    path = tmp_path / "bulk.tsv"
    path.write_text("symbol\tT1\tT2\nKRT14\t5\t1\nKRT14\t9\t2\nMYC\t3\tx\n")
    assert profile.read_profile(str(path), "T1", "samples.tsv").to_dict() == {"KRT14": 9.0, "MYC": 3.0}
    with pytest.raises(job.UserError, match=r"column T2: 'x' is not a number"):
        profile.read_profile(str(path), "T2", "samples.tsv")
    with pytest.raises(job.UserError, match=r"has no column 'T3'; it has symbol, T1, T2"):
        profile.read_profile(str(path), "T3", "samples.tsv")
