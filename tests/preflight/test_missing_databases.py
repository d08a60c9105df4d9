"""A database that isn't there: one line, whatever is asked for; and preflight looks again each time it is asked."""

import json
import os
from pathlib import Path

import in_process
import pytest
from test_preflight import DATABASE, write_study

ROOT = Path(__file__).parents[2]


@pytest.fixture
def snakemake(draft, monkeypatch):
    """Return a function that runs Snakemake on the draft's study and returns exit code and words."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(draft.folder / "cache"))
    write_study(draft)
    draft.set("regulons.min_groups", 1)

    def run(*arguments: str) -> tuple[int, str]:
        config = draft.write()
        config["check_files"] = True
        (draft.folder / "config.json").write_text(json.dumps(config))
        options = ["--snakefile", str(ROOT / "Snakefile"), "--cores", "1", "--configfile", "config.json"]
        done = in_process.snakemake(draft.folder, *options, "--replace-workflow-config", *arguments)
        return done.code, done.text

    return run


def test_a_missing_database_is_one_line_in_preflight_and_before_a_run(draft, snakemake):
    (draft.folder / DATABASE).unlink()
    line = f"config, regulons.databases[0].path: there is no '{DATABASE}'; correct the path, which starts from"
    for target in ("preflight", "regulons", "all"):
        code, said = snakemake(target)
        assert code != 0 and line in said, said[-3000:]
        assert "MissingInputException" not in said and "Traceback" not in said
    # What doesn't need it isn't held up.
    assert snakemake("counts", "--dry-run", "--quiet")[0] == 0


def test_preflight_looks_again_each_time_it_is_asked(draft, snakemake):
    code, said = snakemake("preflight")
    assert code == 0 and "refused:" not in said, said[-3000:]
    page = draft.folder / "results" / "preflight.txt"
    assert page.read_text() and (page.parent / "preflight.tsv").exists()
    # Older than the page: nothing that Snakemake would run a job again for.
    (draft.folder / "allTFs_hg38.txt").write_text("JUNB\n")
    os.utime(draft.folder / "allTFs_hg38.txt", (1, 1))
    code, said = snakemake("preflight")
    assert code != 0 and "no factor (JUNB …) has a motif in the databases" in said, said[-3000:]
