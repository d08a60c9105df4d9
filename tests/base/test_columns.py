"""resources/columns.tsv: its form, which row holds for a column, and every table of a finished demo."""

import re

import pandas as pd
import pytest

from scripts.base import columns

FORMAT = re.compile(r",?(\.\d)?[defg%]")
NOT_OURS = ("benchmarks", "logs", "truth", "simulated", "exports", "figures", "gene_lists")
"""Folders whose tables have no rows: measurements of Snakemake, what the demo plants, copies of tables described
elsewhere, data drawn in figures (their columns are named in the figures) and lists that a user provides.
"""
PARQUET = ("cells/*.droplets.parquet", "expression/signature_cells.parquet")
"""Tables of long format; other Parquet files are matrices, edges of networks or temporary."""
OPTIONAL = {
    "expression/gene_sets.tsv": "scripts.expression.enrichment.GENE_SETS",
    "biopsy/B/scores.tsv": "scripts.biopsy.describe.ROWS",
    "biopsy/B/distribution.tsv": "scripts.biopsy.score_biopsy.DISTRIBUTION",
    "activity/persister_timepoints.tsv": "scripts.activity.compare_timepoints.TIMEPOINTS",
    "expression/persister_timepoints.tsv": "scripts.expression.compare_timepoints.TIMEPOINTS",
    "cells/P.pool.tsv": "scripts.cells.assign_pool.POOL",
    "regulons/network_changes.tsv": "scripts.regulons.network_changes.PAIRS",
    "regulons/network_change_factors.tsv": "scripts.regulons.network_changes.FACTORS",
}
"""Tables that the demo lacks, with the list their writer makes them by: it has no biopsy, no pool and one timepoint of
persisters, its config names no gene sets, and it compares no networks. A study of profiles alone has no other tables
than the demo.
"""


@pytest.fixture
def rows() -> pd.DataFrame:
    """Return the file as it stands."""
    return pd.read_csv(columns.PATH, sep="\t", dtype=str, keep_default_na=False, quoting=3)


def test_the_file_is_whole_sorted_and_without_duplicates(rows):
    assert list(rows) == columns.HEADER
    assert not rows.duplicated(["table", "column"]).any()
    keys = list(zip(rows["column"], rows["table"], strict=True))
    assert keys == sorted(keys)
    assert rows.map(lambda text: text == text.strip()).all(axis=None)


def test_every_row_has_a_label_and_says_what_the_values_are(rows):
    assert rows["label"].str.len().between(1, 50).all()
    assert rows["description"].str.len().ge(4).all()
    # Cells are split at tabs alone: a quoted one would keep its quotes.
    assert not rows["description"].str.contains('"').any()


def test_formats_hold_in_d3_and_in_python(rows):
    for text in rows["format"]:
        assert text == "" or FORMAT.fullmatch(text), text
        format(1234, text) if text.endswith("d") else format(1234.5, text)


def test_p_values_say_of_what_population(rows):
    """Whether over models, samples, cells, genes or random draws: a p-value alone claims nothing."""
    own = rows[rows["column"].str.fullmatch(r"p|.*_p|p_.*") & (rows["column"] != "p_min")]
    over = (
        r"over (?:models|samples|cells|genes|measured genes|platforms)|relabellings of|shuffling arms|permuting genes"
    )
    null = r"share of panels"
    assert len(own) > 10
    silent = own[~own["description"].str.contains(f"{over}|{null}|over the genes")]
    assert silent.empty, silent.to_string()


@pytest.fixture
def other(tmp_path, monkeypatch):
    """Return a function that makes another file the one in force."""

    def write(*lines: str) -> None:
        path = tmp_path / "columns.tsv"
        path.write_text("\n".join(["\t".join(columns.HEADER), *lines]) + "\n", encoding="utf-8")
        monkeypatch.setattr(columns, "PATH", path)
        columns.read.cache_clear()

    yield write
    columns.read.cache_clear()


