"""Figures of the markers from small tables: panels, ROC curves, scores of left-out patients."""

import numpy as np
import pandas as pd
import pytest

from scripts.figure.figure import Absent
from scripts.figure.style import Style
from scripts.markers import figures
from scripts.markers.find_markers import PANELS, ROC, SCORES, roc_curves

STYLE = Style(models=("A", "B", "C"), timepoints=("untreated", "persister", "relapse"))


def panels() -> pd.DataFrame:
    """Return panels of one and two genes from two pools; secreted proteins are too few."""
    common = {"candidates": 50, "auc": 0.9, "auc_across": 0.8, "n_models": 3}
    common |= {"n_untreated": 3, "n_persister": 3, "genes": "HBEGF"}
    rows = [
        {**common, "pool": pool, "size": size, "random_auc": np.nan if size == "chosen" else 0.6, "random_high": 1.2}
        for pool in ("surface", "all genes")
        for size in (2, 1, "chosen")
    ]
    rows.append({"pool": "secreted", "candidates": 0, "note": "too few such genes are measured"})
    return pd.DataFrame(rows).reindex(columns=PANELS)


def scores() -> pd.DataFrame:
    """Return the left-out scores of three models; one untreated sample scores like a persister."""
    values = {"untreated": [-2.0, -1.0, 0.5], "persister": [0.5, 1.0, 2.0]}
    rows = [
        ("all genes", f"{model}_{timepoint}", model, timepoint, 1, values[timepoint][i])
        for timepoint in values
        for i, model in enumerate("ABC")
    ]
    return pd.DataFrame(rows, columns=SCORES)


def test_pools_have_panels_in_their_order_and_sizes_in_theirs():
    made = figures.draw_panels(panels(), STYLE)
    assert [panel.where["pool"] for panel in made.panels] == ["all genes", "surface"]
    assert made.panels[1].title == "surface proteins (50 candidates)"
    x = made.panels[0].chart.to_dict()["layer"][1]["encoding"]["x"]
    assert x["sort"] == ["1", "2", "chosen"]
    assert made.data["panels"]["random_reach"].max() == 1 and "note" not in made.data["panels"]
    assert made.n == "3 models, each left out once: 3 untreated samples, 3 persister samples."


def test_what_can_not_be_judged_is_said_as_the_table_says_it():
    note = "1 model has both timepoints: two for learning and one for evaluation are needed"
    few = pd.DataFrame([{"pool": "all genes", "n_models": 1, "note": note}]).reindex(columns=PANELS)
    assert figures.draw_panels(few, STYLE) == Absent("too_few", {"reason": f"all genes: {note}."})
    assert figures.draw_panels(few.iloc[:0], STYLE) is None
    noted = figures.list_notes(panels(), STYLE)
    assert noted.parts == (("note", {"pool": "secreted", "note": "too few such genes are measured"}),)
    assert figures.list_notes(panels().head(3), STYLE) is None


def test_panels_of_chosen_size_come_first():
    table = figures.list_panels(panels(), STYLE).frame
    assert table["size"].tolist() == ["chosen", "chosen", "2", "1", "2", "1"]
    read = panels().assign(size=panels()["size"].map(lambda size: f"{size}.0" if size != "chosen" else size))
    assert figures.list_panels(read, STYLE).frame["size"].tolist() == table["size"].tolist()


def test_the_curve_goes_through_every_cut():
    """At a cut of 0.5 all persisters are called, and the one untreated sample that scores as high."""
    curve = roc_curves(scores(), "persister")
    assert list(curve) == ROC and np.isinf(curve["cut"].iloc[0])
    rates = curve.set_index("cut")[["false_positive_rate", "true_positive_rate"]]
    assert rates.loc[np.inf].tolist() == [0, 0] and rates.iloc[-1].tolist() == [1, 1]
    assert rates.loc[1.0].tolist() == pytest.approx([0, 2 / 3]) and rates.loc[0.5].tolist() == pytest.approx([1 / 3, 1])
    area = np.trapezoid(rates["true_positive_rate"], rates["false_positive_rate"])
    assert area == pytest.approx(8.5 / 9)  # of nine pairs one is tied
    assert roc_curves(scores().iloc[:0], "persister").empty


def test_each_pool_has_its_curve_with_both_areas():
    made = figures.draw_roc(roc_curves(scores(), "persister"), panels(), STYLE)
    assert [panel.title for panel in made.panels] == ["all genes: 0.80 across, 0.90 within"]
    assert made.data["roc"]["order"].tolist() == list(range(len(made.data["roc"])))
    assert figures.draw_roc(pd.DataFrame(columns=ROC), panels(), STYLE) is None


def test_models_and_timepoints_are_in_the_order_of_the_config():
    made = figures.draw_scores(scores().iloc[::-1], STYLE)
    encoding = made.panels[0].chart.to_dict()["layer"][1]["encoding"]
    assert encoding["y"]["sort"] == ["A", "B", "C"]
    assert encoding["shape"]["scale"]["domain"] == ["untreated", "persister"]
    assert made.n == "3 models, 6 samples." and figures.draw_scores(scores().iloc[:0], STYLE) is None
