"""What goes wrong on real machines: kills, damaged and vanished files, a full disk, a job that fails once, two runs.

Every test starts from a finished run of the reduced demo, harms it, and asks for the results that were there.
"""

import os
import random
import shutil
import signal
import subprocess
import time

import pytest
import yaml
from checkout import RESULTS, contents, copy_checkout, run
from kills import kill, processes_of, run_until_killed, start, strike

from scripts.report.reproduce import compare, read

SAMPLE = "HBCx95_untreated"
CELLS = str(RESULTS / "cells" / f"{SAMPLE}.h5ad")
COUNTS = str(RESULTS / "counts" / f"{SAMPLE}.h5ad")


@pytest.fixture
def finished(reduced, tmp_path):
    """Return a copy of the finished run, to be harmed."""
    checkout = tmp_path / "checkout"
    shutil.copytree(reduced, checkout, symlinks=True)
    return checkout


@pytest.fixture
def whole(reduced):
    """Return what an undisturbed run has."""
    return contents(reduced / RESULTS)


def same(checkout, whole, *targets: str) -> bool:
    """Tell whether the targets, or everything, is what it was."""
    now = contents(checkout / RESULTS)
    names = [os.path.relpath(target, RESULTS) for target in targets] or now.keys() | whole.keys()
    return all(now.get(name) == whole.get(name) for name in names)


def changed(checkout, whole) -> list[str]:
    """Return what is other than it was, for the message of a failure."""
    now = contents(checkout / RESULTS)
    return sorted(name for name in now.keys() & whole.keys() if now[name] != whole[name])


@pytest.mark.full
def test_a_run_on_one_core_killed_again_and_again_ends_as_one_on_two(reduced, whole, tmp_path):
    """From nothing and the other run's manifest, killed six times: same content of every table, matrix and figure,
    whatever the cores and the kills.
    """
    checkout = copy_checkout(tmp_path / "checkout")
    told = read(str(reduced / RESULTS / "manifest.json"))["config"]
    (checkout / "again.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    found = strike(checkout, whole, 6, random.Random(5), 30, "--cores", "1", "--configfile", "again.yaml")
    assert found.messages == [] and found.differing == []
    assert found.kills == found.survived == 6 and found.struck >= 3
    assert sum(content not in ("there", "empty") for content in whole.values()) > 100, "tables and matrices"
    first, second = (read(str(place / RESULTS / "manifest.json")) for place in (reduced, checkout))
    assert compare(first, second) == ([], [])
    assert len(first["results"]) > 30, "tables"


def test_a_kill_takes_all_processes_of_a_run(tmp_path):
    """Also one that made a group of its own: else a job could go on writing next to its second attempt."""
    script = "import os, time; os.setpgid(0, 0) if os.fork() == 0 else None; time.sleep(60)"
    process = subprocess.Popen(["python3", "-c", script], start_new_session=True)
    time.sleep(1)
    assert kill(process)
    assert process.returncode == -signal.SIGKILL
    assert dict(processes_of(process.pid)) == {}


@pytest.mark.full
def test_a_damaged_file_is_named_and_made_again_once_it_is_gone(finished, whole):
    """A disk that lost the second half: the consumer names the file; without it, Snakemake makes it again."""
    path = finished / COUNTS
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    ran = run(finished, "--cores", "2", CELLS)
    said = ran.stdout + ran.stderr
    assert ran.returncode != 0 and f"{COUNTS}: can't be read" in said
    path.unlink()
    ran = run(finished, "--cores", "2", COUNTS, CELLS)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
    assert same(finished, whole, COUNTS, CELLS), changed(finished, whole)


@pytest.mark.full
@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_told_and_what_is_there_stays_sound(finished, whole):
    """Results on a disk that is full but for 100 kB; then it grows, and the same command goes on."""
    results = finished / "results"
    size = sum(path.stat().st_size for path in results.rglob("*") if path.is_file()) // 1000
    shutil.rmtree(finished / RESULTS / "cells")
    kept = finished / "kept"
    results.rename(kept)
    results.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={2 * size}k", "none", str(results)], check=False)
    if mounted.returncode:
        pytest.skip("this root can't mount")
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", str(results)], check=True)
        free = shutil.disk_usage(results).free
        (results / "filling").write_bytes(b"x" * (free - 100_000))
        ran = run(finished, "--cores", "2", CELLS)
        said = ran.stdout + ran.stderr
        assert ran.returncode != 0 and "no space left" in said and "Traceback" not in said
        # What a job finished before the disk was full is whole; of the one that failed there is nothing.
        assert not (finished / CELLS).exists() and changed(finished, whole) == []
        (results / "filling").unlink()
        ran = run(finished, "--cores", "2", "--rerun-incomplete", CELLS)
        assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
        assert same(finished, whole, CELLS)
    finally:
        subprocess.run(["umount", "--lazy", str(results)], check=True)


@pytest.mark.full
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv isn't installed")
def test_an_unreadable_reference_is_named(finished):
    """Root reads everything, unless it gives up the right to."""
    genome = finished / RESULTS / "simulated" / "genome" / "graft.fa.gz"
    genome.chmod(0)
    for name in ("genome.fa", "annotation.gtf", "genes.tsv"):
        (finished / RESULTS / "references" / name).unlink(missing_ok=True)
    drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]
    prefix = [*drop, "--ambient-caps", "-all"] if os.getuid() == 0 else []
    ran = run(finished, "--cores", "2", str(RESULTS / "references" / "genes.tsv"), prefix=prefix)
    said = ran.stdout + ran.stderr
    assert ran.returncode != 0 and "graft.fa.gz: can't be read" in said and "Permission denied" in said
    assert not (finished / RESULTS / "references" / "genome.fa").exists()


