"""Pools in the sheets: several samples of one library, what belongs to the pool, and what can't be."""

import pytest

TAGS = {"A_untreated": "HTO1", "A_AC": "HTO2", "B_untreated": "HTO3"}


def pooled(draft, samples=("A_untreated", "A_AC"), pool="P1"):
    """Put samples (rows 2 and 3 of the sheet) into a pool of reads."""
    for row, sample in zip((2, 3), samples, strict=False):
        draft.put("samples", row, "pool", pool)
        draft.put("samples", row, "tag", TAGS[sample])
    draft.units = draft.units.split("A_AC")[0].replace("A_untreated", pool)
    draft.set("cells", {"pools": {pool: {"hashtags": "tags.csv"}}})
    return draft


def test_a_pool_is_counted_once_and_its_samples_have_cells(draft):
    study = pooled(draft).load()
    assert study.libraries == ["A_untreated", "A_AC", "B_untreated", "B_AC"]
    assert study.counted == ["P1", "B_untreated", "B_AC"]
    assert study.sequenced == ["P1"] and study.imported == ["B_untreated", "B_AC"]
    assert study.pools == {"P1": {"HTO1": "A_untreated", "HTO2": "A_AC"}}
    assert study.units_of("P1") == ["L001", "L002"] and [lane.sample for lane in study.studied_lanes] == ["P1", "P1"]
    assert study.library_of("A_AC") == "P1" and study.library_of("B_AC") == "B_AC"
    assert study.pool_settings("P1") == {"assignments": None, "hashtags": "tags.csv"}
    assert "tags.csv" in study.input_files["matrices"]


def test_a_pool_may_come_as_a_matrix_with_its_tags(draft):
    for row, tag in ((4, "donor0"), (5, "donor1")):
        draft.put("samples", row, "matrix", "data/B.h5")
        draft.put("samples", row, "pool", "PB")
        draft.put("samples", row, "tag", tag)
    study = draft.load()
    assert study.imported == ["PB"] and study.library_row("PB")["matrix"] == "data/B.h5"
    assert study.pool_settings("PB") == {"assignments": None, "hashtags": None}


def test_a_study_without_pools_counts_its_samples(draft):
    study = draft.load()
    assert study.pools == {} and study.counted == study.libraries


def tag_twice(draft):
    draft.put("samples", 3, "tag", "HTO1")


def no_pool(draft):
    draft.put("samples", 4, "tag", "HTO3")


def no_tag(draft):
    draft.put("samples", 3, "tag", "")


def one_sample(draft):
    draft.put("samples", 3, "pool", "")
    draft.put("samples", 3, "tag", "")
    draft.units += "A_AC\tL001\treads/b_R1.fastq.gz\treads/b_R2.fastq.gz\n"


def name_of_a_sample(draft):
    draft.samples = draft.samples.replace("\tP1\t", "\tB_AC\t")
    draft.units = draft.units.replace("P1", "B_AC")


def profile_in_a_pool(draft):
    draft.put("samples", 6, "pool", "P1")
    draft.put("samples", 6, "tag", "HTO3")


def lane_of_a_sample(draft):
    draft.units = draft.units.replace("P1\tL002", "A_AC\tL002")


def matrix_of_one(draft):
    draft.put("samples", 3, "matrix", "data/a.h5")


def unknown_pool(draft):
    draft.set("cells.pools", {"P1": {"hashtags": "t.csv"}, "P2": {"hashtags": "t.csv"}})


def both_tables(draft):
    draft.set("cells.pools.P1", {"hashtags": "t.csv", "assignments": "a.tsv"})


def one_mate(draft):
    draft.set("cells.pools.P1", {"hashtag_reads": {"fq1": ["a", "b"], "fq2": ["c"], "sequences": "t.csv"}})


def no_table(draft):
    draft.set("cells.pools", {})


def setting_of_a_sample(draft):
    draft.set("cells.overrides", {"A_AC": {"expected_cells": 500}, "P1": {"expected_cells": 9000}})


BAD = [
    (tag_twice, "samples.tsv, row 3, column tag: 'HTO1' is already the tag of row 2 in 'P1'; give each sample its own"),
    (no_pool, "samples.tsv, row 4, column pool: is empty, but the sample has the tag 'HTO3'; name its pool"),
    (no_tag, "samples.tsv, row 3, column tag: is empty, but the sample is in the pool 'P1'; give its label"),
    (one_sample, "samples.tsv, row 2, column pool: 'P1' has this one sample; add the others of the pool"),
    (name_of_a_sample, "samples.tsv, row 2, column pool: 'B_AC' is the name of a sample too; give the pool another"),
    (profile_in_a_pool, "samples.tsv, row 6, column pool: 'P1' is for assay scrna only"),
    (lane_of_a_sample, "units.tsv, row 3, column sample: 'A_AC' is in a pool, whose lanes these are; write 'P1' here"),
    (matrix_of_one, "samples.tsv, row 3, column matrix: 'data/a.h5' is not what row 2 of the pool 'P1' has ('')"),
    (unknown_pool, "config, cells.pools.P2: no sample of samples.tsv is in a pool of this name; correct or remove it"),
    (both_tables, "config, cells.pools.P1: needs one of assignments"),
    (
        one_mate,
        "config, cells.pools.P1.hashtag_reads.fq2: names 1 files, fq1 2; give both mates of each lane, in order",
    ),
    (no_table, "config, cells.pools.P1: is missing, but reads of 'P1' don't distinguish its samples"),
    (
        setting_of_a_sample,
        "config, cells.overrides.A_AC.expected_cells: is a setting of the whole library; give it for",
    ),
]


@pytest.mark.parametrize("change, said", BAD, ids=[change.__name__ for change, _ in BAD])
def test_what_is_no_pool_is_refused_in_one_line(draft, change, said):
    pooled(draft)
    change(draft)
    lines = draft.problems()
    assert lines[0].startswith(said), lines
    assert len(lines) <= 2


def test_settings_of_a_pool_are_its_librarys(draft):
    pooled(draft).set("cells.overrides", {"P1": {"expected_cells": 9000}})
    assert draft.load().cells_config("P1")["expected_cells"] == 9000


def test_a_table_that_is_not_there_is_named(draft):
    draft.set("check_files", True)
    assert any("config, cells.pools.P1.hashtags" in line or "samples.tsv" in line or "units.tsv" in line
               for line in pooled(draft).problems())  # fmt: skip
