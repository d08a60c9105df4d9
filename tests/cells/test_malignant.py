"""Malignant, normal or unsure: in an oligodendroglioma with known cells, by planted gains and losses, by labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from scripts.base import job
from scripts.base.expression import normalise
from scripts.cells import annotation, copy_numbers, lineages, malignant


def test_cells_of_an_oligodendroglioma_are_named():
    """Tirosh et al. 2016, as infercnvpy brings it: macrophages by markers, oligodendrocytes by copy numbers alone.

    Nothing was set on these cells. The genes' positions are ours, not those of the data set.
    """
    import infercnvpy

    cells = infercnvpy.datasets.oligodendroglioma()
    truth = cells.obs["cell_type"].astype(str)
    found = malignant.judge(cells.X.tocsr(), cells.var_names)
    is_malignant = truth.str.startswith("malignant").to_numpy()
    sure = found.verdict != malignant.UNSURE
    right = ((found.verdict == malignant.MALIGNANT) == is_malignant)[sure].mean()
    print(f"{len(truth)} cells: {1 - sure.mean():.1%} unsure, {right:.1%} of the others right")
    assert sure.mean() >= 0.85
    assert ((found.verdict == malignant.MALIGNANT) == is_malignant)[sure].mean() >= 0.95
    assert set(found.lineage[(truth == "Microglia/Macrophage").to_numpy()]) == {"immune"}
    assert found.evidence == "markers and copy numbers"


SEEDS = range(10)
"""Simulated tumours, taken as they come."""


def at_least(hits: int, of: int) -> float:
    """Return the lower 95 % limit (one-sided) of the share of which ``hits`` of ``of`` were seen (Clopper, Pearson)."""
    return stats.binomtest(int(hits), int(of)).proportion_ci(0.9).low


def test_gains_and_losses_tell_a_tumour_from_its_own_epithelium(simulate):
    """In all of ten tumours: then the share of such tumours in which it holds is .74 or more."""
    good, of_lineage, other = 0, dict.fromkeys(simulate.MARKERS, 0), 0
    for seed in SEEDS:
        cells = simulate.simulate_tumour(seed)
        found = malignant.judge(cells.X, cells.var_names)
        kind = cells.obs["kind"].to_numpy()
        expected = np.where(kind == "tumour", malignant.MALIGNANT, malignant.NORMAL)
        sure = found.verdict != malignant.UNSURE
        good += sure.mean() >= 0.85 and (found.verdict == expected)[sure].mean() >= 0.95
        for lineage in simulate.MARKERS:
            of_lineage[lineage] += (found.lineage[kind == lineage] == lineage).sum()
        other += (found.lineage[kind == "epithelium"] == lineages.OTHER).sum()
        assert (found.lineage[found.verdict != malignant.NORMAL] == "").all()
    print(f"{good} of {len(SEEDS)} tumours; named {of_lineage}, other {other}")
    assert at_least(good, len(SEEDS)) >= 0.7
    for lineage, named in of_lineage.items():
        assert at_least(named, len(SEEDS) * simulate.KINDS[lineage]) >= 0.95
    assert at_least(other, len(SEEDS) * simulate.KINDS["epithelium"]) >= 0.9


def test_where_the_arms_are_not_clear_cells_stay_unsure(simulate):
    """A tumour that has lost one arm alone: its cells are unsure, or right where the arm stands out (p ≤ .01)."""
    unclear = 0
    for seed in SEEDS:
        cells = simulate.simulate_tumour(seed, arms=1)
        found = malignant.judge(cells.X, cells.var_names)
        kind = cells.obs["kind"].to_numpy()
        plain = np.isin(kind, ["tumour", "epithelium"])
        if "no more than the windows within them" in found.notes[0]:
            unclear += 1
            assert (found.verdict[plain] == malignant.UNSURE).all() and found.evidence == "markers"
        else:
            sure = found.verdict != malignant.UNSURE
            expected = np.where(kind == "tumour", malignant.MALIGNANT, malignant.NORMAL)
            assert (found.verdict == expected)[sure].mean() >= 0.95
    print(f"unclear in {unclear} of {len(SEEDS)}")
    assert unclear > 0


def test_without_gains_and_losses_cells_without_markers_are_unsure(simulate):
    """A tumour without them can't be distinguished from normal epithelium: at most one in a hundred is guessed."""
    guessed = 0
    for seed in SEEDS:
        cells = simulate.simulate_tumour(seed, arms=0)
        found = malignant.judge(cells.X, cells.var_names)
        plain = cells.obs["kind"].isin(["tumour", "epithelium"]).to_numpy()
        guessed += (found.verdict[plain] != malignant.UNSURE).any()
        assert (found.verdict[~plain] == malignant.NORMAL).mean() > 0.95
        assert guessed or any("cells.annotation" in note for note in found.notes)
    # Arms are called at p ≤ .01.
    assert stats.binom.sf(guessed - 1, len(SEEDS), 0.01) > 0.001


def test_too_few_normal_cells_leave_the_markers_alone(simulate):
    for seed in SEEDS[:3]:
        cells = simulate.simulate_tumour(seed, kinds={"immune": 5, "tumour": 60})
        found = malignant.judge(cells.X, cells.var_names)
        assert found.evidence == "markers alone" and "normal cells by markers" in found.notes[0]
        assert set(found.verdict[cells.obs["kind"] == "tumour"]) == {malignant.MALIGNANT}
        assert np.isnan(found.score).all()


