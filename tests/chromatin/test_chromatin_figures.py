"""Figures of chromatin from small tables: which regulons stand in a panel, and what is said of peak sets."""

import numpy as np
import pandas as pd
import pytest

from scripts.chromatin import changes, enrichment, figures
from scripts.chromatin.link_peaks import OTHER_GENOME, SETS
from scripts.chromatin.terms import DISTAL, PROMOTER
from scripts.figure.figure import Absent
from scripts.figure.style import Style

STYLE = Style(models=("A",), timepoints=("untreated", "persister"), settings={"fdr": 0.05})


@pytest.fixture
def table() -> pd.DataFrame:
    """Return comparisons of 15 regulons with two peak sets; that of R14 is the factor's own, with a large p."""
    rows = [
        {"peak_set": name, "factor": "R14", "window": window, "tf": f"R{i}", "regulon": f"R{i}", "targets": 9,
         "near": 3, "expected": 2.0, "odds_ratio": 3 - i / 10, "ci_low": 0.0, "ci_high": np.nan if i == 3 else 8.0,
         "p": 0.01 + i / 20, "fdr": 0.5}
        for name in ("a", "b") for window in (PROMOTER, DISTAL) for i in range(15)
    ]  # fmt: skip
    return pd.DataFrame(rows).reindex(columns=enrichment.ENRICHMENT)


def test_a_panel_has_the_own_regulon_and_the_best_others(table):
    made = figures.draw_targets(table, STYLE)
    drawn = made.data["targets"]
    assert len(made.panels) == 2 and made.n == "2 peak sets, 15 regulons."
    own = drawn[drawn["peak_set"] == "a"]
    assert set(own["window"]) == {DISTAL} and len(own) == figures.SHOWN
    assert set(own["regulon"]) == {"R14", *(f"R{i}" for i in range(9))}
    assert own["odds_ratio"].is_monotonic_decreasing
    assert own.set_index("regulon")["whose"].eq(figures.OWN).pipe(lambda s: list(s.index[s])) == ["R14"]
    # A log axis has no 0, and a limit that doesn't exist ends with the axis.
    assert np.isfinite(own[["ci_low_drawn", "ci_high_drawn"]]).all(axis=None) and (own["ci_low_drawn"] > 0).all()
    assert figures.draw_targets(table.iloc[:0], STYLE) == Absent("none_found")


def test_deciles_stand_by_factor_and_sample_with_the_number_of_peaks():
    rows = [("F", "L", change, d, 10, d, d / 10) for change in ("gained", "lost", "kept") for d in range(1, 11)]
    deciles = pd.DataFrame(rows, columns=changes.DECILES)
    trends = pd.DataFrame([("F", "L", "gained", 1200), ("F", "L", "lost", 3)], columns=changes.TRENDS[:4])
    made = figures.draw_deciles(deciles, trends, STYLE)
    assert [panel.title for panel in made.panels] == ["F in L (peaks: 1,200 gained, 3 lost)"]
    assert made.n == "100 genes." and figures.draw_deciles(deciles.iloc[:0], trends, STYLE) is None


def test_verdicts_that_occur_and_peaks_of_another_genome_are_named():
    support = pd.DataFrame({"regulon": ["A", "B"], "verdict": ["supported", "no peaks"]}).reindex(
        columns=enrichment.SUPPORT
    )
    sets = pd.DataFrame({"peak_set": ["a", "b"], "note": ["", OTHER_GENOME]}).reindex(columns=SETS)
    parts = figures.list_verdicts(support, sets, STYLE).parts
    assert [values.get("name") for _, values in parts] == ["no peaks", "supported", None]
    assert parts[-1] == ("other_genome", {"sets": "b"})
    assert "within 0.05" in parts[1][1]["rule"]
