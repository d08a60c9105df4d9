"""rules/counts.smk as Snakemake parses it: what counting asks for by what it is given."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from snakemake.api import SnakemakeApi
from snakemake.iocontainers import InputFiles
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def rule():
    """Return the rule count_starsolo of the demo's workflow."""
    here = os.getcwd()
    settings = ConfigSettings(configfiles=[ROOT / "config/demo/config.yaml"])
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False)) as api:
        asked = api.workflow(ResourceSettings(cores=1), settings, snakefile=ROOT / "Snakefile", workdir=ROOT)
        found = asked._workflow.get_rule("count_starsolo")
    os.chdir(here)
    return found


@pytest.fixture
def ask(rule, tmp_path):
    """Return a function that tells the memory (MB) for a genome, its index and the lanes' mates of these sizes (GB)."""

    def stored(name: str, size_gb: float) -> str:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        with open(path, "wb") as handle:
            handle.truncate(int(size_gb * 1024**3))
        return str(path)

    def ask(genome: float, reads: list[float], index: float = 0, attempt: int = 1) -> int:
        stored("star/SA", index)
        files = InputFiles([str(tmp_path / "star"), stored("genome.fa", genome)])
        files._set_name("index", 0)
        files._set_name("genome", 1)
        for mate in ("fq1", "fq2"):
            start = len(files)
            files.extend(stored(f"{mate}_{i}", size) for i, size in enumerate(reads))
            files._set_name(mate, start, end=len(files))
        return rule.resources["mem_mb"].evaluate(None, input=files, attempt=attempt, threads=8).value

    return ask


def test_starsolo_asks_for_the_index_and_little_for_the_reads(ask):
    """The index lies in memory, whatever the genome it is of; a normal library of 20 GB adds what its sort takes."""
    bare = ask(5.5, [0], index=24)
    assert bare == 3_000 + 24 * 1_150
    assert ask(5.5, [5, 5], index=24) == bare + 20 * 500
    assert ask(5.5, [5, 5], index=24, attempt=2) == 2 * ask(5.5, [5, 5], index=24)
    assert ask(0.8, [0], index=24) == bare
