"""Several timepoints of persisters: a headline, further ones, days; and columns of the user's own."""

import pytest

from scripts.study import carried
from scripts.study.config import complete

POINTS = ["untreated", "d33", "d50", "d67", "relapse"]


@pytest.fixture
def several(draft):
    """Return a study with persisters at three timepoints, the first named in the middle of them."""
    draft.set("timepoints", POINTS)
    draft.set("contrast", {"baseline": "untreated", "persister": ["d50", "d33", "d67"], "relapse": "relapse"})
    draft.samples = draft.samples.replace("persister", "d50")
    draft.append("samples", "A_d33 A d33 AC 1 scrna data/A33.h5ad")
    draft.append("samples", "A_d67 A d67 AC 1 scrna data/A67.h5ad")
    return draft


def test_the_first_named_is_the_headline(several):
    study = several.load()
    assert study.config["contrast"]["persister"] == "d50"
    assert study.further == ["d33", "d67"]
    assert study.timepoints_of("A") == ["untreated", "d33", "d50", "d67"]


def test_a_completed_config_is_complete(several):
    once = complete(several.write())
    assert complete(once) == once
    assert once["contrast"]["further"] == ["d33", "d67"]


def test_one_persister_has_none_further(draft):
    assert draft.load().further == []


BAD = {
    "unknown": (["d50", "d34"], r"config, contrast.further: 'd34' is not among timepoints; did you mean 'd33'?"),
    "after relapse": (["d50", "relapse"], "contrast.relapse: 'relapse' doesn't come after persister 'relapse'"),
    "baseline": (["d50", "untreated"], "contrast.further: 'untreated' doesn't come after baseline 'untreated'"),
    "empty": ([], "config, contrast.persister: the list is empty; give a timepoint, or a list of timepoints"),
    "twice": (["d50", "d50"], "config, contrast.persister: 'd50' is listed twice; remove one"),
    "number": (50, "config, contrast.persister: 50 is not a timepoint, or a list of timepoints"),
}


@pytest.mark.parametrize("given, said", BAD.values(), ids=BAD)
def test_persisters_that_cannot_be(several, given, said):
    several.set("contrast.persister", given)
    (line,) = several.problems()
    assert said in line


def test_days_are_numbers(several):
    for row, day in ((2, "-3"), (3, "50"), (8, "33.5")):
        several.put("samples", row, "day", day)
    assert carried.days(several.load().samples) == {"A_untreated": -3.0, "A_AC": 50.0, "A_d33": 33.5}
    several.put("samples", 3, "day", "week 7")
    (line,) = several.problems()
    assert line.startswith("samples.tsv, row 3, column day: 'week 7' is not a number of days, or empty")


def test_own_columns_are_carried(draft):
    for row, age, site in ((2, "61", "breast"), (3, "61", "lymph node")):
        draft.put("samples", row, "age", age)
        draft.put("samples", row, "biopsy_site", site)
        draft.put("samples", row, "patient", "007")
    draft.put("samples", 2, "empty_column", "")
    study = draft.load()
    assert carried.own_columns(study.all_samples) == ["age", "biopsy_site", "patient"]
    values = carried.own_values(study.all_samples)
    assert values["A_AC"] == {"age": 61.0, "biopsy_site": "lymph node", "patient": "007"}
    assert values["B_AC"]["age"] != values["B_AC"]["age"] and values["B_AC"]["biopsy_site"] == ""
    (row,) = carried.with_own([{"sample": "A_AC", "model": "A"}], study.all_samples)
    assert row["model"] == "A" and row["age"] == 61.0


@pytest.mark.parametrize("name", ["stage", "batch", "age", "drug", "grade", "sex", "PatientID", "time", "date"])
def test_ordinary_names_are_no_typing_errors(draft, name):
    draft.put("samples", 2, name, "x")
    assert carried.own_columns(draft.load().all_samples) == [name]


@pytest.mark.parametrize(
    "name, said",
    [
        ("timepiont", "'timepiont' is not a column of this sheet; did you mean 'timepoint'?; rename it"),
        ("Days", "'Days' is not a column of this sheet; did you mean 'day'?"),
        ("drug dose", "'drug dose' as a column of your own is not a name of letters"),
        ("n_genes", "'n_genes' is what the workflow itself writes about samples or cells; rename your own column"),
    ],
)
def test_names_that_own_columns_cannot_have(draft, name, said):
    draft.put("samples", 2, name, "x")
    (line,) = draft.problems()
    assert line.startswith("samples.tsv, row 1: ") and said in line


def test_a_missing_column_is_found_under_a_less_similar_name(draft):
    draft.samples = draft.samples.replace("timepoint", "time", 1)
    lines = draft.problems()
    assert any("'time' is not a column of this sheet; did you mean 'timepoint'?" in line for line in lines)


def test_units_have_no_own_columns(draft):
    draft.put("units", 2, "flowcell", "x")
    (line,) = draft.problems()
    assert "'flowcell' is not a column of this sheet" in line
