"""The scripts on expression one after the other, where timepoints look like numbers and arms and models like nothing;
and relapse of regulons that only some models measure.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scripts.activity import estimate_reversibility
from scripts.base.tables import read_labelled
from scripts.expression import (
    cluster_profiles,
    compare_expression,
    compare_treatments,
    learn_signature,
    plot_expression,
)
from scripts.profiles import profiles

CONTRAST = {"baseline": "0", "persister": "21", "relapse": "60"}
CALLED = {
    "timepoint": {"untreated": "0", "persister": "21", "relapse": "60"},
    "arm": {"untreated": "null", "drug": "NA", "other": "7"},
    "model": {"A": "1040", "B": "None", "C": "021", "D": "nan"},
}
STATES = {"untreated": 3, "persister:drug": 3, "relapse:drug": 2}
PLAN = {"A": {**STATES, "persister:other": 2}, "B": STATES, "C": STATES, "D": {"untreated": 2, "persister:drug": 2}}
TABLES = ("signature", "scores", "sizes", "structure", "places", "treatment", "likeness", "reversibility")
FIGURES = ("volcano", "heatmap", "states", "treatment", "reversibility")


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
    """Run the scripts on the profiles; return where tables and figures are."""
    path = {name: folder / f"{name}.tsv" for name in (*TABLES, "expression", "design")}
    path |= {f"{name}.png": folder / f"{name}.png" for name in FIGURES} | {"profiles": folder / "profiles.h5ad"}
    params = {"contrast": CONTRAST, "platforms": "together", "size": 20, "sizes": [10], "fdr": 0.05, "permutations": 9}
    params |= {"seed": 0, "min_log_fc": 0.5, "timepoints": ["0", "21", "60"], "models": list(CALLED["model"].values())}
    params["arms"] = list(CALLED["arm"].values())
    for script, given, made in (
        (compare_expression, ["profiles"], ["expression", "design"]),
        (learn_signature, ["profiles", "expression"], ["signature", "scores", "sizes"]),
        (cluster_profiles, ["profiles"], ["structure", "places"]),
        (compare_treatments, ["profiles", "expression", "signature"], ["treatment", "likeness"]),
    ):
        files = {name: path[name] for name in given}
        script.main(make_job(input=files, output={name: path[name] for name in made}, params=params))
    files = {name: path[name] for name in ("profiles", "expression", "scores")} | {
        "activity": [folder / "activity.tsv"]
    }
    estimate_reversibility.main(make_job(input=files, output={"table": path["reversibility"]}, params=params))
    names = ("profiles", "expression", "signature", "structure", "places", "treatment", "likeness", "reversibility")
    files = {name: path[name] for name in names}
    plot_expression.main(make_job(input=files, output={name: path[f"{name}.png"] for name in FIGURES}, params=params))
    return path


def test_every_label_is_found_again_in_tables_and_figures(results):
    assert all(results[f"{name}.png"].stat().st_size for name in FIGURES)
    table = read_labelled(results["expression"])
    first = table[(table["contrast"] == "21 vs 0") & (table["arm"] == "all arms")]
    assert (first["n_models"] == 4).all() and set(table["arm"]) == {"all arms", "NA", "7"}
    assert set(read_labelled(results["scores"])["model"]) == set(CALLED["model"].values())


def test_relapse_of_a_regulon_is_placed_whatever_models_without_relapse_lack(results):
    table = read_labelled(results["reversibility"])
    own = table[table["kind"] == "regulon"].set_index("feature")
    assert own.index.tolist() == ["A(+)"], "D has no relapse, C lacks B(+)"
    assert own.loc["A(+)", "position"] == pytest.approx(0.25, abs=0.05) and own.loc["A(+)", "n_models"] == 3
