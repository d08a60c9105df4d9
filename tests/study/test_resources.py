"""What rules ask for: as declared, or as measured where that reaches; more at each attempt; and what users say wins."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from snakemake.resources import Resource

from scripts.study import fit_resources
from scripts.study.resources import BEYOND, MEASURED, Fit, follow, gigabytes, read_measured, scaled_memory

FIT = {"count": {"mem_mb": Fit(500, 1_000, 2), "runtime": Fit(7, 10, 2)}}


def make_rule(name: str):
    """Return a rule that declares memory by its input, and an hour."""
    memory = Resource("mem_mb", scaled_memory(base=4_000, per_input_gb=3_000))
    return SimpleNamespace(name=name, resources={"mem_mb": memory, "runtime": Resource("runtime", "1h")})


class Stored(list):
    """Input in a storage, whose size Snakemake knows."""

    def __init__(self, size_gb: float):
        """Hold one file of this size."""
        super().__init__([SimpleNamespace(is_storage=True)])
        self.size_gb = size_gb


def ask(rule, name: str, size_gb: float, attempt: int) -> int:
    """Return what a job of a rule asks for."""
    return rule.resources[name].evaluate(None, input=Stored(size_gb), attempt=attempt, threads=1).value


def test_size_is_that_of_the_files_on_disk(tmp_path):
    files = [tmp_path / "a", tmp_path / "b"]
    for file, size in zip(files, (2**29, 2**28), strict=True):
        with open(file, "wb") as handle:
            handle.truncate(size)
    assert gigabytes([str(file) for file in files]) == 0.75
    assert gigabytes(Stored(3)) == 3
    with pytest.raises(FileNotFoundError):
        gigabytes([str(tmp_path / "none")])


def test_a_rule_that_was_not_measured_asks_for_what_it_declares_and_more_at_each_attempt():
    rule = make_rule("keep")
    follow([rule], {}, FIT)
    assert [ask(rule, "mem_mb", 2, attempt) for attempt in (1, 2, 3)] == [10_000, 20_000, 30_000]
    assert [ask(rule, "runtime", 2, attempt) for attempt in (1, 2, 3)] == [60, 120, 180]


def test_measurements_decide_as_far_as_they_reach_and_never_lower_what_is_declared_beyond():
    rule = make_rule("count")
    follow([rule], {}, FIT)
    assert [ask(rule, "mem_mb", size, 1) for size in (0, 2, 4)] == [500, 2_500, 4_500]
    assert ask(rule, "mem_mb", 4, 2) == 9_000
    assert ask(rule, "runtime", 4, 1) == 47
    # Beyond twice the largest input that was measured.
    assert BEYOND == 2 and ask(rule, "mem_mb", 5, 1) == 19_000
    assert ask(rule, "runtime", 5, 1) == 60 and ask(rule, "runtime", 10, 1) == 107


def test_what_a_profile_says_of_a_rule_stays():
    rule = make_rule("count")
    rule.resources["runtime"] = Resource("runtime", 480)
    follow([rule], {"count": {"runtime": Resource("runtime", 480)}}, FIT)
    assert rule.resources["runtime"].value == 480
    assert ask(rule, "mem_mb", 2, 1) == 2_500


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
    assert table.loc[0, ["mem_mb_base", "runtime_base"]].tolist() == [300 * 1.5 + 400, 4 + 5]


def test_a_fit_never_falls_with_the_input():
    size = np.array([1.0, 2, 3, 4])
    assert fit_resources.fit(size, np.array([400.0, 300, 200, 100]), 1, 0) == (pytest.approx(400), 0)


def test_the_table_that_is_shipped_is_read():
    table = read_measured()
    assert MEASURED.exists() and len(table) > 5
    for fits in table.values():
        assert fits["mem_mb"](0) >= 400 and fits["runtime"](0) >= 5
    assert read_measured(MEASURED.with_name("none.tsv")) == {}
