"""Detect a library's 10x chemistry by the whitelist of its barcodes; the length of read 1 alone isn't reliable. Kits
that share a list, 3' v2 and 5' v1 / v2, are distinguished by the strand, after reads are mapped.
"""

import gzip
import json
from collections import Counter
from pathlib import Path

import numpy as np

from scripts.base import job
from scripts.reads.check_reads import describe_lengths
from scripts.reads.fastq import records
from scripts.reads.strangers import name_by_length, name_design
from scripts.references.barcodes import contains, pack
from scripts.references.chemistries import BARCODE_LENGTH, CHEMISTRIES, KITS
from scripts.references.provide_whitelist import pack_whitelist, whitelist_file

SHORTEST_CDNA = 31
"""kallisto's k-mer length (bp); a shorter read 2 can't be counted."""
VISIUM = "visium_whitelist.txt.gz"
ASK_FOR_LIST = "For GEM-X 5' v3 name its list of barcodes, which is part of Cell Ranger, in reads/whitelist_5p_v3.  "


def first_name(path: str) -> str:
    """Return the name of a FASTQ file's first read."""
    return next(records(path, 1))[0]


def starts_of(reads: list[str]) -> np.ndarray:
    """Return the first 16 bases of reads (S16), in upper case."""
    return np.array([read[:BARCODE_LENGTH].upper() for read in reads], dtype=f"S{BARCODE_LENGTH}")


def overlap(starts: np.ndarray, whitelists: dict[str, np.ndarray]) -> dict[str, float]:
    """Return for each chemistry the fraction of readable starts (16 bases, no N) that match its whitelist exactly."""
    packed, clean = pack(starts)
    packed = packed[clean]
    return {name: float(contains(listed, packed).mean()) if len(packed) else 0.0 for name, listed in whitelists.items()}


def in_percent(overlaps: dict[str, float]) -> str:
    """Return e.g. "v2 3.1 %, v3 94.6 %"."""
    return ", ".join(f"{name} {100 * value:.1f} %" for name, value in overlaps.items())


def on_visium(starts: np.ndarray) -> float:
    """Return the fraction of the starts on Visium's list of spots."""
    try:
        path = whitelist_file(VISIUM)
    except job.UserError:
        return 0.0  # without kb-python, the list isn't available
    return overlap(starts, {"visium": pack_whitelist(gzip.decompress(path.read_bytes()), str(path))})["visium"]


def detect_lane(
    fq1: str, fq2: str, whitelists: dict[str, np.ndarray], number: int, least: float, most_short: float = 0.05
) -> dict:
    """Return chemistry, overlaps and read lengths of one lane, from its first ``number`` pairs.

    Raises :class:`job.UserError` for reads of another kit (named if its design identifies it), if fewer than ``least``
    of the barcodes are on any whitelist (with a message if the mates are swapped), if more than ``most_short`` of read
    1 are too short for the chemistry, or if read 2 is too short to map.
    """
    reads1, reads2 = ([sequence for _, sequence in records(path, number)] for path in (fq1, fq2))
    if design := name_design(reads1, reads2):
        raise job.UserError(f"{fq1}: {design}")
    starts = starts_of(reads1)
    overlaps = overlap(starts, whitelists)
    best = max(overlaps, key=overlaps.__getitem__)
    if overlaps[best] < least:
        swapped = overlap(starts_of(reads2), whitelists)
        if max(swapped.values()) >= least:
            raise job.UserError(
                f"{fq1} and {fq2} seem to be exchanged: the barcodes are in fq2 (on the whitelists: "
                f"{in_percent(swapped)}; fq1: {in_percent(overlaps)}); exchange fq1 and fq2 in the units sheet"
            )
        if kit := name_by_length(reads1, reads2, on_visium(starts)):
            raise job.UserError(f"{fq1}: {kit}")
        raise job.UserError(
            f"{fq1}: too few barcodes are on a 10x whitelist ({in_percent(overlaps)} of the first {len(starts)} "
            f"reads; "
            f"{100 * least:g} % are needed); check that fq1 is read 1 and untrimmed, and that the library is 10x 3' "
            f"v2, v3 or v4, 5' v1 or v2, or Multiome GEX. "
            f"{'' if '5p_v3' in whitelists else ASK_FOR_LIST}"
            "If only the first cycles of the reads are poor, lower reads/min_whitelist_overlap; "
            "give libraries of other protocols as a count matrix (column matrix of the samples sheet)"
        )
    chemistry = CHEMISTRIES[best]
    lengths1, lengths2 = (np.array([len(read) for read in reads]) for reads in (reads1, reads2))
    short = int((lengths1 < chemistry.read1_length).sum())
    if short > most_short * len(lengths1):
        raise job.UserError(
            f"{fq1}: {short} of the first {len(lengths1)} reads are shorter than the {chemistry.read1_length} bp of "
            f"{chemistry.name} (barcode {BARCODE_LENGTH}, UMI {chemistry.umi_length}); give read 1 untrimmed, or raise "
            "reads/max_short_read1"
        )
    if np.median(lengths2) < SHORTEST_CDNA:
        raise job.UserError(
            f"{fq2}: read 2 has {np.median(lengths2):g} bp, counting needs {SHORTEST_CDNA}; give the cDNA read (R2), "
            f"not an index read"
        )
    return {
        "chemistry": best,
        "pairs_examined": len(starts),
        "whitelist_overlap": {name: round(value, 6) for name, value in overlaps.items()},
        "read1_length": describe_lengths(Counter(lengths1.tolist())),
        "read2_length": describe_lengths(Counter(lengths2.tolist())),
    }


