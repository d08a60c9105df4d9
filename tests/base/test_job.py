"""The edge of every job: what reaches the terminal, what reaches the log, and the exit code."""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import pandas as pd
import pytest

from scripts.base import job

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from types import SimpleNamespace
from snakemake.iocontainers import OutputFiles
from scripts.base import job
{imports}

def main(snakemake):
    output = snakemake.output
    {body}

output = OutputFiles(fromdict={output})
job.run(main, SimpleNamespace(log=["job.log"], rule="try_it", input={input}, output=output))
"""


def run(folder: Path, body: str, imports: str = "", given: str = "", **output: str) -> tuple[int, str, str]:
    """Return exit code, what came to the terminal, and the log."""
    script = SCRIPT.format(imports=imports, body=body, input=[given] if given else [], output=output)
    environment = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, (folder / "job.log").read_text()


def test_a_job_that_works_is_quiet(tmp_path):
    """What anndata says on writing text columns is said nowhere, whenever it is imported."""
    table = 'pandas.DataFrame({"x": ["a", "b", "a"]}, index=list("abc"))'
    code, said, log = run(
        tmp_path,
        f'anndata.AnnData(numpy.ones((3, 2)), obs={table}).write_h5ad("a.h5ad"); job.log.info("done")',
        imports="import anndata, numpy, pandas",
    )
    assert (code, said) == (0, "")
    assert "categorical" not in log and "INFO done" in log


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


def test_outputs_take_their_names_when_the_job_is_done(tmp_path):
    """Under their own names until then, so that a suffix still says what to write; a folder replaces an older one."""
    (tmp_path / "out" / "pages").mkdir(parents=True)
    (tmp_path / "out" / "pages" / "old").touch()
    body = (
        "import os, pandas; os.mkdir(output.pages); open(output.pages + '/new', 'w').close(); "
        "pandas.DataFrame({'x': [1]}).to_csv(output[0]); job.log.info('%s', os.listdir('out'))"
    )
    code, said, log = run(tmp_path, body, table="out/a.tsv.gz", pages="out/pages")
    assert (code, said) == (0, "")
    assert "'a.tsv.gz'" not in log and ".a.tsv.gz.unfinished" in log
    assert sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*")) == [
        "a.tsv.gz",
        "pages",
        "pages/new",
    ]
    assert pd.read_csv(tmp_path / "out" / "a.tsv.gz", index_col=0).equals(pd.DataFrame({"x": [1]}))


@pytest.mark.parametrize(
    "end", ["1 / 0", "raise job.UserError('mend it')", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
)
def test_a_job_that_ends_early_leaves_no_output_and_its_next_attempt_no_trace_of_it(tmp_path, end):
    half = "open(output.a, 'w').write('half'); "
    assert run(tmp_path, half + end, a="out/a.tsv")[0] != 0
    assert not (tmp_path / "out" / "a.tsv").exists()
    assert run(tmp_path, "open(output.a, 'w').write('whole')", a="out/a.tsv")[0] == 0
    assert (tmp_path / "out" / "a.tsv").read_text() == "whole"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["a.tsv"]


def test_a_relative_link_still_leads_to_its_file(tmp_path):
    (tmp_path / "given.tsv").write_text("given")
    body = "import os; os.symlink(os.path.relpath('given.tsv', os.path.dirname(output.a)), output.a)"
    assert run(tmp_path, body, a="out/a.tsv")[0] == 0
    assert os.readlink(tmp_path / "out" / "a.tsv") == "../given.tsv"
    assert (tmp_path / "out" / "a.tsv").read_text() == "given"


def test_a_full_disk_is_told_as_one(tmp_path):
    """/dev/full refuses every byte, as a full disk does."""
    code, told, _ = run(tmp_path, "open('/dev/full', 'w').write('x' * 100_000)", a="a.tsv")
    assert code == 1
    assert told.startswith("error in try_it (job.log): no space left") and told.count("\n") == 1


@pytest.mark.parametrize("suffix", [".h5ad", ".parquet", ".feather"])
def test_a_cut_input_is_told_from_a_whole_one(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    table = pd.DataFrame({"x": range(10_000)})
    if suffix == ".h5ad":
        with h5py.File(path, "w") as handle:
            handle["x"] = table["x"]
    else:
        getattr(table, f"to_{suffix[1:]}")(path)
    assert job.fault_of(path) is None
    path.write_bytes(path.read_bytes()[:-100])
    assert job.fault_of(path).startswith("it is truncated")
    path.unlink()
    assert job.fault_of(path) == "No such file or directory"
    assert job.fault_of(tmp_path) is None


def test_a_defect_over_a_cut_input_names_the_input(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 and no more")
    # A defect of ours over sound inputs stays one.
    (tmp_path / "b.txt").write_text("x")
    code, told, _ = run(tmp_path, "1 / 0", given="b.txt", a="a.tsv")
    assert code == 1 and told.startswith("internal error")
    code, told, _ = run(tmp_path, "import pandas; pandas.read_parquet('a.parquet')", given="a.parquet", a="a.tsv")
    assert code == 1 and told.count("\n") == 1
    assert told.startswith(
        "error in try_it (job.log): a.parquet: can't be read (it is truncated: it must end in PAR1); "
    )


def test_a_job_has_no_dask_and_what_comes_after_it_does(tmp_path):
    """anndata imports dask wherever it is found, which only arboreto needs."""
    script = SCRIPT.format(
        imports="import importlib.util",
        body="import anndata; assert importlib.util.find_spec('dask') is None and 'dask.array' not in sys.modules",
        input=[],
        output={},
    )
    command = [sys.executable, "-c", script + "import dask.array"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
