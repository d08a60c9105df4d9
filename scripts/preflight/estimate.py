"""Hours and memory of the planned jobs: as measured for inputs of similar size, otherwise as declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts.study.files import genome_files
from scripts.study.resources import BEYOND, Fit, bytes_of
from scripts.study.study import Study

MARGIN, START = 4.0, 5.0
"""What measured times are multiplied by in resources/measured.tsv, and the minutes that are added to them
(``TIME_MARGIN`` and ``TIME_BESIDE`` of scripts/study/fit_resources.py): subtracted here.
"""
OF_LANE, OF_LIBRARY = ("check_reads", "measure_quality"), ("detect_chemistry", "count_kb", "count_starsolo")
OF_GENOMES = ("index_kb", "index_kb_introns", "index_star")
"""Rules whose input is the reads of one lane, of one library, or the joined genomes: its size is known."""
UNPACKED = 4.0
"""Bytes of FASTA and GTF for each compressed byte."""
INDEX, INDEX_INTRONS, INDEX_STAR = 0.3, 0.7, 3.0
"""Bytes of the index for each byte of FASTA and GTF: kallisto's without and with introns (measured: 0.27 and 0.66), and
STAR's of genomes from 1 Gb on, by its formats.
"""
FASTA = 0.7
"""Share of FASTA in FASTA and GTF, as in human and mouse."""
COUNTED, IMPORTED = "count_kb", "call_cells"
"""Rules whose largest measured input gives the size of the largest measured library, as reads and as counts."""


@dataclass(frozen=True)
class Estimate:
    """Requirements of the planned jobs.

    ``measured``: jobs with a measured time. ``declared``: jobs with the upper limit of their rule. ``short``: tables
    and figures of the whole study, which are not counted. ``hours``, ``limit``: total of measured jobs, and total limit
    of declared jobs (run one after the other). ``memory_gb``, ``largest``: largest request of a job, and its rule.
    """

    hours: float
    limit: float
    measured: int
    declared: int
    short: int
    memory_gb: float
    largest: str


@dataclass(frozen=True)
class Sizes:
    """Sizes (GB) of the largest lane, of the largest library's reads, of the largest matrix, of FASTA and GTF of all
    genomes (unpacked), and of the aligner's index of them.
    """

    lane: float = 0.0
    reads: float = 0.0
    counts: float = 0.0
    genomes: float = 0.0
    index: float = 0.0

    def by_name(self) -> dict[str, float]:
        """Return the sizes of inputs of counting and of indexing, by the names that rules give them."""
        genomes = {"fasta": FASTA * self.genomes, "gtf": (1 - FASTA) * self.genomes}
        return genomes | {"index": self.index, "fq1": self.reads / 2, "fq2": self.reads / 2}


def input_sizes(study: Study) -> Sizes:
    """Return the sizes of what the study's jobs read first."""
    lanes = [bytes_of(row.fq1) + bytes_of(row.fq2) for row in study.units.itertuples()]
    reads = [sum(bytes_of(path) for mates in study.fastqs(s) for path in mates) for s in study.all_sequenced]
    counts = [bytes_of(path) for path in study.all_samples.loc[study.all_libraries, "matrix"] if path]
    found = [max(lanes, default=0), max(reads, default=0), max(counts, default=0), *reference_sizes(study)]
    return Sizes(*(size / 1024**3 for size in found))


def reference_sizes(study: Study) -> tuple[float, float]:
    """Return bytes of FASTA and GTF of all genomes, unpacked, and of the aligner's index of them."""
    genomes = sum(
        bytes_of(path) * (UNPACKED if str(path).endswith(".gz") else 1.0)
        for _, path in (genome_files(study.config["references"]) if study.all_sequenced else [])
    )
    share = INDEX_INTRONS if any(map(study.counts_introns, study.all_sequenced)) else INDEX
    return genomes, (INDEX_STAR if study.config["counts"]["aligner"] == "starsolo" else share) * genomes


def size_of(rule: str, sizes: Sizes) -> float | None:
    """Return the size (GB) of a job's input, if it is known before any job has run."""
    for rules, size in ((OF_LANE, sizes.lane), (OF_LIBRARY, sizes.reads), (OF_GENOMES, sizes.genomes)):
        if rule in rules:
            return size
    return None


