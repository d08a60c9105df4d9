"""The column expected_cells of the samples sheet."""

import pytest

from scripts.base import job


def give(draft, number: str) -> None:
    """Add the column to the sheet, with a number for the sample A_AC."""
    header, *rows = draft.samples.splitlines()
    width = header.count("\t")
    filled = [row + "\t" * (width - row.count("\t")) for row in rows]
    own = [f"{row}\t{number if row.startswith('A_AC') else ''}" for row in filled]
    draft.samples = "\n".join([f"{header}\texpected_cells", *own]) + "\n"


def test_the_sheet_says_how_many_cells_to_expect(draft):
    assert draft.load().cells_config("A_AC")["expected_cells"] == "auto"
    give(draft, "700")
    study = draft.load()
    assert study.cells_config("A_AC")["expected_cells"] == 700
    assert study.cells_config("A_untreated")["expected_cells"] == "auto"


@pytest.mark.parametrize("number", ["many", "0", "1.5"])
def test_a_number_of_cells_that_is_none_is_named(draft, number):
    give(draft, number)
    with pytest.raises(job.UserError, match=r"row \d, column expected_cells: '.*' is not a whole number of at least 1"):
        draft.load()
