"""Detect the strand of a library's read 2, by mapping the first reads in both orientations.

Read 2 is in sense in a 3' library, and antisense in a 5' library. The kits 3' v2 and 5' v1 / v2 share their barcodes.
If the wrong strand is counted, only a tenth of the UMIs remain, and these are incorrect.
"""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import numpy as np

from scripts.base import job
from scripts.base.files import open_bytes
from scripts.references.chemistries import CHEMISTRIES, KITS

FEWEST = 200
"""Minimum number of mapped reads for a strand call. A ratio of 2 then exceeds chance by more than 4 standard errors."""
RATIO = 2
"""Minimum ratio of reads that map in one orientation to those in the other. In 10x libraries it is eight to ten. Below
two, libraries are mixed or the kit isn't stranded.
"""
OTHER = {"forward": "reverse", "reverse": "forward"}


def first_reads(lanes: list[tuple[str, str]], number: int, folder: Path) -> list[tuple[Path, Path]]:
    """Write the first reads of each lane, ``number`` in total, as plain FASTQ; return the files of each lane."""
    each, made = max(number // len(lanes), 1), []
    for lane, mates in enumerate(lanes, start=1):
        pair = (folder / f"first_{lane}_R1.fastq", folder / f"first_{lane}_R2.fastq")
        for path, target in zip(mates, pair, strict=True):
            with open_bytes(path) as lines, open(target, "wb") as out:
                out.writelines(islice(lines, 4 * each))
        made.append(pair)
    return made


def tell(mapped: dict[str, int], wanted: str, chemistry: dict, sample: str) -> dict:
    """Return the strand to count, its evidence, the kit, and the reads that ``mapped`` forward and reverse.

    ``wanted`` is reads.strand of the config. Raises :class:`job.UserError` if the reads show neither strand, or a
    strand that contradicts the kit in the config.
    """
    own, expected = CHEMISTRIES[chemistry["chemistry"]], chemistry.get("configured_strand")
    more = max(mapped, key=lambda strand: mapped[strand])
    said = (
        f"of its first reads {mapped['forward']} map in sense and {mapped['reverse']} in antisense direction of genes"
    )
    if wanted != "auto":
        strand, by = wanted, "config"
        if sum(mapped.values()) >= FEWEST and mapped[OTHER[wanted]] > mapped[wanted]:
            job.log.warning("reads/strand is %s, but %s", wanted, said)
    elif sum(mapped.values()) < FEWEST:
        strand, by = expected or ("forward" if own.forward else "reverse"), "kit"
        job.log.warning("%s: too few to determine the strand; it is taken as %s", said, strand)
    elif mapped[more] < RATIO * mapped[OTHER[more]]:
        raise job.UserError(
            f"sample {sample}: {said}: the library is not stranded, or lanes of 3' and 5' libraries are mixed; "
            "correct the units sheet, or set reads/strand"
        )
    elif expected and more != expected:
        kits = " or ".join(kit for kit, place in KITS.items() if place == (chemistry["chemistry"], more)) or "auto"
        raise job.UserError(
            f"sample {sample}: the config says chemistry {chemistry['configured']}, but {said}; set reads/chemistry "
            f"to auto{'' if kits == 'auto' else f' or {kits}'}"
        )
    else:
        strand, by = more, "reads"
        if not (own.forward if strand == "forward" else own.reverse):
            job.log.warning(
                "%s, which is unknown for kits with the barcodes of %s; the reads are counted with this strand",
                said,
                own.name,
            )
    job.log.info("strand %s by %s: %s", strand, by, said)
    return {"strand": strand, "strand_by": by, "kit": own.kit(strand), "mapped_first": mapped}


def read_library(snakemake) -> tuple[dict, np.ndarray, int]:
    """Return the chemistry of a job's library, the whitelist of its kit, and the number of read 1 that are too short.

    Raises :class:`job.UserError` if too many reads are too short (:func:`check_short`).
    """
    given, params = snakemake.input, snakemake.params
    chemistry = json.loads(Path(given.chemistry).read_text())
    checks = [json.loads(Path(path).read_text()) for path in given.checks]
    short = check_short(checks, chemistry, params.max_short_read1, snakemake.wildcards.sample)
    lists = dict(zip(params.chemistries, given.whitelists, strict=True))
    return chemistry, np.load(lists[chemistry["chemistry"]]), short


def check_short(checks: list[dict], chemistry: dict, most: float, sample: str) -> int:
    """Return the number of read 1 in all lanes that are too short for barcode and UMI. Counters ignore them.

    Raises :class:`job.UserError` if their share in a lane exceeds ``most``.
    """
    needed, total = chemistry["barcode_length"] + chemistry["umi_length"], 0
    for lane in checks:
        short = sum(number for length, number in lane["read1_shorter"].items() if int(length) < needed)
        total += short
        if short > most * lane["pairs"]:
            raise job.UserError(
                f"sample {sample}, unit {lane['unit']}: {short} of {lane['pairs']} read 1 are shorter than the "
                f"{needed} bp of barcode and UMI, and their UMIs are lost (a share of {most:g} is allowed); give "
                "read 1 untrimmed, or raise reads/max_short_read1"
            )
    if total:
        job.log.warning("%d read 1 are shorter than %d bp; their UMIs are lost", total, needed)
    return total
