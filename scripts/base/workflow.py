"""Query Snakemake about the workflow that is running: its graph, its report.

A job of the workflow calls Snakemake once more, on the same Snakefile, working directory and config, with a question
that runs nothing and locks nothing (Snakemake locks a directory only to execute). Finished jobs have their metadata by
then, because Snakemake writes them before it starts what depends on them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from scripts.base import job

SNAKEFILE = Path(__file__).parents[2] / "Snakefile"


def command(config: Path, question: list[str], snakefile: Path = SNAKEFILE) -> list[str]:
    """Return the call that puts ``question`` (arguments of Snakemake) to the workflow with the config in a JSON file.

    The config replaces config/config.yaml instead of being laid over it: a key that a run removed must not reappear.
    Profiles are left out: they say how to run, and one may come from the environment.
    """
    start = [sys.executable, "-m", "snakemake", "--snakefile", str(snakefile), "--directory", os.getcwd()]
    alone = ["--profile", "none", "--workflow-profile", "none", "--nolock"]
    return [*start, *alone, "--configfile", str(config), "--replace-workflow-config", *question]


def ask(question: list[str], config: dict, folder: Path) -> str:
    """Return what Snakemake prints; ``folder`` is for temporary files. Its other messages go to the log.

    Raises :class:`RuntimeError` if it fails. Whether input files exist isn't asked again: they were there at the start.
    An object store for results isn't asked either: its address and keys are known to the run alone.
    """
    path = folder / "config.json"
    path.write_text(json.dumps({**config, "check_files": False, "store": None}))
    environment = {key: value for key, value in os.environ.items() if key != "SNAKEMAKE_PROFILE"}
    environment["PYTHONWARNINGS"] = "ignore"  # a message about each missing file, which a query doesn't need
    done = subprocess.run(
        command(path, question), env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    for line in done.stderr.splitlines():
        job.log.info("snakemake: %s", line)
    if done.returncode:
        raise RuntimeError(f"snakemake {' '.join(question)} failed with exit code {done.returncode}:\n{done.stderr}")
    return done.stdout
