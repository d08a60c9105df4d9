"""Figures and sentences on the confounders from small tables."""

import numpy as np
import pandas as pd
import pytest

from scripts.confounders import figures
from scripts.confounders.measure_confounders import CLONES, NOTES
from scripts.confounders.shares import CONFOUNDERS, VERDICT
from scripts.figure.figure import Absent
from scripts.figure.style import Style

STYLE = Style(models=("A", "B", "C"), timepoints=("untreated", "persister"))


def adjusted() -> pd.DataFrame:
    """Return what remains with stress adjusted for; clones were found in no model, depth not in all."""
    row = {"confounder": "dissociation stress", "method": "at equal scores", "n_models": 3}
    signature = {"what": "signature", "effect_before": 1.0, "effect_after": 0.9, "ci_low": 0.7, "ci_high": 1.1}
    rows = [
        {**row, **signature, "share_remaining": 0.9},
        {**row, "what": "genes changed", "effect_before": 3, "effect_after": 2, "note": "3 models"},
        {**row, "what": "JUNB", "effect_before": 0.2, "effect_after": 0.1, "share_remaining": 0.5},
        {**row, **signature, "confounder": "depth", "n_models": 2, "note": "B: too few cells"},
        {
            **row,
            "what": "signature",
            "confounder": "CNV clone",
            "method": "within clones",
            "n_models": 0,
            "note": "A: …",
        },
        {**row, "what": "signature", "confounder": "ambient RNA", "n_models": 0},
    ]
    return pd.DataFrame(rows).reindex(columns=CONFOUNDERS)


def notes() -> pd.DataFrame:
    """Return why something couldn't be adjusted for, by model."""
    rows = [("B", "depth", "at equal scores", "too few cells; of 3"), ("C", "CNV clone", "within clones", "8 cells")]
    rows += [(model, "CNV clone", "within clones", "not inferable: 9 genes") for model in "AB"]
    return pd.DataFrame(rows, columns=NOTES)


def verdict(**values) -> pd.DataFrame:
    """Return the verdict on a study."""
    row = {"verdict": "persister programme", "n_models": 3, "signature_effect": 1.0, "models_agreeing": 3}
    row |= {"p": 0.001, "remaining": "dissociation stress 0.90"}
    return pd.DataFrame([row | values]).reindex(columns=VERDICT)


def test_signature_genes_and_switches_have_a_panel_each():
    made = figures.draw_adjusted(adjusted(), STYLE)
    assert made.n == "3 models, fewer where some couldn't be adjusted; 2 adjustments for 2 confounders."
    rows = made.data["signature"]["row"].tolist()
    assert rows == ["dissociation stress (n 3): at equal scores", "depth (n 2): at equal scores"]
    assert made.data["genes"]["effect_after"].tolist() == [2] and made.data["switches"]["switch"].tolist() == ["JUNB"]
    axis = made.panels[1].chart.to_dict()["layer"][0]["encoding"]["x"]["axis"]
    assert axis["values"] == [0, 1, 2, 3], "no halves of genes"
    first = figures.draw_adjusted(adjusted().head(1), STYLE)
    assert len(first.panels) == 1


def test_where_nothing_could_be_adjusted_for_there_is_no_figure():
    none = adjusted().assign(effect_after=np.nan)
    assert figures.draw_adjusted(none, STYLE) == Absent("nothing_adjusted")
    assert figures.draw_clones(pd.DataFrame(columns=CLONES), STYLE) == Absent("no_clones")
    assert figures.draw_clones(pd.DataFrame(columns=CLONES), Style(cells=False)) == Absent("no_cells")


def test_clones_have_a_panel_per_model_and_samples_in_the_order_of_time():
    rows = [(m, f"{m}_{t}", t, c, 10, 0.5) for m in "BA" for t in ("persister", "untreated") for c in (1, 2)]
    made = figures.draw_clones(pd.DataFrame(rows, columns=CLONES), STYLE)
    assert [panel.model for panel in made.panels] == ["A", "B"] and made.n == "2 models with distinct clones, 80 cells."
    order = made.panels[0].chart.to_dict()["encoding"]["y"]["sort"]
    assert order == ["B_untreated", "A_untreated", "B_persister", "A_persister"]


def test_models_with_one_reason_stand_together():
    made = figures.list_missing(adjusted(), notes(), STYLE)
    said = [(values.get("row"), values.get("reason"), values.get("models")) for _, values in made.parts]
    assert said == [
        ("depth: at equal scores", "too few cells; of 3", "B"),
        ("CNV clone: within clones", "8 cells", "C"),
        ("CNV clone: within clones", "not inferable: 9 genes", "A and B"),
        (None, None, None),
    ]
    assert made.parts[-1] == ("not_measured", {"rows": "ambient RNA: at equal scores"})
    assert figures.head_missing(adjusted(), notes(), STYLE) is not None
    assert figures.head_missing(adjusted().head(1), notes().iloc[:0], STYLE) is None


@pytest.mark.parametrize(
    ("values", "keys"),
    [
        ({}, ["verdict", "size_tested", "remaining"]),
        ({"note": "not tested: hypoxia"}, ["verdict", "size_tested", "remaining", "note"]),
        ({"p": np.nan, "n_models": 2, "remaining": np.nan}, ["verdict", "size"]),
        ({"p": np.nan, "signature_effect": np.nan, "n_models": 0, "remaining": np.nan}, ["verdict"]),
    ],
)
def test_the_verdict_is_told_with_what_was_measured(values, keys):
    made = figures.tell_verdict(verdict(**values), STYLE)
    assert [key for key, _ in made.parts] == keys
    if "note" in keys:
        assert made.parts[-1][1] == {"note": "Not tested: hypoxia"}
    if "size_tested" in keys:
        assert made.parts[1][1] == {"effect": "1.00", "n": "3 models", "k": 3, "p": "0.001"}
    assert figures.tell_verdict(verdict().iloc[:0], STYLE) is None


STYLE_WITH_FDR = Style(models=("A",), timepoints=("u", "p"), settings={"fdr": 0.05})


def test_rules_of_the_verdicts_on_markers_are_told_with_their_errors():
    """Only verdicts that occur; the one that claims something has the error that simulated studies measured."""
    table = pd.DataFrame({"verdict": ["composition", "composition not shown", "composition not shown"]})
    made = figures.list_marker_rules(table, STYLE_WITH_FDR)
    told = {values["name"]: (key, values) for key, values in made.parts}
    assert list(told) == ["composition", "composition not shown"]
    key, values = told["composition"]
    assert key == "verdict_measured" and values["number"] == "1 of 3 markers and panels" and "0.05" in values["rule"]
    assert float(values["rate"].rstrip("%")) <= 5
    assert figures.list_marker_rules(table[:0], STYLE_WITH_FDR) is None
