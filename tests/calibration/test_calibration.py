"""Error rates of every p-value, interval and verdict, with few simulations; the table and its page in the docs."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from calibration import calibrate, claims, paired_shared
from calibration.row import AROUND, AT_LEAST, AT_MOST, COVERAGE, OK, POWER, REPORTED, TYPE_1, WEAK, Row, clustered
from scripts.base import calibration, columns

MOST_ROWS = 2_000
AT_ONCE = ("mixed_models", "on_off", "paired_power", "regulons_null", "trends")
"""Topics that take less than three seconds: part of `make test`, which else reads the rates that are written down."""
ALPHA = 1e-3 / MOST_ROWS
"""A row whose truth lies within its limits fails with at most this probability, the whole table with 1e-3."""


@cache
def quick(topic: str) -> list[Row]:
    """Return a topic's rates from few simulations."""
    return calibrate.rows_of(topic, quick=True)[0]


@pytest.mark.parametrize(
    "topic", [pytest.param(topic, marks=[] if topic in AT_ONCE else pytest.mark.full) for topic in calibrate.topics()]
)
def test_rates_are_what_they_should_be(topic):
    found = quick(topic)
    assert found and all(row.trials > 0 for row in found)
    off = [row for row in found if row.surprise() < ALPHA]
    assert not off, "\n" + calibrate.as_text(calibrate.tabulate(topic, off))


def names_of(whats: list[tuple[str, ...]]) -> set[tuple[str, str]]:
    """Return (table, column) of all columns among what rates are about."""
    names = {name for what in whats for name in what if ": " not in name}
    return {tuple(name.rsplit(" ", 1)) for name in names}


@pytest.fixture(scope="module", params=["written", pytest.param("simulated", marks=pytest.mark.full)])
def measured(request) -> list[tuple[str, ...]]:
    """Return what rates are about: those of the table that is part of the project, and of few simulations."""
    if request.param == "written":
        return [tuple(what.split(calibration.SEPARATOR)) for what in calibration.read()["what"]]
    return [row.columns for topic in calibrate.topics() for row in quick(topic)]


def test_every_claim_of_a_table_is_measured(measured):
    """A p-value or an interval of a table needs rates; claims.tsv says which hold for it."""
    assert len(measured) <= MOST_ROWS
    asked = {tuple(name.rsplit(" ", 1)) for name in claims.read()["rates"] if name}
    missing = asked - names_of(measured)
    assert not missing, f"without a row in the calibration table: {sorted(missing)}"


def test_rates_are_about_columns_that_exist(measured):
    known = {(table, column) for table, own in columns.read().items() for column in own}
    known |= {tuple(name.rsplit(" ", 1)) for name in claims.read()["rates"] if name}
    unknown = names_of(measured) - known
    assert not unknown, sorted(unknown)


def test_the_page_shows_the_table():
    rates = calibration.read()
    assert list(rates) == calibration.HEADER and len(rates)
    assert calibrate.PAGE.read_text(encoding="utf-8") == calibrate.as_page(rates)
    assert f"({calibrate.PAGE.relative_to(calibrate.ROOT)})" in (calibrate.ROOT / "README.md").read_text("utf-8")


def test_the_table_holds_what_is_measured(measured):
    """A topic or a column that was added since needs `make calibration CALIBRATION=--write`."""
    rates = calibration.read()
    assert set(rates["topic"]) == set(calibrate.topics())
    written = {name for what in rates["what"] for name in what.split(calibration.SEPARATOR)}
    assert {name for what in measured for name in what} <= written


@pytest.mark.parametrize("truth", [paired_shared.ALL, paired_shared.MOST])
def test_more_patients_never_lower_the_power_for_what_they_share(truth):
    """Of the written table: at least the least power for 8, 25 and 100 patients, and no less with more of them."""
    rates = calibration.rates_of_verdict("paired", "shared")
    rates = rates[(rates["topic"] == "paired_shared") & rates["truth"].str.startswith(truth)].set_index("design")
    power = [rates.at[f"{n} × (1+1)", "rate"] for n in (8, 25, 100)]
    assert power == sorted(power)
    assert [rates.at[f"{n} × (1+1)", "level"] for n in (8, 25, 100)] == [
        paired_shared.LEAST[n][truth] for n in (8, 25, 100)
    ]
    assert all(found >= paired_shared.LEAST[n][truth] for n, found in zip((8, 25, 100), power, strict=True))


