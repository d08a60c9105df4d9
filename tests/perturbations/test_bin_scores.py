"""The signature's score by bins of a factor's own mRNA: the bins, and that the factor is no part of the score."""

import anndata
import numpy as np
import pandas as pd
import pytest

from scripts.expression import score_cells
from scripts.perturbations import bin_scores

SIGNATURE = pd.DataFrame({"gene": ["TF", "A", "B", "C"], "direction": ["up", "up", "up", "down"]})


def test_bins_of_cells_divide_those_with_a_count_and_bins_of_patients_are_thirds():
    assert bin_scores.bins_of(np.array([0, 0, 1.0, 2.0, 3.0]), zeros=True).tolist() == [
        "none", "none", "middle", "middle", "high",
    ]  # fmt: skip
    assert bin_scores.bins_of(np.array([5.0, 1, 3, 2, 9, 7]), zeros=False).tolist() == [
        "middle", "low", "middle", "low", "high", "high",
    ]  # fmt: skip


def test_a_factor_in_the_signature_does_not_raise_its_own_score_in_patients():
    """Its mRNA varies and no other gene of the signature does: the score is the same in each bin."""
    values = pd.DataFrame({"TF": np.arange(9.0), "A": 2.0, "B": 3.0, "C": 1.0}, index=[f"s{i}" for i in range(9)])
    labels = pd.DataFrame({"model": [f"m{i}" for i in range(9)], "timepoint": "t"}, index=values.index)
    table = bin_scores.in_patients(values, labels, ["TF", "absent"], SIGNATURE)
    found = bin_scores.summarise(table, "patients", False, ["tf", "timepoint"])
    assert found["bin"].tolist() == ["low", "middle", "high"] and found["n"].tolist() == [3, 3, 3]
    assert found["mean_score"].tolist() == pytest.approx([1.5] * 3)
    assert bin_scores.in_patients(values.iloc[:5], labels.iloc[:5], ["TF"], SIGNATURE).empty


def test_scores_of_cells_are_those_without_the_factor():
    rng = np.random.default_rng(1)
    genes = ["TF", "A", "B", "C", *(f"g{i}" for i in range(60))]
    counts = rng.poisson(2.0, (80, len(genes))).astype(np.float32)
    names = [f"c{i}" for i in range(80)]
    cells = anndata.AnnData(counts, obs=pd.DataFrame(index=names), var=pd.DataFrame(index=genes))
    from scipy import sparse

    cells.X = sparse.csr_matrix(cells.X)
    whole = score_cells.score(cells, SIGNATURE, 0)
    scores = pd.DataFrame({"sample": "s", "model": "m", "timepoint": "t", "score": whole}, index=names)
    table = bin_scores.in_cells(scores, cells, ["TF", "g0"], SIGNATURE, 0)
    own = table[table["tf"] == "TF"]
    assert own["score"].to_numpy() == pytest.approx(score_cells.score(cells, SIGNATURE.iloc[1:], 0))
    assert table.loc[table["tf"] == "g0", "score"].to_numpy() == pytest.approx(whole)
    assert np.corrcoef(whole, own["mrna"])[0, 1] > np.corrcoef(own["score"], own["mrna"])[0, 1] + 0.2
