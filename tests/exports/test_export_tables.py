"""The folder of all tables with its dictionary."""

import pandas as pd
import pytest

from scripts.exports import export_tables


@pytest.fixture
def exported(tmp_path, make_job):
    """Return a function that exports tables (path → columns) of made-up results, and the folder they come to."""
    results = tmp_path / "results"

    def export(tables: dict[str, list[str]]):
        for path, names in tables.items():
            (results / path).parent.mkdir(parents=True, exist_ok=True)
            pd.DataFrame(columns=names).to_csv(results / path, sep="\t", index=False)
        folder = results / "exports" / "tables"
        export_tables.main(make_job(input={"tables": [results / path for path in tables]}, output={"_": [folder]}))
        return folder

    return export


def test_each_column_of_each_table_is_explained(exported):
    folder = exported({"switches/switches.tsv": ["tf", "p"], "clusters/A/persister.markers.tsv": ["p"]})
    assert sorted(path.name for path in folder.iterdir()) == [
        "clusters.A.persister.markers.tsv", "dictionary.tsv", "switches.switches.tsv",
    ]  # fmt: skip
    dictionary = pd.read_csv(folder / "dictionary.tsv", sep="\t", keep_default_na=False)
    assert list(dictionary) == ["file", "made_as", "column", "label", "unit", "description"]
    rows = dictionary.set_index(["made_as", "column"])
    assert rows.loc[("switches/switches.tsv", "p"), "description"].startswith("two-sided p-value over models")
    assert "over cells" in rows.loc[("clusters/A/persister.markers.tsv", "p"), "description"]
    assert len(rows) == 3


def test_a_column_that_nobody_described_is_an_error(exported):
    with pytest.raises(KeyError, match=r"switches/switches\.tsv: column novel"):
        exported({"switches/switches.tsv": ["novel"]})
