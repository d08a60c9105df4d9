"""Each p-value, interval and verdict of each table has rates of its own, or a reason why not (claims.tsv)."""

import pandas as pd
import pytest
from base.test_columns import optional_tables

from calibration import claims
from scripts.base import calibration, columns

NEW = "switches/brand_new.tsv"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Return the file as it stands."""
    return claims.read()


def test_the_file_is_whole_sorted_and_without_duplicates(rows):
    assert list(rows) == claims.HEADER and len(rows) > 150
    keys = list(rows[["table", "column"]].itertuples(index=False, name=None))
    assert keys == sorted(set(keys))
    assert (rows["table"] != columns.ALL_TABLES).all(), "a row holds for a table, never for all"


def test_a_row_has_rates_of_its_own_or_says_why_not(rows):
    own = rows["rates"] == rows["table"] + " " + rows["column"]
    assert own.sum() > 50
    assert rows.loc[own, "reason"].eq("").all()
    assert rows.loc[~own, "reason"].str.len().ge(15).all(), rows[~own & (rows["reason"] == "")].to_string()


def test_rates_that_a_row_names_were_measured_and_all_measured_ones_are_named(rows):
    measured = {name for what in calibration.read()["what"] for name in what.split(calibration.SEPARATOR)}
    measured = {name for name in measured if ": " not in name}
    named = set(rows["rates"]) - {""}
    assert named <= measured, sorted(named - measured)
    # The rank is no claim; how often chance puts a regulon first was measured all the same.
    assert measured - named <= {"* rank_product", "* evidence_rank"}, sorted(measured - named)


@pytest.mark.parametrize(
    "column", ["p", "fdr", "ci_low", "ci_high", "verdict", "fwer", "share_low", "gain_p", "mrna_fdr"]
)
def test_a_claim_of_a_new_table_is_missing_whatever_other_tables_have(column):
    assert claims.missing({NEW: ["regulon", column]}) == [(NEW, column)]
    assert claims.missing({NEW: ["regulon", "n_models"]}) == []


def test_a_new_claim_of_a_known_table_is_missing():
    known = ["regulon", "p", "fdr", "verdict"]
    assert claims.missing({"switches/switches.tsv": known}) == []
    assert claims.missing({"switches/switches.tsv": [*known, "p_new"]}) == [("switches/switches.tsv", "p_new")]
    assert claims.missing({"clusters/M1/persister.markers.tsv": ["gene", "p", "fdr"]}) == []
    assert claims.missing({"clusters/M1/M2/persister.markers.tsv": ["p"]}) == [
        ("clusters/M1/M2/persister.markers.tsv", "p")
    ]


def test_a_label_shows_a_claim_whose_name_does_not(monkeypatch):
    new = {NEW: {"certainty": columns.Column("certainty, FDR", "", ".2g", "rate")}}
    monkeypatch.setattr(columns, "read", lambda: new)
    assert claims.missing({NEW: ["certainty"]}) == [(NEW, "certainty")]


def test_claims_with_a_row_of_their_own_in_the_columns_have_one_here():
    described = {table: list(own) for table, own in columns.read().items() if table != columns.ALL_TABLES}
    known = claims.read()
    for table, own in described.items():
        listed = set(known.loc[[columns.matches(table, name) or name == table for name in known["table"]], "column"])
        claimed = {column for column in own if claims.is_claim(table, column)}
        assert claimed <= listed, (table, sorted(claimed - listed))


def test_tables_that_the_demo_lacks_have_all_their_claims():
    assert claims.missing(optional_tables()) == []
