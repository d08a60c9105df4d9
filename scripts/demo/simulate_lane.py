"""Simulate one lane of 10x 3' v3 reads from a library's molecules: PCR duplicates, sequencing errors, 3'-biased
positions.
"""

import gzip

import numpy as np

from scripts.base import job
from scripts.demo.plan import stream
from scripts.demo.simulate_genomes import BASES

READ_LENGTH, BARCODE, UMI = 90, 16, 12
EXTRA_COPIES = 0.35
"""Mean number of additional reads per molecule (PCR duplicates)."""
ERROR = {"barcode": 0.002, "umi": 0.0004, "cdna": 0.003}
"""Substitutions per base."""
STRAY = 0.03
"""Additional reads from outside exons, per read of a molecule, as in real libraries."""
FRAGMENT = (6.0, 45.0, 95)
"""Distance (bp) of a read's start from the transcript's 3' end: gamma shape, scale, and minimum."""


def mutate(sequences: np.ndarray, rate: float, rng: np.random.Generator) -> None:
    """Substitute bases in place at ``rate``. Bases are drawn at 4/3 ``rate``, as a drawn base may equal the old one."""
    wrong = rng.random(sequences.shape, dtype=np.float32) < rate * 4 / 3
    sequences[wrong] = BASES[rng.integers(0, 4, int(wrong.sum()))]


def fastq(names: np.ndarray, sequences: np.ndarray, quality: np.ndarray) -> bytes:
    """Format fixed-width records: names n × k, sequences and qualities n × length, all ASCII bytes."""
    n, length = sequences.shape
    width = names.shape[1]
    record = np.empty((n, 1 + width + 1 + length + 3 + length + 1), np.uint8)
    record[:, 0] = ord("@")
    record[:, 1 : 1 + width] = names
    record[:, 1 + width] = ord("\n")
    at = 2 + width
    record[:, at : at + length] = sequences
    record[:, at + length : at + length + 3] = np.frombuffer(b"\n+\n", np.uint8)
    record[:, at + length + 3 : -1] = quality
    record[:, -1] = ord("\n")
    return record.tobytes()


def main(snakemake) -> None:
    """Write R1 and R2 of one lane."""
    seed, lane, lanes = snakemake.params.seed, snakemake.wildcards.unit, list(snakemake.params.lanes)
    sample = snakemake.wildcards.sample
    molecules = np.load(snakemake.input.molecules)
    reference = np.load(snakemake.input.transcripts)
    # UMIs and copy numbers of molecules are drawn from the library's random stream, so all lanes share them.
    rng = stream(seed, "amplification", sample)
    n = len(molecules["gene"])
    umi = BASES[rng.integers(0, 4, (n, UMI))]
    which = np.repeat(np.arange(n), 1 + rng.poisson(EXTRA_COPIES, n))
    which = which[rng.integers(0, len(lanes), len(which)) == lanes.index(lane)]

    rng = stream(seed, "lane", sample, lane)
    rng.shuffle(which)
    length = reference["length"]
    end = np.cumsum(length)
    gene = molecules["gene"][which]
    shape, scale, least = FRAGMENT
    distance = np.clip(rng.gamma(shape, scale, len(which)).astype(np.int64), least, length[gene])
    cdna = np.lib.stride_tricks.sliding_window_view(reference["sequence"], READ_LENGTH)[end[gene] - distance]
    stray = np.flatnonzero(rng.random(len(which)) < STRAY)
    unexpressed = reference["unexpressed"]
    row = rng.integers(0, len(unexpressed), len(stray))
    position = rng.integers(0, unexpressed.shape[1] - READ_LENGTH, len(stray))
    # Stray reads are additional reads, each with a barcode of the library and its own UMI.
    extra = unexpressed[row[:, None], position[:, None] + np.arange(READ_LENGTH)[None, :]]
    barcodes = np.frombuffer(molecules["barcodes"].astype(f"S{BARCODE}").tobytes(), np.uint8).reshape(-1, BARCODE)
    read1 = np.concatenate(
        [
            np.hstack([barcodes[molecules["droplet"][which]], umi[which]]),
            np.hstack([barcodes[molecules["droplet"][which[stray]]], BASES[rng.integers(0, 4, (len(stray), UMI))]]),
        ]
    )
    cdna = np.concatenate([cdna, extra])
    mutate(read1[:, :BARCODE], ERROR["barcode"], rng)
    mutate(read1[:, BARCODE:], ERROR["umi"], rng)
    mutate(cdna, ERROR["cdna"], rng)
    number = np.char.zfill(np.arange(len(read1)).astype("S9"), 9)
    names = np.frombuffer(number.tobytes(), np.uint8).reshape(-1, 9)
    prefix = np.frombuffer(f"SIM:{lane}:".encode(), np.uint8)
    names = np.hstack([np.broadcast_to(prefix, (len(names), len(prefix))), names])
    for path, sequences in ((snakemake.output.fq1, read1), (snakemake.output.fq2, cdna)):
        # Qualities decrease along a read in two steps, as in binned qualities of current sequencers.
        quality = np.where(np.arange(sequences.shape[1]) < 0.7 * sequences.shape[1], ord("F"), ord(":")).astype(
            np.uint8
        )
        with (
            open(path, "wb") as raw,
            gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=1, mtime=0) as handle,
        ):
            for start in range(0, len(sequences), 100_000):
                part = slice(start, start + 100_000)
                handle.write(fastq(names[part], sequences[part], quality[None, :]))
    job.log.info("%d read pairs of %d molecules", len(read1), n)


if __name__ == "__main__":
    job.run(main, snakemake)
