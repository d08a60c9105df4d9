"""Inputs in an object store and results that go there, by Snakemake's plugin, against a store of this machine."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import anndata
import pytest
import yaml
from object_store import KEYS, store  # noqa: F401
from outer_workflow import CONFIG, MATRIX

ROOT = Path(__file__).parents[2]
COUNTS = ["out/persisters/counts/A_untreated.h5ad", "out/persisters/counts/A_AC.h5ad"]
STORED = """\
sample	model	timepoint	arm	replicate	assay	matrix
A_untreated	A	untreated	untreated	1	scrna	s3://lab/counts/A_untreated.tsv
A_AC	A	persister	AC	1	scrna	data/A_AC.tsv
"""

pytestmark = pytest.mark.full


@pytest.fixture
def study(tmp_path, store):  # noqa: F811
    """Return a study of which one matrix is in the store."""
    client, _ = store
    for name, text in (("sheets/samples.tsv", STORED), ("data/A_AC.tsv", MATRIX)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONFIG))
    client.put_object(Bucket="lab", Key="counts/A_untreated.tsv", Body=MATRIX.encode())
    return tmp_path


def call(folder: Path, address: str, *arguments: str, code: int = 0) -> str:
    """Call the workflow, which finds the store at an address; return what it says."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(("SNAKEMAKE_", "PYTHONPATH"))}
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--cores", "1"]
    command += ["--configfile", "config.yaml", "--storage-s3-endpoint-url", address, "--storage-s3-retries", "1"]
    command += ["--workflow-profile", ROOT / "config" / "profiles" / "local", *arguments]
    done = subprocess.run(command, cwd=folder, env=inherited | KEYS, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_matrix_in_a_store_is_read_as_one_on_disk(study, store):  # noqa: F811
    """It is fetched once; a new version in the store repeats what depends on it, and nothing else."""
    client, address = store
    call(study, address, "--", *COUNTS)
    untreated, treated = (anndata.read_h5ad(study / path) for path in COUNTS)
    assert (untreated.X != treated.X).nnz == 0 and untreated.shape == (2, 3)
    assert (study / "out/persisters/inputs/lab/counts/A_untreated.tsv").read_text() == MATRIX
    assert "Nothing to be done" in call(study, address, "--", *COUNTS)
    before = (study / COUNTS[1]).stat().st_mtime_ns
    time.sleep(1.1)  # dates in a store are of whole seconds
    client.put_object(Bucket="lab", Key="counts/A_untreated.tsv", Body=MATRIX.replace("ACTB\t3", "ACTB\t9").encode())
    call(study, address, "--", *COUNTS)
    changed = anndata.read_h5ad(study / COUNTS[0])
    assert changed[:, "ACTB"].X.toarray().max() == 9
    assert (study / COUNTS[1]).stat().st_mtime_ns == before


def test_preflight_reads_the_copies(study, store):  # noqa: F811
    """What preflight asks about the workflow doesn't ask the store again."""
    client, address = store
    for entry in CONFIG["regulons"]["databases"]:
        (study / entry["path"]).touch()
    for name in ("motifs-v10.tbl", "allTFs_hg38.txt"):
        client.put_object(Bucket="lab", Key=name, Body=b"")
    stored = {"motif_annotations": {"path": "s3://lab/motifs-v10.tbl"}, "tfs": {"path": "s3://lab/allTFs_hg38.txt"}}
    config = {**CONFIG, "regulons": {**CONFIG["regulons"], **stored}, "store": "s3://lab/results"}
    (study / "config.yaml").write_text(yaml.safe_dump(config))
    said = call(study, address, "--", "preflight", code=1)
    assert "lab/allTFs_hg38.txt: the file is empty" in said and "2 matrices" in said
    stages = re.findall(r"^ +\d+ (\w+)$", said, re.MULTILINE)
    assert {"counts", "regulons", "report"} <= set(stages)


def test_what_a_store_lacks_is_named(study, store):  # noqa: F811
    client, address = store
    client.delete_object(Bucket="lab", Key="counts/A_untreated.tsv")
    assert "s3://lab/counts/A_untreated.tsv (in storage)" in call(study, address, "--", *COUNTS, code=1)
    client.put_object(Bucket="lab", Key="counts/A_untreated.tsv/barcodes.tsv", Body=b"")
    said = call(study, address, "--", *COUNTS, code=1)
    assert "s3://lab/counts/A_untreated.tsv is a folder of the store; give a single file" in said
    client.delete_object(Bucket="lab", Key="counts/A_untreated.tsv/barcodes.tsv")


def test_a_store_that_cannot_be_reached_is_named(study, store):  # noqa: F811
    assert "Could not connect" in call(study, "http://127.0.0.1:9", "--", *COUNTS, code=1)


def test_a_newer_network_in_the_store_repeats_what_reads_it(study, store):  # noqa: F811
    """Through the link below references/ that other rules read."""
    client, address = store
    client.put_object(Bucket="lab", Key="network.tsv", Body=b"source\ttarget\tweight\nJUN\tACTB\t1\n")
    config = {**CONFIG, "activity": {"network": {"path": "s3://lab/network.tsv"}}}
    (study / "config.yaml").write_text(yaml.safe_dump(config))
    target = "out/persisters/references/gene_lists/network.tsv"
    call(study, address, "--", target)
    assert (study / target).read_text().endswith("JUN\tACTB\t1\n")
    time.sleep(1.1)
    client.put_object(Bucket="lab", Key="network.tsv", Body=b"source\ttarget\tweight\nJUN\tGAPDH\t1\n")
    call(study, address, "--", target)
    assert (study / target).read_text().endswith("JUN\tGAPDH\t1\n")
