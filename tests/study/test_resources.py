"""What rules ask for: as declared, or as measured where that reaches; more at each attempt."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from snakemake.iocontainers import InputFiles
from snakemake.resources import Resource

from scripts.study import fit_resources
from scripts.study.resources import BEYOND, MEASURED, Fit, gigabytes, memory, minutes, read_measured, scaled_threads

FIT = {"count": {"mem_mb": Fit(500, 1_000, 2), "runtime": Fit(7, 10, 2)}}


class Stored(list):
    """Input in a storage, whose size Snakemake knows."""

    def __init__(self, size_gb: float):
        """Hold one file of this size."""
        super().__init__([SimpleNamespace(is_storage=True)])
        self.size_gb = size_gb


def ask(request, size_gb: float, attempt: int = 1) -> int:
    """Return what a resource function asks for; Snakemake takes it as it is."""
    return Resource("mem_mb", request).evaluate(None, input=Stored(size_gb), attempt=attempt, threads=1).value


def make_file(path: Path, size_gb: float) -> str:
    """Make a file of this size that takes no room."""
    with open(path, "wb") as handle:
        handle.truncate(round(size_gb * 2**30))
    return str(path)


def test_size_is_that_of_the_files_on_disk(tmp_path):
    files = [make_file(tmp_path / "a", 0.5), make_file(tmp_path / "b", 0.25)]
    assert gigabytes(files) == 0.75
    assert gigabytes(Stored(3)) == 3
    with pytest.raises(FileNotFoundError):
        gigabytes([str(tmp_path / "none")])


def test_a_rule_that_was_not_measured_asks_for_what_it_declares_and_more_at_each_attempt(tmp_path):
    declared = memory("filter", base=4_000, per_input_gb=3_000, measured=FIT)
    assert [ask(declared, 2, attempt) for attempt in (1, 2, 3)] == [10_000, 20_000, 30_000]
    assert [ask(minutes("filter", base=60, measured=FIT), 2, attempt) for attempt in (1, 2, 3)] == [60, 120, 180]
    files = InputFiles([make_file(tmp_path / "a", 0.5)])
    assert declared(None, input=files, attempt=1) == 5_500 and declared(None, input=files, attempt=3) == 16_500
    # What doesn't depend on the input is known before the input is there.
    assert memory("filter", base=500, measured=FIT)(None, input=InputFiles([tmp_path / "none"]), attempt=1) == 500


def test_threads_follow_the_size_of_the_input_from_one_to_the_most_that_pays(tmp_path):
    get_threads = scaled_threads(most=4, mb_per_thread=100)
    sizes = (0, 0.05, 0.1, 0.25, 3)
    assert [get_threads(None, [make_file(tmp_path / f"{size}", size)]) for size in sizes] == [1, 1, 2, 3, 4]
    assert get_threads(None, Stored(0.15)) == 2
    # Snakemake asks again when the input is there.
    assert get_threads(None, [str(tmp_path / "none")]) == 4


def test_measurements_decide_as_far_as_they_reach_and_never_lower_what_is_declared_beyond():
    declared = memory("count", base=4_000, per_input_gb=3_000, measured=FIT)
    assert [ask(declared, size) for size in (0, 2, 4)] == [500, 2_500, 4_500]
    assert ask(declared, 4, 2) == 9_000
    hour = minutes("count", base=60, measured=FIT)
    assert ask(hour, 4) == 47
    # Beyond twice the largest input that was measured.
    assert BEYOND == 2 and ask(declared, 5) == 19_000
    assert ask(hour, 5) == 60 and ask(hour, 10) == 107 and ask(hour, 10, 2) == 214


def test_each_named_input_may_have_its_own_rate(tmp_path):
    """The genome lies in memory, reads pass through; in a storage the size is known only as a whole."""
    rates = {"genome": 4_000, "fq1": 500, "fq2": 500}
    declared = memory("align", base=1_000, per_input_gb=rates, measured={"align": FIT["count"]})
    named = InputFiles(fromdict={name: make_file(tmp_path / name, 0.5) for name in ("genome", "index", "fq1", "fq2")})
    assert declared(None, input=named, attempt=1) == 1_000 + 2_000 + 500
    assert declared(None, input=named, attempt=2) == 7_000
    assert declared(None, input=Stored(2), attempt=1) == 9_000


@pytest.mark.parametrize("noise", [0, 40])
def test_a_fit_is_above_every_job_and_has_the_slope_of_the_data(noise):
    """500 MB and 2,000 MB for each GB, times the margin; noise lifts the line, and doesn't tilt it much."""
    rng = np.random.default_rng(3)
    size = np.linspace(0.1, 2, 30)
    need = 500 + 2_000 * size + noise * rng.standard_normal(30)
    base, slope = fit_resources.fit(size, need, 1.5, 300)
    assert (base + slope * size >= 1.5 * need + 300 - 1e-6).all()
    assert slope == pytest.approx(3_000, rel=0.05)
    assert base == pytest.approx(1_050, rel=1e-9 if not noise else 0.3)


def test_inputs_that_hardly_differ_give_no_slope_and_few_jobs_no_row():
    size = np.array([1.0, 1.1, 1.2, 1.3])
    assert fit_resources.fit(size, 100 * size, 1, 0) == (pytest.approx(130), 0)
    jobs = pd.DataFrame({"rule": ["a"] * 4 + ["b"] * 3, "input_gb": 1.0, "mem_mb": 300.0, "minutes": 1.0})
    table = fit_resources.tabulate(jobs)
    assert table["rule"].tolist() == ["a"]
    assert table.loc[0, ["mem_mb_base", "runtime_base"]].tolist() == [300 * 1.3 + 400, 4 + 5]


def test_a_fit_never_falls_with_the_input():
    size = np.array([1.0, 2, 3, 4])
    assert fit_resources.fit(size, np.array([400.0, 300, 200, 100]), 1, 0) == (pytest.approx(400), 0)


def test_the_table_that_is_shipped_is_read():
    table = read_measured()
    assert MEASURED.exists() and len(table) > 5
    for fits in table.values():
        assert fits["mem_mb"](0) >= 400 and fits["runtime"](0) >= 5
    assert read_measured(MEASURED.with_name("none.tsv")) == {}
