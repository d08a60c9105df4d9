"""Figures of growth from small tables: means of samples, ratios that are drawn, and studies without any."""

import numpy as np
import pandas as pd
import pytest

from scripts.figure.style import Style
from scripts.growth import figures, terms

STYLE = Style(
    models=("A", "B"),
    timepoints=("untreated", "persister"),
    contrast={"baseline": "untreated", "persister": "persister"},
    settings={"fdr": 0.05, "programme_quantile": 0.9},
)


@pytest.fixture
def shares() -> pd.DataFrame:
    """Return phases of two replicates of A, of which the second has twice the share of S, and a small sample of B."""
    rows = [
        {"sample": sample, "model": model, "timepoint": "untreated", "arm": "untreated", "partition": terms.PHASE,
         "state": state, "n_cells": 100, "cells": 100 * share, "share": share, "share_se": 0.01, "median_counts": 900,
         "used": used}
        for sample, model, s, used in (("a1", "A", 0.2, "yes"), ("a2", "A", 0.4, "yes"), ("b", "B", 0.9, "no"))
        for state, share in zip(terms.PHASES, (0.9 - s, s, 0.1), strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_replicates_are_averaged_and_small_samples_left_out(shares):
    made = figures.draw_shares(shares, STYLE)
    table = made.data["shares"]
    assert table[["model", "state"]].to_numpy().tolist() == [["A", terms.CYCLING]]
    assert table["share"].tolist() == pytest.approx([0.4]) and table["n_cells"].tolist() == [200]
    assert [panel.title for panel in made.panels] == [terms.CYCLING]
    assert figures.draw_shares(shares.assign(used="no"), STYLE) is None
    assert figures.draw_shares(shares.iloc[:0], STYLE) is None


def test_ratios_of_cycling_cells_are_drawn_with_and_without_intervals():
    changes = pd.DataFrame({"ratio": list(terms.RATIOS), "comparison": "persister vs untreated", "arm": "all arms",
                            "n": 2, "k": 2, "effect": 0.5}).reindex(columns=terms.CHANGES)  # fmt: skip
    made = figures.draw_changes(changes, STYLE)
    assert made.data["changes"]["ratio"].tolist() == [*terms.TESTED, terms.AMONG]
    assert made.n == "persister vs untreated: 2 models." and len(made.panels[0].chart.layer) == 2
    with_limits = changes.assign(ci_low=0.1, ci_high=0.9)
    assert len(figures.draw_changes(with_limits, STYLE).panels[0].chart.layer) == 3
    assert figures.draw_changes(changes.assign(effect=np.nan), STYLE) is None


def test_switches_have_a_row_and_two_groups_of_cells():
    table = pd.DataFrame({"feature": ["A(+)", "B(+)", "signature"], "kind": ["regulon", "regulon", "programme"],
                          "verdict": ["holds in both", "unclear", "not judged"]})  # fmt: skip
    table = table.assign(cycling_effect=[1.0, 2.0, 3.0], resting_effect=[1.0, np.nan, 3.0], cycling_n=3, resting_n=2)
    table = table.reindex(columns=terms.SWITCHES)
    made = figures.draw_switches(table, STYLE)
    drawn = made.data["switches"]
    assert drawn[["feature", "cells"]].to_numpy().tolist() == [
        ["A(+)", terms.CYCLING],
        ["B(+)", terms.CYCLING],
        ["A(+)", terms.RESTING],
    ]
    assert made.n == "cycling: 3 models, not cycling: 2 models; 2 of 2 regulons."
    said = figures.list_verdicts(table, STYLE).parts
    assert [values["name"] for _, values in said] == ["holds in both", "unclear"]
    assert figures.draw_switches(table.iloc[2:], STYLE) is None


def test_common_clusters_are_named_by_genes_and_counted_in_the_headline():
    clusters = pd.DataFrame({"cluster": ["0", "1"], "genes": ["KRT5, KRT14, TP63, LAMB3", np.nan]})
    verdicts = ["grows", "unclear", "too few models"]
    changes = pd.DataFrame({"cluster": list("010"), "verdict": verdicts, "n_models": 4, "effect": [1.0, -1, 0]})
    contrasts = ["persister vs untreated"] * 2 + ["relapse vs untreated"]
    changes = changes.assign(contrast=contrasts).reindex(columns=terms.COMMON_CHANGES)
    made = figures.draw_clusters(changes, clusters, STYLE)
    assert made.data["changes"]["name"].tolist() == ["0: KRT5, KRT14, TP63", "1", "0: KRT5, KRT14, TP63"]
    assert made.n == "persister: 4 models; 2 clusters." and len(made.panels[0].chart.layer) == 2
    with_limits = changes.assign(ci_low=0.1, ci_high=0.9)
    assert len(figures.draw_clusters(with_limits, clusters, STYLE).panels[0].chart.layer) == 3
    assert figures.draw_clusters(changes.assign(effect=np.nan), clusters, STYLE) is None
    told = figures.list_cluster_verdicts(changes, STYLE)
    assert [values["name"] for _, values in told.parts] == ["grows", "unclear"]
