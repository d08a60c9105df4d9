"""Mistakes as a user meets them: through Snakemake, one line, no traceback; and how long a look at the study takes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import in_process
import pytest
import yaml

from scripts.study.load import load_study

ROOT = Path(__file__).parents[2]


def as_a_user(folder: Path, *arguments: str) -> in_process.Said:
    """Call Snakemake in a process of its own."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return in_process.Said(done.returncode, done.stdout + done.stderr)


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
        "config, cells.qc.min_genes: 300 is not below max_genes, 100",
    ),
}


@pytest.mark.parametrize(
    ("call", "edit", "arguments", "words"),
    [
        *((in_process.snakemake, *case) for case in BAD.values()),
        *((as_a_user, *BAD[name]) for name in ("unknown arm", "value given by hand")),
    ],
    ids=[*BAD, "unknown arm, in a process of its own", "value given by hand, in a process of its own"],
)
def test_mistake_is_one_line_and_no_traceback(draft, call, edit, arguments, words):
    """In this process; and for a mistake in a sheet, and one in the config, in a process of its own."""
    edit(draft)
    path = draft.folder / "config.yaml"
    path.write_text(yaml.safe_dump(draft.write()))
    done = call(ROOT, "--dry-run", "--quiet", "--configfile", str(path), *arguments)
    said = done.text.strip().splitlines()
    assert done.code == 1
    (message,) = (line for line in said if line.startswith("error: "))
    assert words in message
    # Snakemake's own word that one config is laid over another is all that may stand next to it.
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


@pytest.mark.full
def test_shipped_study_is_planned_in_seconds(shipped):
    start = time.perf_counter()
    done = as_a_user(shipped, "--dry-run", "--quiet", "--snakefile", str(ROOT / "Snakefile"))
    taken = time.perf_counter() - start
    assert done.code == 0, done.text
    # Measured 4 s on one idle core; the bound leaves room for a busy machine.
    assert taken < 30
