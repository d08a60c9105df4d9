"""Read both mates of a lane to the end and refuse what would go wrong later or, worse, wouldn't."""

import gzip
import json
import re
import zlib
from collections import Counter
from itertools import islice, zip_longest
from pathlib import Path

import pysam

from scripts.base import job
from scripts.base.files import is_gzip
from scripts.references.chemistries import BARCODE_LENGTH

pysam.set_verbosity(0)  # what htslib says of a broken file on the terminal is said once, in our words
BASES = b"ACGTNacgtn"
NOT_A_BASE = re.compile(f"[^{BASES.decode()}]")
INDEX_READ = 12
"""Reads up to this length are sample-index reads (8 or 10 bp), never a mate of a 10x library."""


def open_mate(path: str) -> pysam.FastxFile:
    """Open a FASTQ file. Raises :class:`job.UserError` if it is missing, empty or not what its name says."""
    if not Path(path).is_file():
        raise job.UserError(f"{path}: no such file; correct its path in the units sheet")
    if Path(path).stat().st_size == 0:
        raise job.UserError(f"{path}: the file is empty; fetch it again")
    if path.endswith(".gz") and not is_gzip(path):
        raise job.UserError(f"{path}: not gzip although it is named .gz; compress it, or rename it")
    try:
        return pysam.FastxFile(path, persist=False)
    except (OSError, ValueError) as error:
        raise job.UserError(f"{path}: can't be opened ({error}); fetch it again") from error


def diagnose(path: str, record: int, error: Exception | None = None) -> job.UserError:
    """Return what is wrong with a file that couldn't be read beyond ``record`` records: a broken gzip stream or a
    broken record.
    """
    if is_gzip(path):
        try:
            with gzip.open(path, "rb") as handle:
                while handle.read(1 << 24):
                    pass
        except EOFError:
            return job.UserError(
                f"{path}: truncated, the gzip stream ends early (after {record} whole records); fetch the file again"
            )
        except (gzip.BadGzipFile, zlib.error) as broken:
            return job.UserError(
                f"{path}: the gzip stream is damaged ({broken}; after {record} whole records); fetch the file again"
            )
    return job.UserError(
        f"{path}, record {record + 1}: not a FASTQ record of four lines with as many qualities as bases"
        f"{f' ({error})' if error else ''}; the file is cut or edited, fetch it again"
    )


def records(path: str):
    """Yield a FASTQ file's records, each valid until the next is asked for. Raises :class:`job.UserError` at the first
    broken one.
    """
    seen = 0
    with open_mate(path) as handle:
        try:
            for record in handle:
                quality = record.quality
                if quality is None or len(quality) != len(record.sequence):
                    raise diagnose(path, seen)
                seen += 1
                yield record
        except (ValueError, OSError) as error:
            raise diagnose(path, seen, error) from error
    if not seen:
        raise job.UserError(f"{path}: no read in it; fetch it again, or remove the lane from the units sheet")


def same_fragment(first: str, second: str) -> bool:
    """Tell whether two read names are of one fragment: equal, but for a final /1 and /2, or .1 and .2 behind the read's
    number, as `fastq-dump --readids` writes SRR1.7.1 and SRR1.7.2 (SRR1.1 and SRR1.2 are two reads). Comments aren't
    part of the names.
    """
    if first == second:
        return True
    stem, ends = first[:-2], (first[-2:], second[-2:])
    return stem == second[:-2] and (ends == ("/1", "/2") or (ends == (".1", ".2") and "." in stem))


def check_pair(fq1: str, fq2: str, most: int | None = None) -> dict:
    """Read both mates to the end, or the first ``most`` reads, and return what was seen: pairs, lengths, barcodes of N
    alone.

    Raises :class:`job.UserError` for files that are missing, empty, truncated, damaged or not FASTQ, for mates that
    differ in names or number, letters that aren't bases, index reads given as a mate, and barcodes of which none can be
    read.
    """
    lengths1, lengths2 = Counter(), Counter()
    pairs = unreadable = 0
    ones, twos = islice(records(fq1), most), islice(records(fq2), most)
    no_barcode = "N" * BARCODE_LENGTH
    for one, two in zip_longest(ones, twos):
        if one is None or two is None:
            short, long, rest = (fq1, fq2, twos) if one is None else (fq2, fq1, ones)
            more = pairs + 1 + sum(1 for _ in rest)
            raise job.UserError(
                f"{short} has {pairs} reads, {long} has {more}; the mates must pair up, fetch the shorter file again"
            )
        pairs += 1
        # A property of a record makes a new string each time it is asked for.
        name1, name2, sequence1, sequence2 = one.name, two.name, one.sequence, two.sequence
        if name1 != name2 and not same_fragment(name1, name2):
            raise job.UserError(
                f"{fq1} and {fq2}, record {pairs}: names differ ({name1} and {name2}); "
                "fq1 and fq2 must be mates of one lane in the same order"
            )
        lengths1[len(sequence1)] += 1
        lengths2[len(sequence2)] += 1
        if (sequence1 + sequence2).encode().translate(None, BASES):
            path, wrong = next(
                (path, found.group())
                for path, sequence in ((fq1, sequence1), (fq2, sequence2))
                if (found := NOT_A_BASE.search(sequence))
            )
            raise job.UserError(
                f"{path}, record {pairs}: {wrong!r} in the sequence isn't a base; "
                "the file is edited or shifted, fetch it again"
            )
        unreadable += sequence1.startswith(no_barcode)
    for path, seen in ((fq1, lengths1), (fq2, lengths2)):
        if max(seen) <= INDEX_READ:
            raise job.UserError(
                f"{path}: reads of {max(seen)} bp are index reads (I1 or I2); name R1 and R2 in the units sheet"
            )
    # The first reads lie at the edge of a tile, where barcodes may be N that aren't elsewhere.
    if unreadable == pairs and most is None:
        raise job.UserError(
            f"{fq1}: all {pairs} barcodes are N; the run failed in these cycles, or the file was masked"
        )
    return {
        "pairs": pairs,
        "read1_length": describe_lengths(lengths1),
        "read2_length": describe_lengths(lengths2),
        "unreadable_barcodes": unreadable,
    }


def describe_lengths(lengths: Counter) -> dict[str, int]:
    """Return shortest, longest and most frequent length (bp; the shorter one of a tie)."""
    return {
        "min": min(lengths),
        "max": max(lengths),
        "mode": min(lengths, key=lambda length: (-lengths[length], length)),
    }


def main(snakemake) -> None:
    """Write what was seen as JSON."""
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
