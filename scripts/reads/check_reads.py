"""Read both mates of a lane to the end, and reject files that would cause errors or wrong results later."""

import json
import re
from collections import Counter
from itertools import zip_longest
from pathlib import Path

from scripts.base import job
from scripts.reads.fastq import Batch, batches
from scripts.references.chemistries import BARCODE_LENGTH, LONGEST_READ1

BASES = b"ACGTNacgtn"
NOT_A_BASE = re.compile(f"[^{BASES.decode()}]")
INDEX_READ = 12
"""Reads up to this length are sample-index reads (8 or 10 bp), never a mate of a 10x library."""


def same_fragment(first: str, second: str) -> bool:
    """Return whether two read names are of one fragment: equal except for a final /1 and /2, or .1 and .2 after the
    read's number, as in SRR1.7.1 and SRR1.7.2 by `fastq-dump --readids` (SRR1.1 and SRR1.2 are two reads). Comments
    aren't part of the names.
    """
    if first == second:
        return True
    stem, ends = first[:-2], (first[-2:], second[-2:])
    return stem == second[:-2] and (ends == ("/1", "/2") or (ends == (".1", ".2") and "." in stem))


def check_pair(fq1: str, fq2: str, most: int | None = None) -> dict:
    """Read both mates to the end, or the first ``most`` reads. Return the numbers of pairs and of barcodes with only N,
    the lengths, and the number of read 1 of each length below the maximum.

    Raises :class:`job.UserError` for files that are missing, empty, truncated, damaged or not FASTQ, for mates with
    different names or numbers, for letters that aren't bases, for index reads given as a mate, and if no barcode is
    readable.
    """
    lengths1, lengths2 = Counter(), Counter()
    pairs = unreadable = 0
    no_barcode = b"N" * BARCODE_LENGTH
    ones, twos = batches(fq1, most), batches(fq2, most)
    for one, two in zip_longest(ones, twos):
        number1, number2 = (len(batch.names) if batch else 0 for batch in (one, two))
        if one and two:
            check_batch((fq1, fq2), one, two, pairs)
            lengths1.update(map(len, one.sequences[:number2]))
            lengths2.update(map(len, two.sequences[:number1]))
            unreadable += sum(sequence.upper().startswith(no_barcode) for sequence in one.sequences)
        pairs += min(number1, number2)
        if number1 != number2:
            (short, long, rest) = (fq1, fq2, twos) if number1 < number2 else (fq2, fq1, ones)
            more = pairs + abs(number1 - number2) + sum(len(batch.names) for batch in rest)
            raise job.UserError(
                f"{short} has {pairs} reads, {long} has {more}; the mates must pair up, fetch the shorter file again"
            )
    for path, seen in ((fq1, lengths1), (fq2, lengths2)):
        if max(seen) <= INDEX_READ:
            raise job.UserError(
                f"{path}: reads of {max(seen)} bp are index reads (I1 or I2); name R1 and R2 in the units sheet"
            )
    # The first reads are from the edge of a tile, where more barcodes may be N than elsewhere.
    if unreadable == pairs and most is None:
        raise job.UserError(
            f"{fq1}: all {pairs} barcodes are N; the run failed in these cycles, or the file was masked"
        )
    return {
        "pairs": pairs,
        "read1_length": describe_lengths(lengths1),
        "read2_length": describe_lengths(lengths2),
        "read1_shorter": {str(n): lengths1[n] for n in sorted(lengths1) if n < LONGEST_READ1},
        "unreadable_barcodes": unreadable,
    }


def check_batch(paths: tuple[str, str], one: Batch, two: Batch, seen: int) -> None:
    """Raise :class:`job.UserError` for the first pair with different names or with letters that aren't bases."""
    if one.names != two.names:
        for number, (first, second) in enumerate(zip(one.names, two.names, strict=False), seen + 1):
            if not same_fragment(first.decode(), second.decode()):
                raise job.UserError(
                    f"{paths[0]} and {paths[1]}, record {number}: names differ ({first.decode()} and "
                    f"{second.decode()}); fq1 and fq2 must be mates of one lane in the same order"
                )
    for path, batch in zip(paths, (one, two), strict=True):
        if b"".join(batch.sequences).translate(None, BASES):
            for number, sequence in enumerate(batch.sequences, seen + 1):
                if wrong := NOT_A_BASE.search(sequence.decode()):
                    raise job.UserError(
                        f"{path}, record {number}: {wrong.group()!r} in the sequence is not a base; "
                        "the file was edited or shifted, fetch it again"
                    )


def describe_lengths(lengths: Counter) -> dict[str, int]:
    """Return the shortest, longest and most frequent length (bp; the shorter one if tied)."""
    return {
        "min": min(lengths),
        "max": max(lengths),
        "mode": min(lengths, key=lambda length: (-lengths[length], length)),
    }


def main(snakemake) -> None:
    """Write the results as JSON."""
    where = f"sample {snakemake.wildcards.sample}, unit {snakemake.wildcards.unit}"
    try:
        seen = check_pair(snakemake.input.fq1, snakemake.input.fq2)
    except job.UserError as error:
        raise job.UserError(f"{where}: {error}") from error
    report = {"sample": snakemake.wildcards.sample, "unit": snakemake.wildcards.unit, **seen}
    Path(snakemake.output[0]).write_text(json.dumps(report, indent=1) + "\n")
    job.log.info("%s: %s", where, seen)
    if seen["unreadable_barcodes"]:
        job.log.warning("%d of %d barcodes are N alone", seen["unreadable_barcodes"], seen["pairs"])


if __name__ == "__main__":
    job.run(main, snakemake)
