"""Reads: FASTQ files that are cut, mixed up, or of something else than a 10x library."""

# ruff: noqa: E501  (tables: a case a line)

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np

from corpus.case import Case, Outcome, cached, script
from scripts.reads import check_reads, detect_chemistry
from scripts.references.barcodes import distinct, pack
from scripts.references.chemistries import known

NAMES = tuple(known(None))
FOLDER = object()
"""Stands for a folder where a file should be."""


@cached
def whitelists() -> dict[str, list[str]]:
    """Return a small whitelist for each chemistry."""
    rng = random.Random(3)
    return {name: ["".join(rng.choices("ACGT", k=16)) for _ in range(200)] for name in NAMES}


def mates(
    number: int = 200, *, lane: str = "L1", chemistry: str | None = "v3", read1: int = 28, read2: int = 90
) -> tuple[list, list]:
    """Return both mates' records (name, sequence); barcodes are of a chemistry's whitelist, or of none."""
    rng = random.Random(lane)
    some = lambda n: "".join(rng.choices("ACGT", k=n))  # noqa: E731
    starts = [whitelists()[chemistry][i % 200] if chemistry else some(16) for i in range(number)]
    names = [f"{lane}:{i}" for i in range(number)]
    one = [(name, (start + some(12))[:read1]) for name, start in zip(names, starts, strict=True)]
    return one, [(name, some(read2)) for name in names]


def fastq(records: list[tuple[str, str]]) -> bytes:
    """Return records as FASTQ."""
    return "".join(f"@{name}\n{bases}\n+\n{'F' * len(bases)}\n" for name, bases in records).encode()


def write(folder: Path, one: bytes | list, two: bytes | list, lane: str = "a") -> tuple[Path, Path]:
    """Write both mates, records as gzip, bytes as they are; return the paths."""
    paths = folder / f"{lane}_R1.fastq.gz", folder / f"{lane}_R2.fastq.gz"
    for path, content in zip(paths, (one, two), strict=True):
        if content is FOLDER:
            path.mkdir()
            continue
        path.write_bytes(content if isinstance(content, bytes) else gzip.compress(fastq(content), mtime=0))
    return paths


def lane(name: str, words: str, make: Callable[[list, list], tuple]) -> Case:
    """Return a case of a lane whose mates ``make`` spoils; they are read to the end."""

    def run(folder: Path) -> Outcome:
        fq1, fq2 = write(folder, *make(*mates()))
        names = {"sample": "A", "unit": "L001"}
        return script(check_reads, folder, input={"fq1": fq1, "fq2": fq2}, output=["a.check.json"], wildcards=names)

    return Case("reads", name, f"^error in check_reads .*: sample A, unit L001: {words}", run)


def library(name: str, words: str, lanes: list[tuple], configured: str = "auto") -> Case:
    """Return a case of a library whose chemistry is looked for; ``lanes``: both mates' records, of each lane."""

    def run(folder: Path) -> Outcome:
        for chemistry, listed in whitelists().items():
            np.save(folder / f"{chemistry}.npy", distinct(pack(np.array(listed, dtype="S16"))[0]))
        paths = [write(folder, one, two, f"L{number}") for number, (one, two) in enumerate(lanes)]
        files = {"fq1": [path for path, _ in paths], "fq2": [path for _, path in paths]}
        units = [f"L{number}" for number in range(len(lanes))]
        params = {
            "units": units,
            "chemistries": list(NAMES),
            "configured": configured,
            "sample_reads": 1000,
            "min_overlap": 0.5,
            "max_short_read1": 0.05,
        }
        files["whitelists"] = [folder / f"{chemistry}.npy" for chemistry in NAMES]
        return script(
            detect_chemistry, folder, input=files, output=["A.chemistry.json"], params=params, wildcards={"sample": "A"}
        )

    return Case("reads", name, f"^error in detect_chemistry .*: sample A: {words}", run)


def renamed(records: list, change: Callable[[str], str]) -> list:
    """Return the records under other names."""
    return [(change(name), bases) for name, bases in records]


