"""Switches in cycling and in non-cycling cells: planted changes, verdicts, and what too few cells leave."""

import numpy as np
import pandas as pd
import pytest

from scripts.base.verdicts import decide
from scripts.growth import cycle, terms, verdicts

CONTRAST = {"baseline": "untreated", "persister": "persister"}
PLANTED = {"both": (2, 2), "cycling": (2, 0), "resting": (0, 2), "neither": (0, 0), "opposite": (2, -2)}
EXPECTED = {
    "both": "holds in both",
    "cycling": "only cycling",
    "resting": "only non-cycling",
    "neither": "no change shown",
    "opposite": "unclear",
}


def study(n: int = 6, seed: int = 0) -> pd.DataFrame:
    """Return the table of ``n`` models, with five regulons of each kind of :data:`PLANTED`, and the signature."""
    rng = np.random.default_rng(seed)
    rows = [(f"m{m}_{t}", f"m{m}", t, "drug") for m in range(n) for t in ("untreated", "persister")]
    samples = pd.DataFrame(rows, columns=["sample", "model", "timepoint", "arm"]).set_index("sample")
    names = [f"{kind}{i}" for kind in PLANTED for i in range(5)] + ["signature"]
    treated = (samples["timepoint"] == "persister").to_numpy()[:, None]
    means = {}
    for place, group in enumerate(terms.GROUPS):
        effect = np.array([PLANTED[kind][place] for kind in PLANTED for _ in range(5)] + [3])
        values = 0.2 * rng.normal(size=(len(samples), len(names))) + treated * effect
        means[group] = pd.DataFrame(values, samples.index, names)
    about = pd.DataFrame({"kind": "regulon", "tf": names, "switch": "shared switch", "sd": 0.5}, index=names)
    about.loc["signature", "kind"] = "programme"
    cells = {group: pd.Series(30.0, samples.index) for group in terms.GROUPS}
    return cycle.compare(means, cells, samples, CONTRAST, about.rename_axis("feature"), 0.05)


def test_planted_changes_have_their_verdicts():
    table = study()
    assert list(table) == terms.SWITCHES
    own = table[table["kind"] == "regulon"]
    said = own.groupby(own["feature"].str[:-1])["verdict"].agg(lambda values: values.mode()[0])
    assert said.to_dict() == EXPECTED
    assert (own["verdict"] == own["feature"].str[:-1].map(EXPECTED)).mean() >= 0.9


def test_effects_are_in_standard_deviations_and_cells_are_those_of_the_models_compared():
    table = study().set_index("feature")
    assert table.loc["both0", ["cycling_effect", "resting_effect"]].tolist() == pytest.approx([4, 4], abs=0.6)
    assert (table["cycling_n"] == 6).all() and (table["cycling_cells"] == 360).all()


def test_the_signature_has_effects_and_is_not_judged():
    row = study().set_index("feature").loc["signature"]
    assert row["verdict"] == verdicts.NOT_JUDGED.name and row["cycling_effect"] == pytest.approx(6, abs=0.6)
    columns = [name for name in terms.SWITCHES if name.endswith(("_low", "_high", "_p", "_fdr"))]
    assert row[columns].isna().all()


def test_two_models_are_too_few():
    table = study(2)
    own = table[table["kind"] == "regulon"]
    assert set(own["verdict"]) == {verdicts.TOO_FEW.name} and own["cycling_effect"].notna().all()
    assert own[["cycling_p", "resting_fdr", "less_in_resting_p"]].isna().all(axis=None)


def test_groups_of_few_cells_have_no_mean():
    phase = np.array(["G1"] * 25 + ["S"] * 10 + ["G2M"] * 12 + [""] * 5)
    values = np.arange(len(phase), dtype=float)[:, None]
    found = cycle.average(values, np.repeat("a", len(phase)), phase, 20)
    assert [(group, n) for group, _, n, _ in found] == [("cycling", 22), ("resting", 25)]
    assert found[0][3] == pytest.approx([np.arange(25, 47).mean()])
    assert [group for group, *_ in cycle.average(values, np.repeat("a", len(phase)), phase, 23)] == ["resting"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"is_learned": True}, "not judged"),
        ({"n": 2}, "too few models"),
        ({}, "holds in both"),
        ({"same": False}, "unclear"),
        ({"resting": 0.3}, "unclear"),
        ({"resting": 0.3, "less_in_resting": 0.01}, "only cycling"),
        ({"cycling": 0.3, "less_in_cycling": 0.01}, "only non-cycling"),
        ({"cycling": np.nan, "less_in_cycling": 0.01}, "unclear"),
        ({"cycling": 0.3, "resting": 0.3, "less_in_resting": 0.01}, "no change shown"),
    ],
)
def test_the_first_rule_that_applies_decides(changes, name):
    known = {"n": 5, "cycling": 0.01, "resting": 0.01, "same": True, "less_in_resting": 0.9, "less_in_cycling": 0.9,
             "limit": 0.05}  # fmt: skip
    assert decide(verdicts.VERDICTS, verdicts.Evidence(**known | changes)).name == name
