"""Warnings where filters remove much of a sample, or unequally over a model's timepoints."""

import numpy as np
import pandas as pd
import pytest

from scripts.cells.losses import TOGETHER
from scripts.cells.qc import POOL, STEPS, attrition
from scripts.cells.tabulate_attrition import attrition_by_arm, attrition_by_sample
from scripts.reads.report_reads import tabulate_attrition
from scripts.study import messages


def summary(sample: str, timepoint: str, removed: dict[str, int], *, cells: int = 1_000, model: str = "M") -> dict:
    """Return a library's summary: ``cells`` droplets that are neither empty, host nor normal, and what steps remove."""
    removed = {"empty": 5_000, "host": 3_000, "normal": 900} | removed
    before = cells + sum(removed[step] for step in ("empty", "host", "normal"))
    steps = []
    for step in STEPS:
        n = removed.get(step, 0)
        steps.append({"step": step, "barcodes_before": before, "removed": n, "remaining": before - n})
        before -= n
    return {"sample": sample, "model": model, "timepoint": timepoint, "arm": "x", "attrition": steps}


def warnings(*summaries: dict) -> dict[tuple[str, str], str]:
    """Return (sample, step) → warning."""
    table = attrition_by_sample(list(summaries))
    told = table[table["warning"] != ""]
    return {(row["sample"], row["step"]): row["warning"] for row in told.to_dict("records")}


def test_shares_are_of_the_samples_own_cells():
    table = attrition_by_sample([summary("A", "untreated", {"doublet": 100, "few_genes": 200})])
    shares = table.set_index("step")["lost_share"]
    assert shares["doublet"] == pytest.approx(0.1) and shares["few_genes"] == pytest.approx(0.2)
    assert shares[["empty", "host", "normal"]].isna().all()


def test_cells_of_a_pool_without_a_tag_are_told_as_a_share_of_the_pool():
    """Of 1,000 cells of the pool 400 have no tag, 50 have two, and 300 are another sample's."""
    steps = attrition(
        np.array([""] * 200 + ["doublet"] * 50), {"empty": 9_000, "other_sample": 300, "untagged": 400, "two_tags": 50}
    )
    pooled = {"sample": "P", "model": "M", "timepoint": "u", "arm": "x", "attrition": steps.to_dict("records")}
    table = attrition_by_sample([summary("A", "u", {}, model="N"), pooled])
    own = table[table["sample"] == "P"].set_index("step")
    assert list(own.index) == [*POOL, *STEPS] and set(table.loc[table["sample"] == "A", "step"]) == set(STEPS)
    assert own["barcodes_before"].iloc[0] == 10_000 and own["remaining"].iloc[-1] == 200
    assert own.at["empty", "remaining"] == 250
    assert own["lost_share"].dropna().loc[["untagged", "two_tags", "doublet"]].tolist() == pytest.approx(
        [0.4, 0.05, 0.2]
    )
    assert pd.isna(own.at["other_sample", "lost_share"])
    assert warnings(pooled) == {("P", "untagged"): "removes 40% of the pool's cells"}
    by_arm = attrition_by_arm(table).set_index("step")
    assert by_arm.loc["untagged", "samples"] == 1 and pd.isna(by_arm.loc["untagged", "removed_share"])
    assert by_arm.loc["doublet", "removed_share"] == pytest.approx(
        50 / 5_150
    )  # host and normal cells of A are droplets with cells
    wide = tabulate_attrition(table.rename_axis(None)).set_index("Sample")
    assert wide.loc["A", "untagged"] == 0 and wide.loc["P", "untagged"] == 400


def test_host_and_normal_cells_are_no_losses():
    assert not warnings(summary("A", "untreated", {"host": 9_000}), summary("B", "persister", {"normal": 5_000}))


def test_a_step_that_removes_more_than_three_in_ten():
    assert not warnings(summary("A", "untreated", {"high_mt": 300}))
    assert warnings(summary("A", "untreated", {"high_mt": 301})) == {
        ("A", "high_mt"): "removes 30% of the sample's cells"
    }


def test_cuts_that_remove_much_only_together():
    told = warnings(summary("A", "untreated", {"low_counts": 160, "few_genes": 170}))
    assert told == {("A", "few_genes"): f"{TOGETHER} remove 33% of the sample's cells"}


def test_a_step_that_removes_more_at_one_timepoint():
    before, after = summary("A", "untreated", {"few_genes": 50}), summary("B", "persister", {"few_genes": 210})
    assert warnings(before, after) == {("B", "few_genes"): "16 points more than at untreated"}
    assert not warnings(before, summary("B", "persister", {"few_genes": 199}))
    # Other models' timepoints are no reference, and samples of a timepoint count together.
    assert not warnings(before, summary("B", "persister", {"few_genes": 210}, model="N"))
    assert not warnings(before, after, summary("C", "persister", {"few_genes": 50}))


def test_cuts_that_differ_only_together():
    before = summary("A", "untreated", {})
    after = summary("B", "persister", {"low_counts": 90, "few_genes": 100})
    assert warnings(before, after) == {("B", "few_genes"): f"{TOGETHER}: 19 points more than at untreated"}


def test_a_study_without_libraries_or_a_sample_without_cells_has_no_warning():
    assert list(attrition_by_sample([])[["lost_share", "warning"]]) == ["lost_share", "warning"]
    assert not warnings(summary("A", "untreated", {}, cells=0), summary("B", "persister", {}))


def test_the_terminal_tells_them_at_the_end(tmp_path):
    (tmp_path / "cells").mkdir()
    table = attrition_by_sample([summary("A", "untreated", {"high_mt": 500}), summary("B", "persister", {})])
    table.to_csv(tmp_path / "cells" / "attrition.tsv", sep="\t", index=False)
    said = messages.finished(tmp_path)
    assert "A, high_mt: removes 50% of the sample's cells; 50 points more than at persister" in said
    pd.DataFrame(table[table["sample"] == "C"]).to_csv(tmp_path / "cells" / "attrition.tsv", sep="\t", index=False)
    assert messages.finished(tmp_path) == "Done."
