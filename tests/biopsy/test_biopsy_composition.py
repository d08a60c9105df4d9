"""Biopsies of people, which hold macrophages and fibroblasts of the tumour's own species, and the check of them."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from simulators import studies as simulated

from scripts.biopsy import drift, fraction
from scripts.cells import annotation, lineages, malignant

FRACTION, CHECK = ("fraction", "persister-like cells"), ("check", "non-tumour cells")


@pytest.fixture(scope="module")
def rich(simulator):
    """Return a biopsy of which six cells in ten are normal, and a fifth of the tumour cells persister-like."""
    cells = simulator.cells("HBCx7", "biopsy", seed=31, persister=0.2, graft_cells=300, ambient=0.1)
    rng = np.random.default_rng(5)
    sheet = pd.DataFrame({"timepoint": ["untreated"]}, index=["biopsy"])
    counts, genes, _ = simulated.add_normal_cells(
        {"biopsy": cells.X}, list(cells.var_names), sheet, {"untreated": 0.6}, rng
    )
    n = counts["biopsy"].shape[0]
    kind = np.r_[cells.obs["state"].to_numpy(dtype=str), np.full(n - cells.n_obs, "normal")]
    names = pd.Index([f"biopsy:{i}" for i in range(n)], name="cell")
    return anndata.AnnData(
        counts["biopsy"].tocsr(), obs=pd.DataFrame({"kind": kind}, index=names), var=pd.DataFrame(index=genes)
    )


def summary_of(found: malignant.Malignancy, composition: str = "tumour") -> dict:
    number = {name: int((found.verdict == name).sum()) for name in annotation.VERDICTS}
    return {
        "composition": composition,
        "malignant_evidence": found.evidence,
        "cells_normal": number["normal"],
        "cells_unsure": number["unsure"],
    }


def test_normal_cells_are_left_out_and_the_fraction_is_the_tumour_s(rich, score):
    found = malignant.judge(rich.X, rich.var_names)
    own = rich[found.verdict == malignant.MALIGNANT]
    truth = (rich.obs["kind"][rich.obs["kind"] != "normal"] == "persister").mean()
    scores, _ = score(own.copy(), summary_of(found))
    assert scores.loc[FRACTION, "value"] == pytest.approx(truth, abs=0.05)
    # The demo's few genes have no copy numbers, which the page says.
    assert scores.loc[CHECK, "call"] == "caution" and "copy numbers couldn't be measured" in scores.loc[CHECK, "note"]
    assert_withheld(scores)


def assert_withheld(scores: pd.DataFrame) -> None:
    """Values stay; neither interval nor call of the patient is given, and the rows say by which check."""
    fraction = scores.loc[FRACTION]
    assert np.isfinite(fraction["value"]) and np.isnan(fraction["low"]) and np.isnan(fraction["high"])
    assert "unreliable: " in fraction["note"] and "non-tumour cells" in fraction["note"]
    for section in ("switch", "regulon"):
        assert set(scores.loc[section]["call"]) == {"unreliable"} and scores.loc[section][["low", "high"]].isna().all(
            None
        )
    assert set(scores.loc["check"]["call"]) != {"unreliable"} and scores.loc["check"]["high"].notna().any()


@pytest.mark.parametrize("composition", ["tumour", "xenograft", "pure"])
def test_normal_cells_that_are_left_in_make_the_page_red(rich, score, composition):
    scores, _ = score(rich.copy(), {"composition": composition, "cells_host": 5})
    assert scores.loc[CHECK, "call"] == "out of distribution" and "immune" in scores.loc[CHECK, "note"]
    assert drift.LEVELS.index(scores.loc[("verdict", "biopsy"), "call"]) >= drift.LEVELS.index(drift.OUT)
    assert_withheld(scores)


@pytest.mark.parametrize(
    "marked, summary, said",
    [
        (0, {"composition": "pure"}, "ok"),
        (0, {"composition": "xenograft", "cells_host": 40}, "ok"),
        (0, {"composition": "xenograft", "cells_host": 0}, "caution"),
        (0, {"malignant_evidence": "markers and copy numbers", "cells_normal": 90}, "ok"),
        (0, {"malignant_evidence": "markers and copy numbers", "cells_normal": 150}, "caution"),
        (0, {"malignant_evidence": "markers and copy numbers", "cells_normal": 500}, "out of distribution"),
        (0, {"malignant_evidence": "markers and copy numbers", "cells_unsure": 120}, "caution"),
        (0, {"malignant_evidence": "markers alone", "cells_normal": 20}, "caution"),
        (8, {"malignant_evidence": "markers and copy numbers"}, "caution"),
        (30, {"malignant_evidence": "markers and copy numbers"}, "out of distribution"),
    ],
)
def test_the_check_of_a_hundred_cells(marked, summary, said):
    cells = np.array(["immune"] * marked + [""] * (100 - marked), dtype=object)
    assert drift.check_composition(cells, {"composition": "tumour"} | summary).verdict == said


def test_a_tumour_s_own_matrix_is_no_stroma_where_a_host_is():
    cells = np.array(["fibroblast"] * 50 + [""] * 50, dtype=object)
    assert drift.check_composition(cells, {"composition": "xenograft", "cells_host": 9}).verdict == "ok"
    found = drift.check_composition(cells, {"composition": "tumour", "malignant_evidence": "annotation"})
    assert found.verdict == "out of distribution" and lineages.NORMAL[2] in found.note


@pytest.mark.parametrize("composition, by", [("tumour", 0.05), ("xenograft", 0.0), ("pure", 0.0)])
def test_an_interval_is_wider_by_the_normal_cells_that_the_check_may_pass_over(composition, by):
    share = drift.unnoticed({"composition": composition})
    assert share == by
    cells = np.array(["immune"] * 5 + [""] * 95, dtype=object)
    kept = drift.check_composition(cells, {"composition": "tumour", "malignant_evidence": "annotation"})
    assert kept.verdict == "ok" and kept.value <= drift.unnoticed({"composition": "tumour"})
    found = fraction.Estimate(0.3, 0.2, 0.97, (0.0, 0.0), np.zeros(1), np.zeros(1), 0.0)
    assert fraction.widened(found, share) == pytest.approx((0.2 - by, min(0.97 + by, 1.0)))
    none = fraction.Estimate(0.3, np.nan, np.nan, (0.0, 0.0), np.zeros(1), np.zeros(1), 0.0)
    assert np.isnan(fraction.widened(none, share)).all()
