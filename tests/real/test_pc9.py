"""Real drug-tolerant cells through the whole DAG, with a stand-in motif database: what a biologist checks first."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from checkout import drop_if_outdated

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(not (DATA / "pc9_erlotinib").is_dir(), reason="../shared/data/pc9_erlotinib isn't here"),
]


@pytest.fixture(scope="module")
def pc9() -> Path:
    """Return the results of tests/real/pc9/config.yaml."""
    drop_if_outdated(ROOT / "results" / "pc9")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "tests/real/pc9/config.yaml"]
    ran = subprocess.run([*command, "--rerun-incomplete"], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-8000:]
    return ROOT / "results" / "pc9"


def test_cells_are_those_that_the_defaults_keep(pc9):
    """285 and 919 cells: of 380 and 1,136 barcodes with 500 UMIs or more 322 and 992 are called cells, and cuts on
    mitochondrial share, genes and doublets remove a few. The deposit has 280 and 809 cells of 1,000 UMIs or more.
    """
    kept = pd.read_csv(pc9 / "cells" / "attrition.tsv", sep="\t").groupby("sample")["remaining"].min()
    assert 270 <= kept["PC9_control"] <= 300
    assert 875 <= kept["PC9_erlotinib"] <= 960


def test_treatment_separates_cells_and_thins_the_cycle(pc9):
    cells = pd.read_csv(pc9 / "clusters" / "PC9" / "cells.tsv.gz", sep="\t")
    centre = cells.groupby("timepoint")[["umap_1", "umap_2"]].mean()
    assert (centre.loc["untreated"] - centre.loc["persister"]).pow(2).sum() > 1
    assert cells.groupby("timepoint")["phase"].apply(lambda phase: (phase != "G1").mean()).between(0.05, 0.95).all()


def test_regulons_are_more_than_exchanged_motifs_give(pc9):
    """E2F1 stands out in any dividing culture. FOXM1 is found as well, but any cell-cycle module has its motif."""
    edges = pd.read_csv(pc9 / "regulons" / "consensus.tsv", sep="\t")
    tested = pd.read_csv(pc9 / "regulons" / "PC9" / "exchanged.tsv", sep="\t").set_index("regulon")
    kept = tested[tested["status"] == "kept"]
    assert set(edges["regulon"]) == set(kept.index) and "E2F1(+)" in kept.index
    assert kept["false_share"].max() <= 0.1 < tested["false_share"].drop(kept.index).min()
    assert tested["nes"].idxmax() == "E2F1(+)"


def test_one_model_is_not_called_shared(pc9):
    switches = pd.read_csv(pc9 / "switches" / "switches.tsv", sep="\t")
    assert len(switches) and (switches["n"] == 1).all()
    assert switches["p"].isna().all() and switches["ci_low"].isna().all()
    assert (switches["verdict"] == "too few models").all()


def test_the_stand_in_is_named_as_one(pc9):
    assert "stand-in" in (pc9 / "regulons" / "consensus.gmt").read_text()
    assert (pc9 / "report" / "report.html").stat().st_size > 1e5 and (
        pc9 / "report" / "report.zip"
    ).stat().st_size > 1e5
