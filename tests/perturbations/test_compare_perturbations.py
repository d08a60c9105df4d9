"""What perturbations do to a programme that is known: shares, intervals, verdicts of perturbations and of factors."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulators.perturbations import as_changes, listed, simulate

from scripts.base.verdicts import decide
from scripts.perturbations import compare_perturbations as stage
from scripts.perturbations import effects, verdicts
from scripts.perturbations.terms import EFFECTS


@pytest.fixture(scope="module")
def study():
    """Return a simulated study."""
    return simulate(np.random.default_rng(1))


def compared(
    study, shares: dict[str, float], direction: str = "gain", own: float = 2.0, p: float = np.nan, validated: str = "no"
) -> pd.DataFrame:
    """Return the table of perturbations that bring shares of the programme; ``own``, ``p``: of the factor's mRNA."""
    rng, names = np.random.default_rng(2), listed(len(shares), direction).assign(validated=validated)
    turn = 1 if direction == "gain" else -1
    changes = {}
    for row, share in zip(names.itertuples(), shares.values(), strict=True):
        change = turn * study.perturb(rng, share)
        change[row.tf] = turn * own
        changes[row.perturbation] = change
    table = as_changes(changes)
    table.loc[table["gene"].isin(names["tf"]), "p"] = p
    return stage.compare(names, table, study.programme, 0.05)


@pytest.mark.parametrize(
    ("direction", "tested"), [("gain", "switched on"), ("loss", "switched off"), ("inhibitor", "switched off")]
)
def test_a_factor_that_brings_the_programme_is_switched(study, direction, tested):
    table = compared(study, {"a": 0.5, "b": 0.0}, direction)
    assert list(table) == EFFECTS
    first = table.iloc[0]
    assert first["verdict"] == "moves the programme" and first["programme_share_low"] > 0.2
    assert (
        first["correlation"] > table.iloc[1]["correlation"]
        and first["signature_follows"] > first["signature_follows_expected"] + 0.2
    )
    factors = stage.tested_factors(table).set_index("tf")
    assert factors.loc["T10", "tested"] == tested and factors.loc["T10", "note"] == "p0: moves the programme"


def test_one_without_effect_contradicts_only_if_the_factor_changed(study):
    idle = {"a": 0.0, "b": 0.0, "c": 0.0}
    table = compared(study, idle, p=0.001)
    assert set(stage.tested_factors(table)["tested"]) == {"contradicted"} and set(table["note"]) == {""}
    assert set(table["factor_changed"]) == {"own mRNA"}
    for doubt in ({"own": 0.1, "p": 0.001}, {"p": 0.2}, {"own": -2.0, "p": 0.001}):
        table = compared(study, idle, **doubt)
        assert set(stage.tested_factors(table)["tested"]) == {"unclear"}, doubt
        assert table["note"].str.contains("not shown that the factor changed (neither", regex=False).all()
    # An inhibitor leaves the mRNA as it is: only targets tell that it works, or another assay.
    table = compared(study, idle, "inhibitor", p=0.001)
    assert set(table["verdict"]) == {"unclear"} and table["note"].str.contains("inhibitor need not").all()
    table = compared(study, idle, "inhibitor", validated="yes")
    assert set(table["verdict"]) == {"no effect"} and set(table["factor_changed"]) == {"stated"}


def test_a_large_change_of_the_mrna_without_a_p_value_contradicts_nothing(study):
    """In a table of log fold changes alone, the factor's own may be noise, unless targets or another assay say so."""
    idle = {"a": 0.0, "b": 0.0, "c": 0.0}
    table = compared(study, idle)
    assert (table["own_log_fc"] == 2).all() and (table["programme_share_high"] < 0.2).all()
    assert set(table["verdict"]) == {"unclear"} and set(table["factor_changed"]) == {"not shown"}
    assert table["note"].str.contains("its own mRNA has no p-value").all()
    assert set(stage.tested_factors(table)["tested"]) == {"unclear"}
    stated = compared(study, idle, validated="yes")
    assert set(stage.tested_factors(stated)["tested"]) == {"contradicted"}
    # What does not need the factor's change is the same.
    same = [name for name in EFFECTS if name not in ("validated", "factor_changed", "verdict", "note")]
    pd.testing.assert_frame_equal(table[same], stated[same])
    # Targets that follow show it as well as a p-value.
    rng, names = np.random.default_rng(2), listed(1)
    change = study.perturb(rng, 0.0)
    change[study.programme.targets["T10"].index] += 1.0
    found = stage.compare(names, as_changes({"p0": change}), study.programme, 0.05).iloc[0]
    assert (found["factor_changed"], found["verdict"]) == ("targets", "no effect")


def test_a_programme_that_moves_the_other_way_contradicts_only_if_the_factor_changed(study):
    """A guide without effect on its factor may move the programme by another gene."""
    tested = {}
    for said in ("no", "yes"):
        table = compared(study, {"a": -0.5}, validated=said)
        assert table["verdict"].item() == "moves it the other way"
        tested[said] = stage.tested_factors(table)["tested"].item()
    assert tested == {"no": "unclear", "yes": "contradicted"}


def test_a_factor_that_falls_in_persisters_is_expected_to_move_the_programme_back(study):
    falling = stage.Programme(**{**vars(study.programme), "directions": -study.programme.directions})
    rng, names = np.random.default_rng(3), listed(1)
    back = as_changes({"p0": study.perturb(rng, -0.5)})
    assert stage.compare(names, back, falling, 0.05)["verdict"].item() == "moves the programme"
    assert stage.compare(names, back, study.programme, 0.05)["verdict"].item() == "moves it the other way"
    unknown = stage.Programme(**{**vars(study.programme), "directions": pd.Series(dtype=float)})
    table = stage.compare(names, back, unknown, 0.05)
    assert table["verdict"].item() == "not judged" and "not shown to change" in table["note"].item()


