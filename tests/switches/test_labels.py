"""Timepoints called 0 and arms called NA are looked up by these names in every table that is read back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.activity import design, estimate_reversibility
from scripts.base.tables import read_labelled
from scripts.confounders import tabulate_confounders
from scripts.expression import state_figures
from scripts.figure.style import Style
from scripts.profiles.pseudobulk import ACTIVITY
from scripts.switches.evidence import compare_families

CONTRAST = {"baseline": "0", "persister": "21", "relapse": "null"}
GENESETS = sorted((Path(__file__).parents[2] / "resources" / "genesets").glob("*.tsv"))


def test_labels_stay_text_and_all_else_is_read_as_ever(tmp_path):
    text = "sample\tarm\tvalue\tflag\tnote\n021\tNA\t1.5\tTrue\t\nnan\tnull\t\tFalse\tNA\n\tNone\t-2e-3\tTrue\tx\n"
    (tmp_path / "table.tsv").write_text(text)
    table = read_labelled(tmp_path / "table.tsv")
    assert table["sample"].tolist() == ["021", "nan", ""] and table["arm"].tolist() == ["NA", "null", "None"]
    assert table["value"].dtype == float and table["value"].isna().tolist() == [False, True, False]
    assert table["flag"].dtype == bool and table["note"].isna().tolist() == [True, False, False]
    assert read_labelled(tmp_path / "table.tsv", "note")["note"].tolist() == ["", "NA", "x"]
    assert read_labelled(tmp_path / "table.tsv", dtype={"value": str})["value"].tolist()[:1] == ["1.5"]


def test_families_of_profiles_are_compared(make_job, tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for model in ("1040", "None", "021"):
        for timepoint, arm, shift in (("0", "null", 0.0), ("21", "NA", 2.0)):
            for regulon in ("FOS", "JUN"):
                sample, value = f"{model}_{timepoint}", shift + rng.normal(0, 0.1)
                rows.append((sample, model, timepoint, arm, "1", np.nan, regulon, value, 0.1))
    pd.DataFrame(rows, columns=ACTIVITY).to_csv(tmp_path / "activity.tsv", sep="\t", index=False)
    edges = [(tf, gene, 1) for tf in ("FOS", "JUN") for gene in "abc"]
    pd.DataFrame(edges, columns=["source", "target", "mor"]).to_csv(tmp_path / "network.tsv", sep="\t", index=False)
    families = pd.DataFrame({"tf": ["FOS", "JUN"], "family": "AP-1"})
    families.to_csv(tmp_path / "families.tsv", sep="\t", index=False)
    contrast = next(iter(design.contrasts_of(CONTRAST)))
    effects = [(contrast, "all arms", tf, 1.0) for tf in ("FOS", "JUN")]
    columns = ["contrast", "arm", "regulon", "activity_change_sd"]
    pd.DataFrame(effects, columns=columns).to_csv(tmp_path / "effects.tsv", sep="\t", index=False)
    names = {"families": "families", "regulons": "network", "effects": "effects", "profile_activity": "activity"}
    given = {key: tmp_path / f"{name}.tsv" for key, name in names.items()}
    compare_families.main(
        make_job(input=given, output={"_": tmp_path / "found.tsv"}, params={"contrast": CONTRAST, "seed": 0})
    )
    table = pd.read_csv(tmp_path / "found.tsv", sep="\t")
    assert table[["n", "k"]].to_numpy().tolist() == [[3, 3]]


def test_the_share_of_cells_kept_is_compared_between_the_timepoints(make_job, tmp_path):
    steps = [
        (f"{model}_{timepoint}", model, timepoint, step, n)
        for model in ("1040", "None", "021", "7")
        for timepoint, kept in (("0", 60 + len(model)), ("21", 80))
        for step, n in (("empty", 100), ("qc", kept))
    ]
    columns = ["sample", "model", "timepoint", "step", "remaining"]
    pd.DataFrame(steps, columns=columns).to_csv(tmp_path / "attrition.tsv", sep="\t", index=False)
    pd.DataFrame(columns=["tf", "regulon", "verdict"]).to_csv(tmp_path / "switches.tsv", sep="\t", index=False)
    rng = np.random.default_rng(0)
    models, files = ["1040", "None", "021", "7"], {"differences": [], "notes": [], "clones": []}
    genes = [f"g{i}" for i in range(40)]
    for model in models:
        paths = {kind: tmp_path / f"{model}.{kind}" for kind in files}
        table = pd.DataFrame(
            {"feature": genes, "kind": "gene", "|before": rng.normal(np.r_[np.ones(20), -np.ones(20)])}
        )
        table.to_parquet(paths["differences"])
        pd.DataFrame(columns=tabulate_confounders.NOTES).to_csv(paths["notes"], sep="\t", index=False)
        clone = (model, f"{model}_0", "0", 1, 50, 1.0)
        pd.DataFrame([clone], columns=tabulate_confounders.CLONES).to_csv(paths["clones"], sep="\t", index=False)
        for kind, path in paths.items():
            files[kind].append(path)
    files |= {"switches": tmp_path / "switches.tsv", "attrition": tmp_path / "attrition.tsv", "genesets": GENESETS}
    output = {name: tmp_path / f"out.{name}.tsv" for name in ("confounders", "verdict", "notes", "clones")}
    params = {"contrast": CONTRAST, "models": models, "size": 5, "regulons": 30, "fdr": 0.05, "seed": 0}
    tabulate_confounders.main(make_job(input=files, output=output, params=params))
    table = pd.read_csv(output["confounders"], sep="\t").set_index("confounder")
    assert table.loc["attrition", "n_models"] == 4
    assert read_labelled(output["clones"])["model"].tolist() == models


def test_places_of_states_are_drawn_by_timepoint_and_model(tmp_path):
    places = pd.DataFrame({"adjustment": "blind", "sample": ["a", "b"], "model": ["1040", "None"]})
    places = places.assign(timepoint=["0", "21"], arm=["null", "NA"], pc1=[0.0, 1.0], pc2=[1.0, 0.0], leaf=[0, 1])
    places.assign(cluster=["1", "2"], note="").to_csv(tmp_path / "places.tsv", sep="\t", index=False)
    structure = {"pc1_share": 0.5, "pc1_state": 0.5, "pc2_share": 0.3, "purity": 1.0, "expected": 0.6, "p": 0.1}
    counts = {"n_samples": 2, "n_models": 2, "n_genes": 9, "permutations": 19, "note": ""}
    table = pd.DataFrame([{"adjustment": "blind", **structure, **counts}])
    style = Style(["1040", "None"], ["null", "NA"], ["0", "21"], {"baseline": "0", "persister": "21"}, cells=True)
    figure = state_figures.draw_states(table, read_labelled(tmp_path / "places.tsv"), style)
    drawn = figure.data["states"]
    assert drawn["model"].tolist() == ["1040", "None"] and drawn["timepoint"].tolist() == ["0", "21"]


def test_activity_that_a_group_lacks_is_missing_and_not_left_out(tmp_path):
    rows = [("021", "A(+)", 0.1), ("021", "B(+)", 0.2), ("NA", "A(+)", 0.3)]
    table = pd.DataFrame(rows, columns=["sample", "regulon", "activity"])
    table.to_csv(tmp_path / "activity.tsv", sep="\t", index=False)
    values = estimate_reversibility.wide(tmp_path / "activity.tsv", pd.DataFrame(index=["NA", "x", "021"]))
    assert values.index.tolist() == ["NA", "021"] and values.columns.tolist() == ["A(+)", "B(+)"]
    assert np.isnan(values.loc["NA", "B(+)"]) and values.loc["021", "B(+)"] == pytest.approx(0.2)