def test_soup_makes_no_lineage(simulate):
    """Tumour cells with a tenth of their UMIs from soup show markers of immune cells, and aren't named by them."""
    named = missed = 0
    for seed in SEEDS[:3]:
        cells = simulate.simulate_tumour(seed, n_genes=2_000, depth=60_000, arms=0)
        kind = cells.obs["kind"].to_numpy()
        own = cells[:, simulate.MARKERS["immune"]].X
        assert np.asarray((own[kind == "tumour"] > 0).sum(axis=1)).mean() > 2  # they do show them
        found = lineages.call(cells.X, cells.var_names)
        named += (found[kind == "tumour"] != "").sum()
        missed += (found[kind == "immune"] != "immune").sum()
    n = len(SEEDS[:3])
    assert at_least(n * simulate.KINDS["tumour"] - named, n * simulate.KINDS["tumour"]) >= 0.98
    assert at_least(n * simulate.KINDS["immune"] - missed, n * simulate.KINDS["immune"]) >= 0.95


def test_arms_of_noise_have_p_values_as_promised():
    """400 profiles whose windows are noise: p at .05 in 3 to 7 %."""
    rng = np.random.default_rng(0)
    arms = np.repeat([f"a{i:02d}" for i in range(30)], rng.integers(1, 40, 30))
    hits = 0
    for _ in range(400):
        # Windows of a hundred genes, ten genes apart.
        profile = np.concatenate([
            np.convolve(rng.normal(size=WIDE + 10 * (n - 1)), np.ones(WIDE) / WIDE, "valid")[::10]
            for n in np.unique(arms, return_counts=True)[1]
        ])  # fmt: skip
        hits += copy_numbers.test_arms(profile, arms) <= 0.05
    assert 0.02 <= hits / 400 <= 0.08


WIDE = copy_numbers.WINDOW


# -- the user's own labels


def test_labels_of_the_user_win(tmp_path):
    path = tmp_path / "cells.tsv"
    path.write_text("sample\tbarcode\tlabel\nS\tAA-1\tTumor cell\nS\tCC\tT cell\nS\tGG\tunknown\nR\tTT\tB cell\n")
    labels = annotation.read_annotation(str(path), "S")
    counts = sparse.csr_matrix(np.ones((4, 3), dtype=int))
    barcodes = pd.Series(["AA", "CC-1", "GG", "TT"])
    found = malignant.name_cells(counts, pd.Index(list("abc")), barcodes, None, labels, seek=True)
    assert list(found.verdict) == ["malignant", "normal", "unsure", "malignant"]
    assert list(found.lineage) == ["", "T cell", "", ""] and found.evidence == "annotation, markers alone"


@pytest.mark.parametrize(
    ("verdict", "labels"),
    {
        "malignant": ["Malignant cells", "Tumor cells", "tumour_cell", "Neoplastic", "Tumour-1", "carcinoma"],
        "unsure": ["Doublets", "multiplet", "NA", "Unassigned cells"],
        "normal": ["normal", "Non-malignant", "T cells", "cancer-associated fibroblasts", "tumor-infiltrating B cell"],
    }.items(),
)
def test_labels_of_other_tools_mean_what_they_say(verdict, labels):
    assert list(annotation.of_labels(pd.Series(labels))[0]) == [verdict] * len(labels)


def test_an_annotation_that_labels_no_cell_of_a_library_is_no_evidence(tmp_path):
    path = tmp_path / "cells.tsv"
    path.write_text("Sample\tBarcode\tLabel\nR\tAA\tT cell\n")
    labels = annotation.read_annotation(str(path), "S")
    found = malignant.name_cells(
        sparse.csr_matrix((1, 1)), pd.Index(["a"]), pd.Series(["AA"]), None, labels, seek=False
    )
    assert not len(labels) and found.evidence == "" and list(found.verdict) == [""]
    assert annotation.read_samples(str(path)) == {"R": {"AA": "T cell"}}


@pytest.mark.parametrize(
    "text, said",
    [
        ("barcode\tlabel\nAA\tEpithelial_tumour\n", "row 2, column label: 'Epithelial_tumour' may be of malignant"),
        ("cell\tlabel\nAA\tx\n", "no column barcode"),
        ("barcode\tlabel\nAA\tx\nAA\ty\n", "row 3, column barcode: 'AA' is given twice"),
    ],
)
def test_a_table_that_is_wrong_is_refused_with_its_place(tmp_path, text, said):
    path = tmp_path / "cells.tsv"
    path.write_text(text)
    with pytest.raises(job.UserError, match=said):
        annotation.read_annotation(str(path), "S")


def test_barcodes_of_another_library_are_refused():
    labels = pd.Series(["normal"], index=["TTTT"])
    with pytest.raises(job.UserError, match="none of its 1 barcodes"):
        malignant.name_cells(
            sparse.csr_matrix(np.ones((1, 2), dtype=int)), pd.Index(["a", "b"]), pd.Series(["AAAA"]), None, labels,
            seek=False,
        )  # fmt: skip


def test_counts_of_one_lineage_are_no_reference_of_its_own_genes(simulate):
    cells = simulate.simulate_tumour(5, n_genes=2_500, arms=0)
    used = lineages.panel_genes(cells.var_names)
    assert used == {gene for genes in simulate.MARKERS.values() for gene in genes}
    few = cells[:, :900]
    few = copy_numbers.infer(normalise(few.X), few.var_names, np.full(cells.n_obs, ""), left_out=used)
    assert few.state == "not measured" and "placed genes" in few.note
