"""Ask Snakemake what there is to do in a folder, and which files a study names."""

import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class DryRun:
    """What a dry run said: jobs by rule, the text, and the processor time it took (s)."""

    jobs: dict[str, int]
    text: str
    seconds: float


def dry_run(folder: Path, *arguments: str) -> DryRun:
    """Ask what there is to do in ``folder``. Fails if Snakemake does."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "--dry-run", "--cores", "2", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, done.stdout + done.stderr
    text = done.stdout + done.stderr
    table = re.search(r"^job +count\n[- ]+\n(.*?)^total ", text, re.MULTILINE | re.DOTALL)
    jobs = {rule: int(count) for rule, count in (line.split() for line in table[1].splitlines())} if table else {}
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return DryRun(jobs, text, seconds)


def named_files(config: dict, *sheets: pd.DataFrame) -> list[str]:
    """Return every input file that a config and its sheets name."""
    genomes = [config["references"][species][part] for species in ("graft", "host") for part in ("fasta", "gtf")]
    regulons = config["regulons"]
    tables = [*regulons["databases"], regulons["motif_annotations"], regulons["tfs"]]
    cells = [cell for sheet in sheets for name in ("fq1", "fq2", "matrix") if name in sheet for cell in sheet[name]]
    return [*genomes, *(entry["path"] for entry in tables), *filter(None, cells)]
