"""The edge of every job: what reaches the terminal, what reaches the log, and the exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = """
import sys
from types import SimpleNamespace
import anndata, numpy, pandas
from scripts import job

def main(snakemake):
    {body}

job.run(main, SimpleNamespace(log=["job.log"], rule="try_it"))
"""


def run(folder: Path, body: str) -> tuple[int, str, str]:
    """Return exit code, what came to the terminal, and the log."""
    script = SCRIPT.format(body=body)
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, (folder / "job.log").read_text()


def test_a_job_that_works_is_quiet(tmp_path):
    """What anndata says on writing text columns goes to the log."""
    table = 'pandas.DataFrame({"x": ["a", "b", "a"]}, index=list("abc"))'
    code, said, log = run(
        tmp_path, f'anndata.AnnData(numpy.ones((3, 2)), obs={table}).write_h5ad("a.h5ad"); job.log.info("done")'
    )
    assert (code, said) == (0, "")
    assert "storing 'x' as categorical" in log and "INFO done" in log


@pytest.mark.parametrize(
    ("body", "said", "traceback"),
    [
        ('raise job.UserError("a.tsv, row 3: mend it")', "error in try_it (job.log): a.tsv, row 3: mend it\n", False),
        ("1 / 0", "internal error in try_it (job.log): ZeroDivisionError: division by zero\n", True),
    ],
    ids=["the user's", "ours"],
)
def test_a_mistake_is_one_line_and_a_defect_keeps_its_traceback_in_the_log(tmp_path, body, said, traceback):
    code, told, log = run(tmp_path, body)
    assert (code, told) == (1, said)
    assert ("Traceback" in log) == traceback
    assert "ERROR" in log