def damaged(records: list) -> bytes:
    """Return gzip of which a byte in the middle is another."""
    content = bytearray(gzip.compress(fastq(records), mtime=0))
    content[len(content) // 2] ^= 0xFF
    return bytes(content)


LANES = [
    lane("truncated gzip", r"\S*a_R1.fastq.gz: truncated, the gzip stream ends early \(after \d+ whole records\); fetch", lambda a, b: (gzip.compress(fastq(a))[:-500], b)),
    lane("damaged gzip", r"\S*a_R2.fastq.gz: the gzip stream is damaged .*; fetch", lambda a, b: (a, damaged(b))),
    lane("not gzip", r"\S*a_R1.fastq.gz: not gzip although it is named .gz; compress it", lambda a, b: (fastq(a), b)),
    lane("a web page instead of reads", r"\S*a_R1.fastq.gz: not gzip although", lambda a, b: (b"<html>404</html>\n", b)),
    lane("empty file", r"\S*a_R2.fastq.gz: the file is empty; fetch it again", lambda a, b: (a, b"")),
    lane("no reads", r"\S*a_R1.fastq.gz: no read in the file; fetch it again, or remove the lane", lambda a, b: ([], [])),
    lane("odd number of lines", r"\S*a_R1.fastq.gz, record 200: not a FASTQ record of four lines", lambda a, b: (gzip.compress(fastq(a).rsplit(b"\n", 2)[0]), b)),
    lane("qualities shorter than bases", r"\S*a_R1.fastq.gz, record \d+: not a FASTQ record", lambda a, b: (gzip.compress(fastq(a[:9]) + b"@x\nACGT\n+\nFF\n"), b)),
    lane("FASTA", r"\S*a_R1.fastq.gz, record 1: not a FASTQ record", lambda a, b: (gzip.compress(b">a\nACGTACGTACGTACGTACGT\n"), b)),
    lane("mates of unequal number", r"\S*a_R2.fastq.gz has 150 reads, \S*a_R1.fastq.gz has 200; the mates must pair up, fetch", lambda a, b: (a, b[:150])),
    lane("mates in another order", r".*, record 1: names differ \(L1:0 and L1:199\); fq1 and fq2 must be mates", lambda a, b: (a, b[::-1])),
    lane("mates renamed", r".*, record 1: names differ \(L1:0 and SRR1.L1:0\); fq1 and fq2", lambda a, b: (a, renamed(b, lambda name: f"SRR1.{name}"))),
    lane("mates of two lanes", r".*, record 1: names differ \(L1:0 and L2:0\); fq1 and fq2", lambda a, b: (a, mates(lane="L2")[1])),
    lane("letters that are no bases", r"\S*a_R2.fastq.gz, record 3: 'X' in the sequence is not a base; ", lambda a, b: (a, [*b[:2], (b[2][0], "X" * 90), *b[3:]])),
    lane("index read as a mate", r"\S*a_R2.fastq.gz: reads of 8 bp are index reads \(I1 or I2\); name R1 and R2", lambda a, b: (a, [(n, s[:8]) for n, s in b])),
    lane("barcodes of N alone", r"\S*a_R1.fastq.gz: all 200 barcodes are N; the run failed", lambda a, b: ([(n, "N" * 28) for n, _ in a], b)),
    lane("a folder", r"\S*a_R1.fastq.gz: no such file; correct its path", lambda a, b: (FOLDER, b)),
]  # fmt: skip
LIBRARIES = [
    library("mates swapped", r"unit L0: .* seem to be exchanged: the barcodes are in fq2 .*; exchange fq1 and fq2", [mates()[::-1]]),
    library("barcodes of another protocol", r"unit L0: \S*L0_R1.fastq.gz: too few barcodes are on a 10x whitelist \(v2 0\.0 %.* of the first 200 reads; 50 % are needed\); check that fq1", [mates(chemistry=None)]),
    library("config names another chemistry", r"the config says chemistry v2, the barcodes say v3 .*; set reads/chemistry", [mates()], "v2"),
    library("lanes of two chemistries", r"its lanes are of different chemistries .*; they are not from one library; correct", [mates(lane="a"), mates(lane="b", chemistry="v2")]),
    library("a lane twice under two names", r"units L0 and L1 begin with the same read \(a:0\); list each lane once", [mates(lane="a"), mates(lane="a")]),
    library("read 1 trimmed", r"unit L0: \S*L0_R1.fastq.gz: 200 of the first 200 reads are shorter than the 28 bp .*; give read 1 untrimmed, or raise reads/max_short_read1", [mates(read1=20)]),
    library("read 2 too short to map", r"unit L0: \S*L0_R2.fastq.gz: read 2 has 26 bp, counting needs 31; give the cDNA read", [mates(read2=26)]),
]  # fmt: skip
CASES = [*LANES, *LIBRARIES]
SOUND = [lane("sound lane", "", lambda a, b: (a, b)), library("sound library", "", [mates(lane="a"), mates(lane="b")])]
