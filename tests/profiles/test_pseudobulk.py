"""Sums and means by sample: exact, by parts, and found by the samples' names alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from scripts.base import job
from scripts.profiles import pseudobulk
from scripts.profiles.aggregate_pseudobulk import read_sums


@pytest.fixture
def activity(simulate):
    sheet = simulate.paired_sheet(["P1", "P2"])
    rng = np.random.default_rng(0)
    table = simulate.activity_of(sheet, {f"r{i}(+)": i / 4 for i in range(7)}, rng, n_cells=40)
    return table.sample(frac=1, random_state=1)


def expected_means(table: pd.DataFrame) -> pd.DataFrame:
    regulons = [column for column in table if "(" in column]
    return table.groupby("sample")[regulons].mean()


@pytest.mark.parametrize("block", [2, 50])
def test_means_are_exact_whatever_the_blocks(activity, tmp_path, monkeypatch, block):
    monkeypatch.setattr(pseudobulk, "REGULONS_AT_ONCE", block)
    activity.to_parquet(tmp_path / "activity.parquet")
    samples = pseudobulk.samples_in(tmp_path / "activity.parquet")
    assert sorted(samples) == sorted(activity["sample"].unique())
    parts = list(pseudobulk.summarise_activity(tmp_path / "activity.parquet", samples))
    assert len(parts) == -(-7 // block)
    found = pd.concat(parts)
    assert (found["n_cells"] == 40).all()
    wide = found.pivot(index="sample", columns="regulon", values="activity")
    pd.testing.assert_frame_equal(
        wide, expected_means(activity.astype({c: float for c in activity if "(" in c})), check_names=False
    )
    spread = found.pivot(index="sample", columns="regulon", values="sd").loc["P1_drug", "r3(+)"]
    assert spread == pytest.approx(activity.loc[activity["sample"] == "P1_drug", "r3(+)"].astype(float).std())


def test_groups_by_timepoint_give_the_same_means(activity, tmp_path):
    found = []
    for number, (_, cells) in enumerate(activity.groupby(["model", "timepoint"])):
        path = tmp_path / f"{number}.parquet"
        cells.to_parquet(path)
        found += list(pseudobulk.summarise_activity(path, pseudobulk.samples_in(path)))
    wide = pd.concat(found).pivot(index="sample", columns="regulon", values="activity")
    np.testing.assert_allclose(wide, expected_means(activity), rtol=1e-6)


def test_samples_that_are_not_used_are_not_averaged(activity, tmp_path):
    activity.to_parquet(tmp_path / "a.parquet")
    found = pd.concat(pseudobulk.summarise_activity(tmp_path / "a.parquet", ["P2_drug"]))
    assert found["sample"].unique().tolist() == ["P2_drug"] and len(found) == 7


def test_no_regulons_give_no_rows(activity, tmp_path):
    activity[["sample", *pseudobulk.LABELS]].to_parquet(tmp_path / "a.parquet")
    assert list(pseudobulk.summarise_activity(tmp_path / "a.parquet", ["P2_drug"])) == []


def test_one_cell_has_a_mean_and_no_spread():
    mean, sd = pseudobulk.average_columns(np.array([[2.0], [3.0], [5.0]]), np.array([0, 1, 1]), 3)
    np.testing.assert_array_equal(mean.ravel(), [2.0, 4.0, np.nan])
    np.testing.assert_allclose(sd.ravel(), [np.nan, np.sqrt(2), np.nan])


def test_samples_below_min_cells_are_named_with_the_reason(simulate):
    sheet = simulate.paired_sheet(["P1", "P2"])
    sheet.loc["P2_drug", "assay"] = "profile"
    table = pseudobulk.decide_samples(sheet, {"P1_untreated": 30, "P1_drug": 29}, 30).set_index("sample")
    assert table["used"].to_dict() == {"P1_untreated": "yes", "P1_drug": "no", "P2_untreated": "no", "P2_drug": "no"}
    assert table.loc["P1_drug", "reason"] == "29 cells, profiles.min_cells is 30"
    assert table.loc["P2_untreated", "reason"].startswith("0 cells") and "profile" in table.loc["P2_drug", "reason"]


@pytest.mark.parametrize(
    ("sample", "words"), [("nobody", "not in the samples sheet"), ("P1_drug", "in another group too")]
)
def test_activity_that_does_not_fit_the_sheet_is_refused(simulate, sample, words):
    with pytest.raises(job.UserError, match=words):
        pseudobulk.check_sample(sample, {"P1_drug"}, simulate.paired_sheet(["P1"]), "activity.parquet")


def test_sums_are_exact_in_parts_and_on_disk(simulate, tmp_path, monkeypatch):
    genes = [f"g{i}" for i in range(30)]
    rng = np.random.default_rng(0)
    cells = simulate.cells_of(simulate.paired_sheet(["P1"]), "P1_drug", genes, {"g3": 2.0}, rng, n_cells=37)
    cells.X.data[::5] = 0  # stored zeros show nothing
    cells.write_h5ad(tmp_path / "cells.h5ad", compression="gzip")
    monkeypatch.setattr(pseudobulk, "CELLS_AT_ONCE", 10)
    sums, n_cells = read_sums(tmp_path / "cells.h5ad")
    dense = cells.X.toarray()
    assert n_cells == 37 and list(sums.index) == genes
    np.testing.assert_array_equal(sums["counts"], dense.sum(axis=0))
    np.testing.assert_array_equal(sums["shown"], (dense > 0).sum(axis=0))


def test_a_library_without_cells_sums_to_nothing():
    total, shown = pseudobulk.sum_cells(sparse.csr_matrix((0, 4)))
    assert total.tolist() == [0, 0, 0, 0] and shown.tolist() == [0, 0, 0, 0]


def test_genes_that_rise_do_not_make_others_seem_to_fall():
    rng = np.random.default_rng(0)
    base = rng.uniform(200, 2000, 200)
    changed = base.copy()
    changed[:40] *= 8
    counts = pd.DataFrame([rng.poisson(base), rng.poisson(3 * changed)], index=["u", "p"])
    by_library = pseudobulk.log_cpm(counts, counts.sum(axis=1).astype(float))
    by_ratio = pseudobulk.log_cpm(counts, pseudobulk.size_factors(counts))
    rest = slice(40, None)
    assert (by_library.loc["p"] - by_library.loc["u"])[rest].mean() < -1
    assert abs((by_ratio.loc["p"] - by_ratio.loc["u"])[rest].mean()) < 0.02
    assert (by_ratio.loc["p"] - by_ratio.loc["u"])[:40].mean() == pytest.approx(3, abs=0.03)


@pytest.mark.parametrize("counts", [[[5, 3, 2]], [[5, 0, 2], [0, 3, 4]]])
def test_with_few_common_genes_library_sizes_stay(counts):
    table = pd.DataFrame(counts)
    assert pseudobulk.size_factors(table).tolist() == table.sum(axis=1).tolist()


def test_gene_that_a_library_lacks_counts_0_and_is_marked():
    parts = {"a": pd.Series({"g1": 4.0, "g2": 1.0}), "b": pd.Series({"g2": 2.0, "g3": 3.0})}
    table, everywhere = pseudobulk.join_counts(parts)
    assert table.loc["a"].to_dict() == {"g1": 4.0, "g2": 1.0, "g3": 0.0}
    assert everywhere.to_dict() == {"g1": False, "g2": True, "g3": False}
