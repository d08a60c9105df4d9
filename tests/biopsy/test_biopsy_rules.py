"""The stage as Snakemake runs it: in an empty folder, from a matrix to the page; and what it leaves alone."""

import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import in_process
import pandas as pd
import pytest

HEADER = "sample\tmodel\ttimepoint\tarm\treplicate\tassay\tmatrix\tcolumn\trole\n"
LIMIT = 120
"""Seconds that one biopsy may take from a matrix, as specified. Processor time of all jobs is asked for: other work on
the machine doesn't stretch it.
"""


def spent() -> float:
    """Return the processor time of this process and of all finished child processes (s)."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def as_a_user(folder: Path, *arguments: str) -> in_process.Said:
    """Call Snakemake in a process of its own, each job in another one."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return in_process.Said(done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def folder(simulator, tmp_path_factory):
    """Return a folder with a samples sheet, a config of one line, and raw matrices of two biopsies."""
    folder = tmp_path_factory.mktemp("biopsies")
    kinds = {"graft_cells": 450, "host_cells": 150, "empty_droplets": 600}
    truth = simulator.matrix(folder / "B20.h5ad", "HBCx7", seed=21, persister=0.2, **kinds)
    single = truth[(truth["kind"] == "cell") & (truth["species"] == "graft")]
    simulator.matrix(
        folder / "host.h5ad", "HBCx7", seed=22, persister=0.2, **kinds | {"graft_cells": 2, "host_cells": 300}
    )
    (folder / "config").mkdir()
    (folder / "config" / "config.yaml").write_text("samples: samples.tsv\n")
    rows = [f"{name}\tHBCx7\tday21\tAC\t1\tscrna\t{name}.h5ad\t\tquery\n" for name in ("B20", "host")]
    (folder / "samples.tsv").write_text(HEADER + "".join(rows))
    (folder / "truth").write_text(str((single["timepoint"] == "persister").mean()))
    return folder


@pytest.mark.parametrize("call", [in_process.snakemake, pytest.param(as_a_user, marks=pytest.mark.full)])
def test_a_matrix_becomes_a_page_in_an_empty_folder(folder, options, tmp_path, call):
    """In this process, and as a user calls it."""
    given, folder = folder, tmp_path / "biopsies"
    shutil.copytree(given, folder, ignore=shutil.ignore_patterns("results", ".snakemake"))
    start = spent()
    target = "results/biopsy/B20/biopsy.html"
    done = call(folder, "--cores", "1", *options(folder), target)
    assert done.code == 0, done.text
    assert spent() - start < LIMIT
    scores = pd.read_csv(folder / "results/biopsy/B20/scores.tsv", sep="\t").set_index(["section", "item"])
    found = scores.loc[("fraction", "persister-like cells")]
    assert found["value"] == pytest.approx(float((folder / "truth").read_text()), abs=0.05)
    cells = pd.read_parquet(folder / "results/biopsy/B20/cells.parquet")
    assert len(cells) > 350 and cells["persister"].mean() == pytest.approx(found["value"], abs=0.01)
    stroma = scores.loc["stroma"]
    assert stroma["value"].sum() == pytest.approx(1) and stroma["low"].notna().all()
    assert {"fibroblast", "macrophage"} <= set(stroma.index)
    page = (folder / target).read_text()
    assert (
        "persister-like cells" in page
        and "Lineages of the stroma" in page
        and page.count("<svg") == 4  # two figures, each for a wide and a narrow screen
        and "http" not in re.sub(r'"http://www.w3[^"]*"', "", page)
    )
    assert not list((folder / "results").glob("*/host*")), "nothing of the other biopsy"


def test_a_sample_of_mouse_cells_alone_is_told_apart_by_its_reads(folder, options):
    target = "results/biopsy/host/biopsy.html"
    done = in_process.snakemake(folder, "--cores", "1", *options(folder), target)
    assert done.code == 0, done.text
    page = (folder / target).read_text()
    assert "not scored" in page and "host only" in page
    assert "Lineages of the stroma" in page and "not placed: the tumour cells are not scored" in page


def test_one_biopsy_asks_for_its_own_jobs_alone(folder, options):
    target = "results/biopsy/host/biopsy.html"
    done = in_process.snakemake(folder, "--dry-run", "--forceall", *options(folder), target)
    assert done.code == 0, done.text
    jobs = dict(re.findall(r"^(\w+) +(\d+)$", done.text, re.MULTILINE))
    rules = ("import_matrix", "call_cells", "filter_cells", "score_biopsy", "draw_biopsy")
    assert jobs == dict.fromkeys(rules, "1") | {"total": "5"}
    assert set(re.findall(r"wildcards: sample=(\w+)", done.text)) == {"host"}


def test_a_reference_changed_is_told_before_any_job(folder, options, tmp_path):
    done = in_process.snakemake(folder, "--dry-run", *options(folder, tmp_path), "biopsy")
    assert done.code and "Traceback" not in done.text
    assert "snakemake freeze" in done.text
