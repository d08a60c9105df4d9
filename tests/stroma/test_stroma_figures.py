"""Figures of the stroma, and the libraries that it is looked for in."""

import pandas as pd
import pytest
from report.made_up import Results

from scripts.figure.figure import Absent
from scripts.figure.style import Style
from scripts.stroma import compare_stroma, figures, pairs, shares

STYLE = Style(
    models=("A", "B"),
    timepoints=("u", "p"),
    contrast={"baseline": "u", "persister": "p"},
    settings={"fdr": 0.05},
)


def samples(cells: int) -> pd.DataFrame:
    """Return samples.tsv of two libraries."""
    used = "yes" if cells else "no"
    rows = [{"sample": name, "cells": cells, "used": used} for name in ("a", "b")]
    return pd.DataFrame(rows).reindex(columns=compare_stroma.SAMPLES)


def test_shares_have_a_panel_for_each_lineage_other_last():
    rows = [
        {"model": model, "timepoint": when, "lineage": name, "cells": 10, "share": share, "used": "yes"}
        for model in "AB"
        for when in "up"
        for name, share in (("other", 0.5), ("B cell", 0.2), ("fibroblast", 0.3))
    ]
    made = figures.draw_shares(pd.DataFrame(rows), samples(30), STYLE)
    assert [panel.title for panel in made.panels] == ["fibroblast", "B cell", "other"]
    assert made.n == "2 models, 120 stromal cells."
    none = figures.draw_shares(pd.DataFrame(columns=shares.SHARES), samples(0), STYLE)
    assert none == Absent("no_cells", {"cells": "0", "libraries": "2 libraries"})


def test_pairs_are_those_of_the_smallest_p_of_each_direction():
    rows = [
        {"direction": way, "lineage": "L", "ligand": f"G{i}", "receptor": "R", "n_models": 3, "effect": i / 10,
         "ci_low": 0.1, "ci_high": 2.0, "random_share": 0.1, "p": 0.01 + i / 50, "fdr": 0.4}
        for way in ("tumour to stroma", "stroma to tumour") for i in range(20)
    ]  # fmt: skip
    made = figures.draw_pairs(pd.DataFrame(rows), samples(30), STYLE)
    drawn = made.data["pairs"]
    assert len(drawn) == 2 * figures.SHOWN and drawn["p"].max() < 0.01 + figures.SHOWN / 50
    assert drawn[drawn["direction"] == "tumour to stroma"]["effect"].is_monotonic_decreasing
    assert made.n.startswith("the 30 of the smallest p of 40 pairs")
    empty = pd.DataFrame(columns=pairs.PAIRS)
    assert figures.draw_pairs(empty, samples(30), STYLE) == Absent("no_pairs")
    assert figures.draw_pairs(empty, samples(0), STYLE).reason == "no_cells"


def test_verdicts_name_their_lineages_and_libraries_left_out():
    rows = [("p vs u", "B cell", "rises"), ("p vs u", "fibroblast", "unclear"), ("r vs u", "B cell", "falls")]
    changes = pd.DataFrame(rows, columns=["contrast", "lineage", "verdict"]).reindex(columns=shares.CHANGES)
    parts = figures.list_verdicts(changes, samples(0), STYLE).parts
    assert [values.get("name") for _, values in parts] == ["rises", "unclear", None]
    assert parts[0][1]["number"] == "B cell" and parts[-1] == ("left_out", {"left": 2, "libraries": "2 libraries"})


@pytest.mark.parametrize(
    ("change", "kind", "species", "has"),
    [
        ({}, "host", "mouse", True),
        ({"cells": "pure"}, "", "human", False),
        ({"cells": "tumour"}, "normal", "human", True),
        ({"enabled": False}, "host", "mouse", False),
        ({"species": "rat"}, "host", "", False),
        ({"species": "Mus musculus"}, "host", "mouse", True),
    ],
)
def test_which_studies_have_stroma(tmp_path, change, kind, species, has):
    study = Results(tmp_path).study
    if "cells" in change:
        study.config["cells"]["composition"] = change["cells"]
    if "species" in change:
        study.config["references"]["host"]["species"] = change["species"]
    study.config["stroma"]["enabled"] = change.get("enabled", True)
    assert (study.stroma_kind, study.stroma_species, study.has_stroma) == (kind, species, has)
    assert study.stroma_libraries == study.libraries
    assert not Results(tmp_path, assay="profile").study.has_stroma
