"""Figures of published signatures from small tables: what stands in a panel, and what is drawn of nothing."""

import pandas as pd
import pytest
from simulators.published import list_genes, simulate

from scripts.figure.style import Style
from scripts.published import figures, places
from scripts.published.terms import AGREEMENT, BY_MODEL, REGULATORS, SIGNATURES, SIMILARITY, STUDY

STYLE = Style(models=("A",), timepoints=("untreated", "persister"), settings={"fdr": 0.05})


@pytest.fixture(scope="module")
def placed():
    """Return the tables of a list that follows and of one with too few genes."""
    import numpy as np

    rng = np.random.default_rng(1)
    patients = simulate(rng, 4, moving=0.3)
    own = list_genes(rng, patients.effect, 60, 1.0)
    lists = {"follows": own, "short": own.iloc[:3]}
    sources = pd.DataFrame("", index=list(lists), columns=["paper", "cancer", "drug"])
    return places.place(patients.changes, lists, sources, patients.mean, own, 0.05)


def test_signatures_that_could_be_compared_are_drawn_with_their_models(placed):
    table, models, _ = placed
    made = figures.draw_places(table, models, STYLE)
    assert list(made.data["signatures"]["signature"]) == ["follows"] and len(made.data["models"]) == 4
    assert (made.data["signatures"]["low"] == -made.data["signatures"]["random_reach"]).all()
    assert made.n == "1 signature; 4 models."
    assert figures.draw_places(pd.DataFrame(columns=SIGNATURES), pd.DataFrame(columns=BY_MODEL), STYLE) is None


def test_a_signature_is_not_compared_with_itself(placed):
    made = figures.draw_similarity(placed[2], STYLE)
    drawn = made.data["similarity"]
    assert (drawn["signature"] != drawn["other"]).all() and STUDY in set(drawn["other"])
    assert figures.draw_similarity(pd.DataFrame(columns=SIMILARITY), STYLE) is None


def test_regulators_stand_by_ranking_with_the_interval_where_there_is_one():
    rows = [(name, f"T{i}", f"T{i}(+)", 9, float(i), 1, float(-i), 1) for name in ("a", "b") for i in range(10)]
    table = pd.DataFrame(rows, columns=REGULATORS)
    agreement = pd.DataFrame(
        [("a", 10, 9, -1.0, -1.0, -0.5, ""), ("b", 10, 3, -1.0, None, None, "too few")], columns=AGREEMENT
    ).astype({"correlation_low": float, "correlation_high": float})
    made = figures.draw_regulators(table, agreement, STYLE)
    assert [panel.title for panel in made.panels] == ["a: −1.00 (−1.00 to −0.50)", "b: −1.00"]
    named = made.data["regulators"].query("ranking == 'a' and (name_above != '' or name_below != '')")["tf"]
    assert sorted(named) == [f"T{i}" for i in range(10 - figures.NAMED, 10)]
    assert figures.draw_regulators(table.iloc[:0], agreement, STYLE) is None