@pytest.mark.full
def test_an_input_that_vanishes_is_named_and_the_run_goes_on_when_it_is_back(finished, whole):
    matrix = finished / RESULTS / "truth" / "HBCx218_AC.counts.h5ad"
    target = str(RESULTS / "counts" / "HBCx218_AC.h5ad")
    (finished / target).unlink()
    given = matrix.read_bytes()
    # It is there when Snakemake looks, and gone when the job opens it.
    script = finished / "scripts" / "counts" / "import_matrix.py"
    text = script.read_text()
    script.write_text(f"import os\nos.unlink({str(matrix)!r})\n{text}")
    ran = run(finished, "--cores", "2", target)
    assert ran.returncode != 0 and "HBCx218_AC.counts.h5ad" in ran.stdout + ran.stderr
    assert not (finished / target).exists()
    script.write_text(text)
    matrix.write_bytes(given)
    ran = run(finished, "--cores", "2", "--rerun-incomplete", target)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
    assert same(finished, whole, target)


@pytest.mark.full
def test_a_job_that_fails_once_is_tried_again(finished, whole):
    target = str(RESULTS / "cells" / "attrition.tsv")
    (finished / target).unlink()
    script = finished / "scripts" / "cells" / "tabulate_attrition.py"
    fail = "import os\nif not os.path.exists('failed'):\n    open('failed', 'w').close()\n    os._exit(1)\n"
    script.write_text(fail + script.read_text())
    ran = run(finished, "--cores", "2", "--retries", "1", target)
    assert ran.returncode == 0, (ran.stdout + ran.stderr)[-3000:]
    assert "Trying to restart job" in ran.stdout + ran.stderr and (finished / "failed").exists()
    assert same(finished, whole, target)


@pytest.mark.full
def test_a_second_run_on_one_folder_is_refused_and_the_first_goes_on(finished, whole):
    (finished / CELLS).unlink()
    first = start(finished, finished / "first.log", "--cores", "1", CELLS)
    locks = finished / ".snakemake" / "locks"
    while first.poll() is None and not (locks.is_dir() and any(locks.iterdir())):
        time.sleep(0.05)
    code, _ = run_until_killed(finished, finished / "second.log", None, "--cores", "1", CELLS)
    said = (finished / "second.log").read_text()
    assert code != 0 and "Directory cannot be locked" in said and "--unlock" in said
    assert first.wait() == 0, (finished / "first.log").read_text()[-3000:]
    assert same(finished, whole, CELLS)