def test_what_half_of_the_patients_contradict_is_not_shared():
    rates = calibration.rates_of_verdict("paired", "shared")
    found = rates[(rates["topic"] == "paired_shared") & rates["truth"].str.startswith(paired_shared.HALF)]
    assert len(found) == 3 and (found["rate"] <= paired_shared.FALSE).all()


def test_rates_of_a_column_are_read():
    found = calibration.rates_of("activity/reversibility.tsv", "verdict")
    assert len(found) and found["rate"].between(0, 1).all()
    assert calibration.rates_of("*", "verdict").empty and calibration.rates_of("nothing", "p").empty
    assert len(calibration.rates_of_verdict("reversibility", "back"))


@pytest.mark.full
def test_figures_do_not_depend_on_processes():
    alone = calibrate.tabulate("arms", quick("arms"))
    table, seconds = calibrate.run(True, 2, ["arms"])
    pd.testing.assert_frame_equal(table, alone)
    assert seconds["arms"] > 0


def row(quantity: str, level: float | None, hits: float, trials: int, bound: str, **more) -> Row:
    return Row(("* p",), "8 × (1+1)", "none", quantity, level, hits, trials, bound, **more)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (row(TYPE_1, 0.05, 650, 10_000, AROUND), OK),
        (row(TYPE_1, 0.05, 720, 10_000, AROUND), WEAK),
        (row(TYPE_1, 0.05, 290, 10_000, AROUND), WEAK),
        (row(COVERAGE, 0.95, 9_300, 10_000, AROUND), OK),
        (row(COVERAGE, 0.95, 9_200, 10_000, AROUND), WEAK),
        (row(TYPE_1, 0.05, 0, 10_000, AT_MOST), OK),
        (row(TYPE_1, 0.05, 560, 10_000, AT_MOST), WEAK),
        (row(TYPE_1, 0.05, 560, 10_000, AT_MOST, error=0.01), OK),
        (row(POWER, 0.8, 7_000, 10_000, AT_LEAST), WEAK),
        (row(POWER, None, 0, 10_000, REPORTED), OK),
    ],
)
def test_a_rate_is_held_against_its_level(found, verdict):
    assert found.verdict == verdict


def test_the_bound_of_the_tests_is_far_from_chance_and_near_enough_to_fail():
    rng = np.random.default_rng(0)
    right = [row(TYPE_1, 0.05, hits, 2_000, AT_MOST).surprise() for hits in rng.binomial(2_000, 0.05, 1_000)]
    assert min(right) > 1e-5
    assert row(TYPE_1, 0.05, 180, 2_000, AT_MOST).surprise() < ALPHA
    assert row(COVERAGE, 0.95, 1_750, 2_000, AROUND).surprise() < ALPHA
    assert row(TYPE_1, 0.05, 180, 2_000, AT_MOST, error=0.03).surprise() > ALPHA


def test_features_of_one_study_are_no_independent_trials():
    found = clustered(np.array([0, 100, 0, 100]), 100)
    assert found["hits"] == 200 and found["trials"] == 400
    assert found["error"] == pytest.approx(np.std([0, 1, 0, 1], ddof=1) / 2)


@pytest.mark.parametrize("wrong", [{"quantity": "luck"}, {"bound": "near"}, {"level": None}])
def test_a_row_speaks_the_words_of_the_table(wrong):
    right = {"quantity": TYPE_1, "level": 0.05, "hits": 1, "trials": 10, "bound": AROUND}
    row(**right)
    with pytest.raises(ValueError, match=r"word of the calibration table|unless it is only reported"):
        row(**right | wrong)
