"""The scripts on expression one after the other, where timepoints look like numbers and arms and models like nothing;
and relapse of regulons that only some models measure.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.activity import estimate_reversibility
from scripts.activity import figures as of_activity
from scripts.base.tables import read_labelled
from scripts.expression import (
    cluster_profiles,
    compare_expression,
    compare_treatments,
    figures,
    learn_signature,
)
from scripts.figure import draw
from scripts.figure.figure import Absent, Figure
from scripts.figure.style import Style
from scripts.profiles import profiles

CONTRAST = {"baseline": "0", "persister": "21", "relapse": "60"}
CALLED = {
    "timepoint": {"untreated": "0", "persister": "21", "relapse": "60"},
    "arm": {"untreated": "null", "drug": "NA", "other": "7"},
    "model": {"A": "1040", "B": "None", "C": "021", "D": "nan"},
}
STATES = {"untreated": 3, "persister:drug": 3, "relapse:drug": 2}
PLAN = {"A": {**STATES, "persister:other": 2}, "B": STATES, "C": STATES, "D": {"untreated": 2, "persister:drug": 2}}
FILES = {
    "expression": "expression/differential_expression.tsv",
    "design": "expression/expression_design.tsv",
    "signature": "expression/signature.tsv",
    "left_out": "expression/signature_left_out.tsv",
    "scores": "expression/signature_scores.tsv",
    "sizes": "expression/signature_sizes.tsv",
    "heatmap": "expression/heatmap.tsv",
    "structure": "expression/state_structure.tsv",
    "places": "expression/state_places.tsv",
    "treatment": "expression/treatment.tsv",
    "likeness": "expression/treatment_correlation.tsv",
    "reversibility": "activity/reversibility.tsv",
    "bins": "activity/reversibility_bins.tsv",
}
"""Output of the jobs → its path in the results."""
DRAWN = ("volcano", "signature_heatmap", "scores", "left_out", "states", "treatment_correlation", "drugs",
         "reversibility")  # fmt: skip


@pytest.fixture(scope="module")
def folder(simulated, tmp_path_factory):
    """A study's profiles, and the activity of two regulons: D measures neither, C only one of them."""
    folder = tmp_path_factory.mktemp("expression")
    samples = simulated.sheet(PLAN)
    shift = np.where(np.arange(200) < 60, np.where(np.arange(200) < 30, 2.0, -2.0), 0.0)
    counts = simulated.draw(samples, np.random.default_rng(0), n_genes=200, shift=shift, returns=0.2, noise=0.1)
    samples = samples.replace(CALLED)
    profiles.write(simulated.build(samples, counts), folder / "profiles.h5ad")
    level = samples["timepoint"].map({"0": 0.1, "21": 0.5, "60": 0.2})
    level += np.random.default_rng(1).normal(0, 0.01, len(level))
    parts = [pd.DataFrame({"sample": samples.index, "regulon": name, "activity": level}) for name in ("A(+)", "B(+)")]
    activity = pd.concat(parts, ignore_index=True)
    model = activity["sample"].map(samples["model"])
    activity = activity[(model != "nan") & ((model != "021") | (activity["regulon"] != "B(+)"))]
    activity.to_csv(folder / "activity.tsv", sep="\t", index=False)
    return folder


@pytest.fixture
def results(folder, make_job):
    """Run the scripts on the profiles; return where the tables are."""
    path = {name: folder / file for name, file in FILES.items()} | {"profiles": folder / "profiles.h5ad"}
    for stage in ("expression", "activity"):
        (folder / stage).mkdir(exist_ok=True)
    params = {"contrast": CONTRAST, "platforms": "together", "size": 20, "sizes": [10], "fdr": 0.05, "permutations": 9}
    params |= {"seed": 0, "min_log_fc": 0.5}
    for script, given, made in (
        (compare_expression, ["profiles"], ["expression", "design"]),
        (learn_signature, ["profiles", "expression"], ["signature", "left_out", "scores", "sizes", "heatmap"]),
        (cluster_profiles, ["profiles"], ["structure", "places"]),
        (compare_treatments, ["profiles", "expression", "signature"], ["treatment", "likeness"]),
    ):
        files = {name: path[name] for name in given}
        script.main(make_job(input=files, output={name: path[name] for name in made}, params=params))
    files = {name: path[name] for name in ("profiles", "expression", "scores")} | {
        "activity": [folder / "activity.tsv"]
    }
    made = {"table": path["reversibility"], "bins": path["bins"]}
    estimate_reversibility.main(make_job(input=files, output=made, params=params))
    return path


def test_every_label_is_found_again_in_tables_and_figures(results):
    called = {kind: tuple(names.values()) for kind, names in CALLED.items()}
    settings = {"fdr": 0.05, "max_points": 2000, "signatures": []}
    style = Style(called["model"], called["arm"], called["timepoint"], CONTRAST, settings=settings)
    given = {file: results[name] for name, file in FILES.items()}
    made = {name: draw.draw(entry, given, style) for name, entry in {**figures.FIGURES, **of_activity.FIGURES}.items()}
    assert {name for name, one in made.items() if isinstance(one, Figure)} == set(DRAWN)
    assert {one.reason for one in made.values() if isinstance(one, Absent)} == {"no_table"}
    assert set(made["scores"].data["scores"]["model"]) == set(called["model"])
    assert set(made["states"].data["states"]["timepoint"]) == set(called["timepoint"])
    assert "4 models" in made["treatment_correlation"].n and "2 arms" in made["treatment_correlation"].n
    drugs = made["drugs"].data["drugs"]
    assert set(drugs["model"]) == {"1040"} and set(drugs["drugs"]) == {"NA, 7"}
    left_out = read_labelled(results["left_out"], "left_out")
    assert set(left_out["left_out"]) == set(called["model"])
    assert (left_out.groupby("left_out")["gene"].nunique() == 40).all()
    table = read_labelled(results["expression"])
    first = table[(table["contrast"] == "21 vs 0") & (table["arm"] == "all arms")]
    assert (first["n_models"] == 4).all() and set(table["arm"]) == {"all arms", "NA", "7"}
    assert set(read_labelled(results["scores"])["model"]) == set(CALLED["model"].values())


def test_relapse_of_a_regulon_is_placed_whatever_models_without_relapse_lack(results):
    table = read_labelled(results["reversibility"])
    own = table[table["kind"] == "regulon"].set_index("feature")
    assert own.index.tolist() == ["A(+)"], "D has no relapse, C lacks B(+)"
    assert own.loc["A(+)", "position"] == pytest.approx(0.25, abs=0.05) and own.loc["A(+)", "n_models"] == 3