def test_a_table_beats_a_glob_which_beats_all_tables(other):
    other("*\ta\tall\t\t\tof all", "x/*.tsv\ta\tglob\t\t\tof some", "x/one.tsv\ta\tone\tAUC\t.3f\tof one")
    assert [columns.describe(name, "a").label for name in ("x/one.tsv", "x/two.tsv", "y/two.tsv")] == [
        "one", "glob", "all",
    ]  # fmt: skip
    assert columns.describe("x/one.tsv", "a") == columns.Column("one", "AUC", ".3f", "of one")
    assert columns.axis_title("x/one.tsv", "a") == "one (AUC)" and columns.axis_title("x/two.tsv", "a") == "glob"


def test_a_glob_stays_in_its_folder(other):
    other("x/*.tsv\ta\tone\t\t\tof some", "x/*/*.tsv\tb\tother\t\t\tof others")
    assert set(columns.columns_of("x/y.tsv")) == {"a"} and set(columns.columns_of("x/y/z.tsv")) == {"b"}
    assert columns.columns_of("w/x/y.tsv") == {}


def test_an_unknown_column_is_named_with_its_table(other):
    other("*\ta\tall\t\t\tof all", "m.tsv\t*\tr\t\t.2f\tof a matrix")
    with pytest.raises(KeyError, match=r"x\.tsv: column b"):
        columns.describe("x.tsv", "b")
    assert columns.describe("m.tsv", "any name").label == "r" and columns.describe("m.tsv", "a").label == "all"


def header_of(path) -> list[str]:
    """Return the names of a table's columns."""
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return pyarrow.parquet.read_schema(path).names
    return list(pd.read_csv(path, sep="\t", nrows=0))


def headers_of(results) -> dict[str, list[str]]:
    """Return the columns of every table of a finished study, by its path."""
    files = [*results.rglob("*.tsv"), *results.rglob("*.tsv.gz")]
    files += [path for pattern in PARQUET for path in results.glob(pattern)]
    tables = {path.relative_to(results): path for path in sorted(files)}
    return {str(name): header_of(path) for name, path in tables.items() if not set(name.parts[:-1]) & set(NOT_OURS)}


def optional_tables() -> dict[str, list[str]]:
    """Return the columns of the tables that the demo lacks."""
    import importlib

    places = {table: place.rsplit(".", 1) for table, place in OPTIONAL.items()}
    return {table: getattr(importlib.import_module(module), name) for table, (module, name) in places.items()}


def rows_of(table: str, column: str) -> list[tuple[str, str]]:
    """Return the rows that hold for a column: those of the first level that has any."""
    for name in (column, columns.ALL_COLUMNS):
        for level in columns.levels_of(table):
            found = [(key, name) for key in level if name in columns.read()[key]]
            if found:
                return found
    return []


@pytest.mark.full
def test_each_column_of_the_demo_has_one_row_and_no_row_is_unused(demo, rows):
    tables = headers_of(demo)
    assert {"switches/switches.tsv", "reference/genes.tsv", "cells/attrition.tsv"} <= set(tables)
    assert not set(OPTIONAL) & set(tables)
    tables |= optional_tables()
    held = {(table, column): rows_of(table, column) for table, names in tables.items() for column in names}
    wrong = {key: found for key, found in held.items() if len(found) != 1}
    assert not wrong
    used = {row for found in held.values() for row in found}
    assert set(zip(rows["table"], rows["column"], strict=True)) == used


@pytest.mark.full
def test_no_two_columns_of_a_table_have_one_title(demo):
    for table, names in (headers_of(demo) | optional_tables()).items():
        if columns.ALL_COLUMNS not in columns.read().get(table, {}):
            titles = pd.Series([columns.axis_title(table, name) for name in names], index=names)
            assert not titles.duplicated(keep=False).any(), (table, titles[titles.duplicated(keep=False)].to_dict())
