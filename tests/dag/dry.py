"""Ask Snakemake what there is to do in a folder, and which files a study names."""

import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import in_process
import pandas as pd

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class DryRun:
    """What a dry run said: jobs by rule, the text, and the processor time it took (s)."""

    jobs: dict[str, int]
    text: str
    seconds: float


def arguments_of(folder: Path, *arguments: str) -> list[str]:
    """Return the arguments of a dry run of this workflow in ``folder``."""
    return ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--dry-run", "--cores", "2", *arguments]


def read(text: str, seconds: float) -> DryRun:
    """Return what a dry run said, with its table of jobs read."""
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total ", text, re.MULTILINE | re.DOTALL)
    jobs = {rule: int(count) for rule, count in (line.split() for line in table[1].splitlines())} if table else {}
    return DryRun(jobs, text, seconds)


def dry_run(folder: Path, *arguments: str) -> DryRun:
    """Ask in this process what there is to do in ``folder``. Fails if Snakemake does."""
    before = time.process_time()
    said = in_process.snakemake(folder, *arguments_of(folder, *arguments))
    assert said.code == 0, said.text
    return read(said.text, time.process_time() - before)


def dry_run_as_a_user(folder: Path, *arguments: str) -> DryRun:
    """Ask in a process of its own, whose start counts. Fails if Snakemake does."""
    command = [sys.executable, "-m", "snakemake", *arguments_of(folder, *arguments)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return read(done.stdout + done.stderr, seconds)


def named_files(config: dict, *sheets: pd.DataFrame) -> list[str]:
    """Return every input file that a config and its sheets name."""
    genomes = [own[part] for own in config.get("references", {}).values() for part in ("fasta", "gtf")]
    regulons = config.get("regulons")
    tables = [*regulons["databases"], regulons["motif_annotations"], regulons["tfs"]] if regulons else []
    cells = [cell for sheet in sheets for name in ("fq1", "fq2", "matrix") if name in sheet for cell in sheet[name]]
    return [*genomes, *(entry["path"] for entry in tables), *filter(None, cells)]