def estimate(
    jobs: Mapping[str, int],
    sizes: Sizes,
    declared: Mapping[str, Mapping[str, Any]],
    measured: Mapping[str, Mapping[str, Fit]],
) -> Estimate:
    """Return the requirements of the jobs.

    Parameters
    ----------
    jobs
        Rule → number of planned jobs.
    sizes
        The results that are inputs of later jobs do not exist yet. Their size is assumed to
        exceed the largest measured input by the same factor as the largest library does.
    declared
        Rule → ``runtime`` (minutes), ``mem_mb`` and ``mem_mb_per_gb`` (MB, and MB per GB of input or of each named
        input).
    measured
        Rule → ``runtime`` and ``mem_mb`` as measured (resources/measured.tsv).
    """
    larger = max(
        sizes.reads / measured[COUNTED]["runtime"].largest_gb if COUNTED in measured else 0.0,
        sizes.counts / measured[IMPORTED]["runtime"].largest_gb if IMPORTED in measured else 0.0,
    )
    minutes = {"measured": 0.0, "declared": 0.0, "short": 0.0}
    numbers, memory = {"measured": 0, "declared": 0, "short": 0}, {"": 0.0}
    for rule, number in jobs.items():
        fits, own = measured.get(rule), declared.get(rule)
        known = size_of(rule, sizes)
        size = known if known is not None else larger * fits["runtime"].largest_gb if fits else larger * sizes.reads
        if fits and size <= BEYOND * fits["runtime"].largest_gb:
            kind, each, held = "measured", max(0.1, (fits["runtime"](size) - START) / MARGIN), fits["mem_mb"](size)
        elif own:
            kind, each = "declared", own["runtime"]
            held = own["mem_mb"]
            if not isinstance(own["mem_mb_per_gb"], Mapping) and (fits or known is not None):
                held += own["mem_mb_per_gb"] * size
        else:
            kind, each, held = "short", 0.0, 0.0
        if own and isinstance(own["mem_mb_per_gb"], Mapping):  # memory then isn't by the size of all input
            held = own["mem_mb"] + sum(rate * sizes.by_name().get(n, 0) for n, rate in own["mem_mb_per_gb"].items())
        minutes[kind] += number * each
        numbers[kind] += number
        memory[rule] = held / 1024
    largest = max(memory, key=memory.__getitem__)
    hours = (minutes["measured"] / 60, minutes["declared"] / 60)
    return Estimate(*hours, **numbers, memory_gb=memory[largest], largest=largest)


def duration(hours: float) -> str:
    """Return a duration in hours, or in minutes below one hour."""
    return f"{hours:,.0f} h" if hours >= 10 else f"{hours:.1f} h" if hours >= 1 else f"{max(1, round(60 * hours))} min"


def count(number: int) -> str:
    """Return a number of jobs as text."""
    return f"{number} job{'' if number == 1 else 's'}"


def describe(found: Estimate, cores: int) -> list[str]:
    """Return an estimate as lines of the page; ``cores``: available cores (the maximum number of simultaneous jobs)."""
    if not found.measured + found.declared:
        return []
    parts = []
    if found.measured:
        parts.append(f"{count(found.measured)} as measured (resources/measured.tsv): {duration(found.hours)}")
    if found.declared:
        limit = "not measured, or not with inputs of this size"
        parts.append(f"{count(found.declared)} {limit}: at most {duration(found.limit)} (the limit that rules declare)")
    if found.short:
        parts.append(f"{count(found.short)} on tables and figures: not counted")
    each = f"if {cores} cores are busy throughout" if cores > 1 else "on 1 core"
    least, most = duration(found.hours / cores), duration((found.hours + found.limit) / cores)
    span = f"{least} to {most}" if found.measured and found.declared else f"at most {most}" if found.declared else least
    time = f"time (estimate): {span} {each}. {'; '.join(parts)}"
    memory = f"memory (estimate): the largest job requests {found.memory_gb:.1f} GB ({found.largest})"
    return [time, memory]
