"""Hours and memory of planned jobs: as measured where inputs are alike, else by what rules declare."""

import pytest

from scripts.preflight.estimate import Estimate, Sizes, describe, estimate, input_sizes
from scripts.preflight.inspect_study import estimate_disk
from scripts.study.resources import Fit

MEASURED = {
    "count_kb": {"runtime": Fit(9, 0, 0.1), "mem_mb": Fit(2048, 0, 0.1)},
    "call_cells": {"runtime": Fit(13, 0, 0.001), "mem_mb": Fit(1024, 0, 0.001)},
}
DECLARED = {
    "count_kb": {"runtime": 480, "mem_mb": 8192, "mem_mb_per_gb": 1024},
    "call_cells": {"runtime": 60, "mem_mb": 1024, "mem_mb_per_gb": 0},
    "index_kb": {"runtime": 240, "mem_mb": 4096, "mem_mb_per_gb": 1024},
}
JOBS = {"count_kb": 6, "call_cells": 6, "tabulate": 2}


def test_small_inputs_are_estimated_from_the_measurement_without_its_margin():
    """(9 − 5) / 4 = 1 minute and (13 − 5) / 4 = 2 minutes a job."""
    found = estimate(JOBS, Sizes(0.05, 0.1), DECLARED, MEASURED)
    assert found == Estimate(18 / 60, 0, 12, 0, 2, 2.0, "count_kb")
    time, memory = describe(found, 2)
    assert time == (
        "time (estimate): 9 min if 2 cores are busy throughout. 12 jobs as measured "
        "(resources/measured.tsv): 18 min; 2 jobs on tables and figures: not counted"
    )
    assert memory == "memory (estimate): the largest job requests 2.0 GB (count_kb)"


def test_larger_inputs_and_rules_without_measurement_have_their_upper_limit():
    """A library 100 times the measured one; its later jobs are taken to be larger alike."""
    found = estimate(JOBS | {"index_kb": 1}, Sizes(5, 10), DECLARED, MEASURED)
    assert found.limit == pytest.approx((6 * 480 + 6 * 60 + 240) / 60) and found.declared == 13 and not found.measured
    assert found.memory_gb == pytest.approx(18) and found.largest == "count_kb"
    assert describe(found, 8)[0].startswith(
        "time (estimate): at most 7.2 h if 8 cores are busy throughout. 13 jobs not measured"
    )


def test_large_matrices_are_no_reason_to_trust_a_small_measurement():
    found = estimate({"call_cells": 3}, Sizes(counts=0.05), DECLARED, MEASURED)
    assert (found.measured, found.declared) == (0, 3)


def test_an_index_is_of_the_genomes_and_counting_holds_the_index_whatever_was_measured():
    sizes = Sizes(0.05, 0.1, genomes=8, index=2)
    found = estimate({"index_kb": 1}, sizes, DECLARED, MEASURED)
    assert (found.memory_gb, found.largest) == (12, "index_kb")
    by_index = DECLARED | {"count_kb": {"runtime": 480, "mem_mb": 1024, "mem_mb_per_gb": {"index": 8192}}}
    found = estimate({"index_kb": 1, "count_kb": 6}, sizes, by_index, MEASURED)
    assert (found.memory_gb, found.largest, found.measured) == (17, "count_kb", 6)
    star = {"index_star": {"runtime": 960, "mem_mb": 2048, "mem_mb_per_gb": {"fasta": 1024, "gtf": 2048}}}
    found = estimate({"index_star": 1}, sizes, star, MEASURED)
    assert (found.memory_gb, found.limit) == (pytest.approx(2 + 0.7 * 8 + 2 * 0.3 * 8), 16)


@pytest.mark.parametrize(
    ("aligner", "introns", "share"), [("kb", "no", 0.3), ("kb", "yes", 0.7), ("starsolo", "no", 3.0)]
)
def test_sizes_are_those_of_reads_and_of_unpacked_genomes(draft, monkeypatch, aligner, introns, share):
    """Of a compressed genome four bytes a byte, of any other one; the index is a share of that."""
    monkeypatch.chdir(draft.folder)
    draft.set("counts", {"mixed_introns": True, "aligner": aligner})
    draft.set("references.host.fasta", "mouse.fa")
    for row in range(2, 6):
        draft.put("samples", row, "introns", introns if row == 2 else "no")
    files = {"human.fa.gz": 3, "human.gtf.gz": 1, "mouse.fa": 8, "mouse.gtf.gz": 1}
    files |= {f"reads/{lane}_R{mate}.fastq.gz": mate for lane in ("a_L001", "a_L002", "b_L001") for mate in (1, 2)}
    for name, size in (files | {"data/B_untreated.h5ad": 2, "data/B_AC.h5ad": 3}).items():
        (draft.folder / name).parent.mkdir(exist_ok=True)
        with open(draft.folder / name, "wb") as handle:
            handle.truncate(size * 2**20)
    found, mb = input_sizes(draft.load()), 1 / 1024
    assert (found.lane, found.reads, found.counts) == pytest.approx((3 * mb, 6 * mb, 3 * mb))
    assert (found.genomes, found.index) == pytest.approx((28 * mb, 28 * share * mb))


def test_nothing_is_said_where_nothing_is_planned():
    assert describe(estimate({}, Sizes(), DECLARED, MEASURED), 4) == []


def test_disk_is_that_of_genomes_index_and_reads(draft, monkeypatch):
    """STAR sorts more than its index holds; kallisto sorts nothing."""
    monkeypatch.chdir(draft.folder)
    monkeypatch.setattr("scripts.preflight.inspect_study.LIBRARY", 0)
    for name in ("human.fa.gz", "human.gtf.gz", "mouse.fa.gz", "mouse.gtf.gz"):
        (draft.folder / name).write_bytes(bytes(1_000))
    (draft.folder / "reads").mkdir()
    for lane in ("a_L001", "a_L002", "b_L001"):
        for mate in (1, 2):
            (draft.folder / f"reads/{lane}_R{mate}.fastq.gz").write_bytes(bytes(100))
    assert estimate_disk(draft.load()) == pytest.approx((16_000 * 1.3 + 60, 2.5 * 400))
    draft.set("counts", {"aligner": "starsolo"})
    assert estimate_disk(draft.load()) == pytest.approx((16_000 * 4 + 60, 1.5 * 48_000))
