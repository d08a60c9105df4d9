"""Tables as the report reads them: names stay the names that the config gave, whatever they look like."""

import pandas as pd
import pytest

from scripts.base.tables import read_tsv
from scripts.report.source import Source

NAMES = ["NA", "None", "nan", "null", "0172", "1e5"]
"""All of these fit the schema's pattern of names."""


@pytest.mark.parametrize("column", ["model", "sample", "arm", "timepoint", "group", "left_out", "models", "gene", "tf"])
def test_names_that_look_missing_or_like_numbers_are_kept(tmp_path, column):
    path = tmp_path / "table.tsv"
    pd.DataFrame({column: NAMES, "value": 1.0}).to_csv(path, sep="\t", index=False)
    table = Source(tmp_path, frozenset({"table.tsv"}), {}, pd.DataFrame()).table("table.tsv")
    assert table[column].tolist() == NAMES
    assert table.groupby(column)["value"].sum().sum() == len(NAMES)


def test_names_of_digits_alone_are_text(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("model\tleft_out\tmodels\tn\n172\t039\t172\t4\n")
    row = read_tsv(path).iloc[0]
    assert row[["model", "left_out", "models"]].tolist() == ["172", "039", "172"] and row["n"] == 4


def test_an_empty_cell_is_missing_in_names_and_in_numbers(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("model\tnote\tvalue\nA\t\t\nNA\tfew\t0.5\n")
    table = read_tsv(path)
    assert table["note"].isna().tolist() == [True, False] and table["value"].isna().tolist() == [True, False]
    assert table["value"].dtype == float and table["model"].tolist() == ["A", "NA"]
