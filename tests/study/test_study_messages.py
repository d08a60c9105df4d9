"""Mistakes as a user meets them: through Snakemake, one line, no traceback; and how long a look at the study takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from scripts.study.load import load_study

ROOT = Path(__file__).parents[2]


def snakemake(folder: Path, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess:
    """Run Snakemake's dry run with its cache in the folder."""
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", *arguments]
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def put(sheet: str, row: int, column: str, value: str):
    """Return an edit that changes a cell."""
    return lambda draft: draft.put(sheet, row, column, value)


def take_latin(draft) -> None:
    """Save the units sheet in another encoding."""
    draft.units = draft.units.replace("L002", "é").encode("latin-1")


def ask_for_files(draft) -> None:
    """Let the files be looked for."""
    draft.config["check_files"] = True


BAD = {
    "unknown arm": (put("samples", 3, "arm", "AB"), [], "samples.tsv, row 3, column arm: 'AB' is not among arms"),
    "unknown column": (put("samples", 1, "column", "colum"), [], "samples.tsv, row 1: 'colum' is not a column of this"),
    "file twice": (put("units", 3, "fq1", "reads/a_L001_R1.fastq.gz"), [], "units.tsv, row 3, column fq1: "),
    "another encoding": (take_latin, [], "units.tsv, row 3, cell 2: b'\\xe9' is not UTF-8"),
    "no files": (ask_for_files, [], "units.tsv, row 2, column fq1: there is no 'reads/a_L001_R1.fastq.gz'; correct"),
    "unknown key": (lambda draft: draft.set("cell", {}), [], "config, cell: is not a key; did you mean 'cells'?"),
    "value given by hand": (
        lambda draft: None,
        ["--config", "cells={qc: {max_genes: 100}}"],
        "config, cells.qc.min_genes: 2000 is not below max_genes, 100",
    ),
}


@pytest.mark.parametrize(("edit", "arguments", "words"), BAD.values(), ids=BAD.keys())
def test_mistake_is_one_line_and_no_traceback(draft, edit, arguments, words):
    edit(draft)
    path = draft.folder / "config.yaml"
    path.write_text(yaml.safe_dump(draft.write()))
    done = snakemake(draft.folder, "--configfile", str(path), *arguments)
    said = (done.stdout + done.stderr).strip().splitlines()
    assert done.returncode == 1
    (message,) = (line for line in said if line.startswith("error: "))
    assert words in message
    # Snakemake's own word that one config is laid over another is all that may stand beside it.
    assert [line for line in said if line != message and not line.startswith("Config file")] == []


@pytest.fixture
def shipped(tmp_path):
    """Return a folder with the shipped study in which every file it names is there, if empty."""
    for name in ("config", "resources"):
        (tmp_path / name).symlink_to(ROOT / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        study = load_study(yaml.safe_load(Path("config/config.yaml").read_text()), check_files=False)
        regulons, genomes = study.config["regulons"], study.config["references"]
        files = [*study.units["fq1"], *study.units["fq2"], *study.samples["matrix"]]
        files += [genomes[species][part] for species in ("graft", "host") for part in ("fasta", "gtf")]
        files += [entry["path"] for entry in (*regulons["databases"], regulons["motif_annotations"], regulons["tfs"])]
        for path in map(Path, filter(None, files)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    return tmp_path


def test_shipped_study_is_planned_in_seconds(shipped):
    start = time.perf_counter()
    done = snakemake(shipped, "--snakefile", str(ROOT / "Snakefile"), cwd=shipped)
    taken = time.perf_counter() - start
    assert done.returncode == 0, done.stdout + done.stderr
    # Measured 4 s on one idle core; the bound leaves room for a busy machine.
    assert taken < 30
