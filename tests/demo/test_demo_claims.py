"""Each p-value, interval and verdict of each table of a finished demo has error rates, or a reason why not."""

from base.test_columns import headers_of, optional_tables
from calibration import claims


def test_each_claim_of_each_table_has_a_row(results):
    tables = headers_of(results)
    assert {"switches/switches.tsv", "expression/differential_expression.tsv"} <= set(tables)
    missing = claims.missing(tables)
    assert not missing, f"give each error rates (tests/calibration) and a row in claims.tsv: {missing}"


def test_no_row_is_left_of_a_claim_that_no_table_makes(results):
    if results.parent.parent.name == "reduced":
        return  # fewer tables than the whole demo
    assert claims.unused(headers_of(results) | optional_tables()) == []
