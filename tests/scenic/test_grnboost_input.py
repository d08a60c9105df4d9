"""What no network can be inferred from: one clear error, or a line in the log."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from scipy import sparse

from scripts.base.job import UserError
from scripts.scenic.errors import ScenicInputError
from scripts.scenic.grnboost import infer_network


@pytest.mark.parametrize("importance", ["validated", "combined"])
def test_validated_importances_need_cells_out_of_the_bag(umi, importance):
    with pytest.raises(ScenicInputError, match=f"{importance} importances need cells out of the bag"):
        infer_network(*umi, seed=1, importance=importance, subsample=1.0)


def test_a_constant_target_has_no_edges_and_is_logged(umi, caplog):
    x, genes, tfs = umi
    x = x.copy()
    x[:, 30], x[:, 31], x[:, 0] = 0.0, 2.5, 0.0
    with caplog.at_level(logging.INFO, logger="persister-regulons"):
        network = infer_network(x, genes, tfs, seed=1)
    assert network.rounds[["GENE00", "GENE01", "TF00"]].tolist() == [0, 0, 0]
    assert not network.adjacencies["target"].isin(["GENE00", "GENE01", "TF00"]).any()
    assert not (network.adjacencies["TF"] == "TF00").any()
    assert "3 of 42 targets are constant and get no edges: TF00, GENE00, GENE01" in caplog.text
    with pytest.raises(ScenicInputError, match="all 2 targets are constant"):
        infer_network(x, genes, tfs, ["GENE00", "GENE01"], seed=1)


def with_value(x, value):
    """Return ``x`` with one entry, of GENE02, replaced."""
    x = x.copy()
    x[3, 32] = value
    return x


BAD = {
    "fewer cells": (lambda x, genes, tfs: (x[:49], genes, tfs), "49 cells are too few.*at least 50"),
    "negative": (lambda x, genes, tfs: (with_value(x, -1.0), genes, tfs), "expression of GENE02 is negative"),
    "NaN": (lambda x, genes, tfs: (with_value(x, np.nan), genes, tfs), "expression of GENE02 is NaN"),
    "infinite": (lambda x, genes, tfs: (with_value(x, np.inf), genes, tfs), "expression of GENE02 is NaN or infinite"),
    "duplicates": (lambda x, genes, tfs: (x, [*genes[:-1], genes[0]], tfs), r"1 genes occur more than once \(TF00\)"),
    "no factor": (lambda x, genes, tfs: (x, genes, ["Fosl1"]), "none of 1 transcription factors.*species and naming"),
    "no factors at all": (lambda x, genes, tfs: (x, genes, []), "none of 0 transcription factors"),
    "ensembl genes": (
        lambda x, genes, tfs: (x, [f"ENSG{i:011d}.4" for i in range(len(genes))], tfs),
        "the genes are Ensembl ids, the factors are symbols",
    ),
    "ensembl factors": (
        lambda x, genes, tfs: (x, genes, ["ENSMUSG00000024912"]),
        "the factors are Ensembl ids, the genes are symbols",
    ),
    "names missing": (lambda x, genes, tfs: (x, genes[1:], tfs), "has 42 genes, but 41 gene names"),
}


@pytest.mark.parametrize("change, message", BAD.values(), ids=BAD)
@pytest.mark.parametrize("form", [np.asarray, sparse.csr_matrix])
def test_bad_input_is_one_clear_error(umi, change, message, form):
    x, genes, tfs = change(*umi)
    with pytest.raises(UserError, match=message) as caught:
        infer_network(form(x), genes, tfs, seed=1)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"importance": "gain"}, "importance is 'gain'"),
        ({"subsample": 0.0}, "subsample is 0.0"),
        ({"max_features": 1.5}, "max_features is 1.5"),
        ({"learning_rate": 0}, "learning_rate is 0"),
        ({"threads": 0}, "threads is 0"),
        ({"max_rounds": 0}, "max_rounds is 0"),
        ({"targets": ["GENE00", "GENE99"]}, "1 targets are not among the genes: GENE99"),
        ({"targets": ["GENE00", "GENE00"]}, "1 targets are listed more than once: GENE00"),
    ],
)
def test_bad_settings_are_one_clear_error(umi, settings, message):
    with pytest.raises(UserError, match=message):
        infer_network(*umi, seed=1, **settings)