def refuse_copies(first_reads: dict[str, str]) -> None:
    """Raise :class:`job.UserError` if two lanes begin with the same read, as copies of one file do."""
    units: dict[str, str] = {}
    for unit, name in first_reads.items():
        if name in units:
            raise job.UserError(
                f"units {units[name]} and {unit} begin with the same read ({name}); list each lane once in the units "
                f"sheet"
            )
        units[name] = unit


def decide(lanes: dict[str, dict], configured: str) -> dict:
    """Return the library's chemistry from that of its lanes. Raises :class:`job.UserError` if lanes differ, or if the
    config differs.
    """
    found = {lane["chemistry"] for lane in lanes.values()}
    if len(found) > 1:
        each = "; ".join(
            f"{unit}: {lane['chemistry']} ({in_percent(lane['whitelist_overlap'])})" for unit, lane in lanes.items()
        )
        raise job.UserError(
            f"its lanes are of different chemistries ({each}); they are not from one library; correct the units sheet"
        )
    name = found.pop()
    pairs = sum(lane["pairs_examined"] for lane in lanes.values())
    pooled = {
        other: round(
            sum(lane["whitelist_overlap"][other] * lane["pairs_examined"] for lane in lanes.values()) / pairs, 6
        )
        for other in next(iter(lanes.values()))["whitelist_overlap"]
    }
    listed, strand = KITS.get(configured, (name, None))
    if listed != name:
        raise job.UserError(
            f"the config says chemistry {configured}, the barcodes say {name} (on the whitelists: "
            f"{in_percent(pooled)}); "
            f"set reads/chemistry to auto or {name}, or correct the sample's reads"
        )
    chemistry = CHEMISTRIES[name]
    return {
        "chemistry": name,
        "name": chemistry.name,
        "kb": chemistry.kb,
        "barcode_length": BARCODE_LENGTH,
        "umi_length": chemistry.umi_length,
        "configured": configured,
        "configured_strand": strand,
        "pairs_examined": pairs,
        "whitelist_overlap": pooled,
        "units": lanes,
    }


def main(snakemake) -> None:
    """Write the library's chemistry as JSON."""
    params = snakemake.params
    whitelists = {
        name: np.load(path) for name, path in zip(params.chemistries, snakemake.input.whitelists, strict=True)
    }
    lanes = {}
    try:
        refuse_copies({unit: first_name(fq1) for unit, fq1 in zip(params.units, snakemake.input.fq1, strict=True)})
        for unit, fq1, fq2 in zip(params.units, snakemake.input.fq1, snakemake.input.fq2, strict=True):
            try:
                lanes[unit] = detect_lane(
                    fq1, fq2, whitelists, params.sample_reads, params.min_overlap, params.max_short_read1
                )
            except job.UserError as error:
                raise job.UserError(f"unit {unit}: {error}") from error
        found = decide(lanes, params.configured)
    except job.UserError as error:
        raise job.UserError(f"sample {snakemake.wildcards.sample}: {error}") from error
    Path(snakemake.output[0]).write_text(json.dumps({"sample": snakemake.wildcards.sample, **found}, indent=1) + "\n")
    job.log.info("%s (%s)", found["name"], in_percent(found["whitelist_overlap"]))


if __name__ == "__main__":
    job.run(main, snakemake)
