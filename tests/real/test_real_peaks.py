"""FOSL1 CUT&Tag of MDA-MB-468 against CollecTRI's targets, with expression of the study's profiles: told as it is."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.chromatin import changes, enrichment, promoters
from scripts.chromatin.peaks import read_peaks

DATA = Path(__file__).parents[2].parent / "shared" / "data"
PEAKS, STUDY = DATA / "peaks", DATA / "study_profiles"
FACTORS = ("FOSL1", "JUN", "AP1", "MYC")
STATES = {"WT": "untreated", "5FU": "persister", "GOF": "over-expression"}
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not (PEAKS.is_dir() and STUDY.is_dir()), reason="../shared/data/peaks isn't here"),
]


@pytest.fixture(scope="module")
def starts() -> pd.DataFrame:
    return promoters.read_promoters(PEAKS / "tss_hg38.tsv.gz")


@pytest.fixture(scope="module")
def found(starts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the comparisons, and the verdicts."""
    counts = pd.read_csv(STUDY / "Common_rawcounts_mat_common_genes_samples.csv.gz", index_col=0)
    expression = np.log2(counts / counts.sum() * 1e6 + 1).mean(axis=1)
    genes = promoters.list_genes(starts)
    genes = genes[genes["gene"].isin(expression.index)].reset_index(drop=True)
    genes["expression"] = genes["gene"].map(expression)
    network = pd.read_csv(STUDY / "TFs_network_CollecTRI.csv.gz").query("source in @FACTORS")
    edges = network.rename(columns={"source": "tf"}).assign(regulon=lambda t: t["tf"])[["regulon", "tf", "target"]]
    sets = {name: {"factor": "FOSL1", "mark": "", "sample": "MDA-MB-468", "state": s} for name, s in STATES.items()}
    distances = {
        name: promoters.distance_by_gene(starts, read_peaks(PEAKS / f"FOSL1_{name}.narrowPeak.gz"))
        .reindex(genes["gene"])
        .to_numpy()
        for name in sets
    }
    table = enrichment.compare_regulons(genes, pd.DataFrame(distances), edges, sets, promoter=2_000, distal=50_000)
    return table, enrichment.judge(table, edges, 0.05).set_index("regulon")


def test_peaks_are_of_the_annotations_genome_and_those_of_another_release_are_not(starts):
    peaks = read_peaks(PEAKS / "FOSL1_WT.narrowPeak.gz")
    own = promoters.check_genome(peaks, starts, 2_000, "FOSL1_WT")
    assert own["promoter"] > 4 * own["shifted"] and own["unplaced"] == 0
    moved = peaks.assign(start=peaks["start"] + 40_000, end=peaks["end"] + 40_000)
    other = promoters.check_genome(moved, starts, 2_000, "moved")
    assert other["promoter"] < promoters.LEAST_RATIO * other["shifted"]


def test_fosl1_targets_are_too_few_to_tell(found):
    assert found[1].loc["FOSL1", "verdict"] == "unclear" and found[1].loc["FOSL1", "targets"] == 27
    assert (found[1].drop("FOSL1")["verdict"] == "no peaks").all()


def test_ap1_and_jun_targets_lie_near_peaks_of_persisters_and_so_do_mycs(found):
    table = found[0].query("peak_set == '5FU' and window == 'promoter'").set_index("regulon")
    assert (table.loc[["AP1", "JUN"], "ci_low"] > 1.1).all() and table.loc["MYC", "ci_low"] > 1
    assert table.loc["AP1", "odds_ratio"] > table.loc["MYC", "odds_ratio"]


def test_against_each_other_s_targets_only_those_of_ap1_and_jun_lie_near_peaks_of_persisters(found):
    """MYC's lie near them as active genes do: no more often than targets of AP-1's factors."""
    table = found[0].query("peak_set == '5FU' and window == 'promoter'").set_index("regulon")
    assert (table["others"] > 300).all()
    assert (table.loc[["AP1", "JUN"], enrichment.OTHERS_P] < 0.05).all()
    assert table.loc["MYC", enrichment.OTHERS_P] > 0.5 and table.loc["MYC", "others_odds_ratio"] < 1


def test_persisters_gain_and_lose_peaks():
    before, after = (read_peaks(PEAKS / f"FOSL1_{name}.narrowPeak.gz") for name in ("WT", "5FU"))
    counts = changes.change_of_peaks(before, after)["change"].value_counts()
    assert counts["gained"] + counts["kept"] == len(after) and counts.min() > 500