def test_sets_are_compared_with_all_sets_of_like_expression(study):
    """The mean and the error of the null are those of sets that are drawn: within 3 Monte-Carlo errors."""
    rng, programme = np.random.default_rng(4), study.programme
    change = study.noise(rng, 0.3) + 0.2 * (programme.mean > programme.mean.median())
    own = effects.change_of_set(change, programme.signature, programme.mean, programme.together)
    bins = pd.Series(effects.expression_bins(programme.mean), index=change.index)
    outside = {b: change[(bins == b) & ~change.index.isin(programme.signature.index)].to_numpy() for b in set(bins)}
    draws = np.zeros(2000)
    for gene, sign in programme.signature.items():
        draws += sign * rng.choice(outside[bins[gene]], 2000)
    draws /= len(programme.signature)
    observed = (programme.signature * change[programme.signature.index]).mean()
    assert observed - own.shift == pytest.approx(draws.mean(), abs=3 * draws.std() / np.sqrt(2000))
    place = programme.together.genes.get_indexer(programme.signature.index)
    wider = np.sqrt(programme.together.inflation(place, programme.signature.to_numpy()))
    assert wider > 1 and own.error / wider == pytest.approx(draws.std(), rel=0.1)


def test_the_correlation_is_spearmans_and_needs_known_blocks(study):
    rng, programme = np.random.default_rng(5), study.programme
    change = study.perturb(rng, 0.5)
    r, low, high, blocks = effects.correlation(change, programme.log_fc, programme.together)
    assert r == pytest.approx(stats.spearmanr(change, programme.log_fc)[0]) and low < r < high and blocks == 50
    few = simulate(np.random.default_rng(6), models=2, replicates=1)
    found = compared(few, {"a": 0.5})
    assert found["programme_share_low"].isna().all() and np.isfinite(found["programme_share"]).all()
    assert found["verdict"].item() == "not judged" and "too few profiles" in found["note"].item()


def test_factors_that_disagree_are_unclear():
    assert decide(verdicts.TESTED, verdicts.Tests(0)).name == "not tested"
    assert decide(verdicts.TESTED, verdicts.Tests(2, gains=1, against=1)).name == "unclear"
    assert decide(verdicts.TESTED, verdicts.Tests(2, gains=1, losses=1)).name == "switched on"


def test_what_a_factor_represses_should_fall():
    edges = pd.DataFrame(
        {"regulon": ["A(+)", "A(-)", "A(+)"], "tf": "A", "target": ["x", "y", "A"], "weight": 1.0, "sign": 1.0}
    )
    assert stage.targets_of(edges)["A"].to_dict() == {"x": 1.0, "y": -1.0}
    effects = pd.DataFrame(
        {"regulon": ["A(-)", "B(+)", "C(+)"], "effect": [-1.0, 1.0, 1.0], "fdr": [0.01, 0.5, 0.01], "n": [5, 5, 2]}
    )
    tf = {"A(-)": "A", "B(+)": "B", "C(+)": "C"}
    found = stage.shown_directions(effects, tf, {"A(-)": -1.0, "B(+)": 1.0, "C(+)": 1.0}, 0.05)
    assert found.to_dict() == {"A": 1.0}


def test_targets_are_compared_with_perturbations_of_other_factors_alone(study):
    """Two perturbations of one factor move the same targets; neither says how rare such a change is."""
    rng = np.random.default_rng(7)
    names = listed(3)
    names["tf"] = [names["tf"][0], names["tf"][0], names["tf"][2]]
    changes = {
        name: study.perturb(rng, share) for name, share in zip(names["perturbation"], (0.5, 0.6, 0.0), strict=True)
    }
    targets = dict.fromkeys(set(names["tf"]), study.programme.signature)
    programme = stage.Programme(**{**vars(study.programme), "targets": targets})
    table = stage.compare(names, as_changes(changes), programme, 0.05)
    assert table["targets_others_below"].tolist() == [1.0, 1.0, 0.0]
    alone = stage.compare(names[:2], as_changes(changes), programme, 0.05)
    assert alone["targets_others_below"].isna().all()


def test_the_share_refers_to_patients_the_signature_was_not_learned_from(study):
    """Two thirds remain without the model: the same change of the signature is then a larger share."""
    scores = pd.DataFrame(
        {
            "model": ["A", "A", "B", "B"],
            "timepoint": ["untreated", "persister"] * 2,
            "relative": [0.0, 4.0, 0.0, 2.0],
            "left_out": [0.0, 3.0, 0.0, 1.0],
        }
    )
    assert stage.share_that_remains(scores, "persister") == pytest.approx(2 / 3)
    assert stage.share_that_remains(scores.assign(left_out=np.nan), "persister") == 1
    assert stage.share_that_remains(scores.assign(left_out=9.0), "persister") == 1
    names, change = listed(1, "gain"), as_changes({"p0": study.perturb(np.random.default_rng(2), 0.3)})
    half = replace(study.programme, remains=0.5)
    columns = ["programme_share_low", "programme_share", "programme_share_high"]
    whole, twice = (stage.compare(names, change, own, 0.05)[columns].iloc[0] for own in (study.programme, half))
    assert (twice / whole).tolist() == pytest.approx([2.0] * 3)
