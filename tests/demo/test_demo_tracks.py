"""The demo's peaks as a track that prunes modules, from the finished demo to a group's regulons and the verdict."""

import os
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from checkout import RESULTS, ROOT, copy_checkout

GROUP = "HBCx95"
TARGETS = [f"{RESULTS}/regulons/{GROUP}/regulons.tsv", f"{RESULTS}/chromatin/peaks.genes_vs_tracks.rankings.feather"]

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def tracked(demo, tmp_path_factory):
    """Return the results of a group pruned by peaks too; what tracks don't change is that of the finished demo."""
    checkout = copy_checkout(tmp_path_factory.mktemp("tracks") / "checkout")
    shutil.copytree(demo, checkout / RESULTS, copy_function=os.link)
    shutil.copytree(ROOT / ".snakemake" / "metadata", checkout / ".snakemake" / "metadata")
    (checkout / "tracks.yaml").write_text("chromatin: {tracks: true}\n")
    command = [sys.executable, "-m", "snakemake", *TARGETS, "--cores", "2", "--workflow-profile"]
    command += ["config/profiles/local", "--configfile", "config/demo/config.yaml", "tracks.yaml"]
    done = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    assert "make_tracks" in said.replace(" ", "_") and "infer_network" not in said.replace(" ", "_")
    return checkout / RESULTS


def test_modules_are_pruned_by_peaks_beside_the_motifs(tracked, demo):
    """The track of FOSL1 is enriched in FOSL1's modules, and no other factor has a track that is."""
    runs = [pd.read_parquet(path) for path in (tracked / "regulons" / GROUP).glob("*/motifs.parquet")]
    motifs = pd.concat(runs)
    own = motifs[motifs["database"].str.startswith("peaks")]
    assert 0 < len(own) < len(motifs) and "FOSL1" in set(own["tf"]) and set(own["tf"]) <= {"FOSL1", "STAT1"}
    before = pd.concat(pd.read_parquet(path) for path in (demo / "regulons" / GROUP).glob("*/motifs.parquet"))
    assert not before["database"].str.startswith("peaks").any()
    regulons = pd.read_csv(tracked / "regulons" / GROUP / "regulons.tsv", sep="\t")
    assert {"FOSL1", "JUNB"} <= set(regulons["tf"])
