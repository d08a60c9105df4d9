"""The demo's peaks against what was planted: one factor's lie near its targets, another's anywhere."""

import pandas as pd
import pytest
from checkout import only_whole

pytestmark = only_whole


@pytest.fixture(scope="module")
def read(results):
    """Return a function that reads a table of the demo, given as stage/name."""
    return lambda name: pd.read_csv(results / name, sep="\t")


def test_peaks_support_the_right_regulon_alone(read, truth):
    support = read("chromatin/support.tsv").set_index("tf")
    verdicts = support["verdict"]
    assert verdicts["FOSL1"] == "supported" and verdicts["STAT1"] in ("not supported", "unclear")
    assert (verdicts.drop(["FOSL1", "STAT1"]) == "no peaks").all()
    planted = pd.read_csv(truth / "peaks.tsv", sep="\t")
    near = planted.query("peak_set == 'FOSL1_persister' and planted == 'target'")
    assert len(near) == 16 and support.loc["FOSL1", "near"] >= 14
    assert support.loc["FOSL1", "peak_set"] == "FOSL1_persister" and support.loc["FOSL1", "ci_low"] > 3


def test_other_regulons_are_not_enriched_but_that_which_shares_targets(read):
    table = read("chromatin/enrichment.tsv").query("fdr <= 0.05 and odds_ratio > 1")
    assert set(table["regulon"]) <= {"FOSL1(+)", "JUNB(+)"} and "FOSL1(+)" in set(table["regulon"])
    assert not (table["peak_set"] == "STAT1_persister").any()


def test_gained_peaks_lie_at_rising_genes(read):
    trends = read("chromatin/trends.tsv").set_index("change")
    assert trends.loc["gained", "p"] < 0.001 and trends.loc["gained", "odds_ratio_per_decile"] > 1.2
    assert trends.loc["kept", "p"] > 0.01
    sets = read("chromatin/peak_sets.tsv")
    assert sets["note"].isna().all() and (sets["promoter_share"] > 5 * sets["promoter_by_chance"]).all()


def test_the_verdict_stands_beside_the_switch(read):
    switches = read("switches/switches.tsv").set_index("tf")
    assert switches.loc["FOSL1", "chromatin"] == "supported" and switches.loc["FOSL1", "chromatin_odds_ratio"] > 3
    assert switches.loc["MYC", "chromatin"] == "no peaks"
