"""Count the hashtags of a pool from their reads, with kb-python's kite workflow, and write barcodes × tags.

Barcodes are those of the pool's own counts. If the beads capture tags by another sequence than genes (TotalSeq-B,
CellPlex), the barcodes of tags differ from those of genes: in 3' v3 and v3.1 in two bases, in GEM-X 3' v4 as a table of
Cell Ranger says. The reads show which barcodes they have.
"""

import json
import sys
import tempfile
from collections import Counter
from itertools import islice
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.base.files import open_bytes, run_tool
from scripts.cells.tags import core, read_sequences
from scripts.counts.count_kb import find_tool
from scripts.references.chemistries import BARCODE_LENGTH, LONGEST_READ1

FEWEST = 0.2
"""Minimum share of the first reads whose barcodes are in the pool's counts. Most reads of tags are from its cells."""
FIRST_READS = 50_000
MEMORY = "500M"
"""Buffer of bustools sort; kb's default would allocate 4 GB."""
COMPLEMENT = str.maketrans("ACGT", "TGCA")
TRANSLATED = slice(7, 9)
"""Bases of a bead's barcode that are complemented on its capture sequence for features in 3' v3 and v3.1 (10x Genomics'
knowledge base, article 360031133451). GEM-X 3' v4 has no such rule: no barcode of its list is on the list again with
these bases complemented."""
TABLE = "lib/python/cellranger/barcodes/translation/3M-3pgex-may-2023_NXT.txt.gz"
"""Place of the pairs of barcodes of GEM-X 3' v4 in Cell Ranger."""


def translate(barcode: str) -> str:
    """Return the feature barcode of the same bead of 3' v3 or v3.1, or the gene barcode for a feature barcode."""
    return barcode[: TRANSLATED.start] + barcode[TRANSLATED].translate(COMPLEMENT) + barcode[TRANSLATED.stop :]


def first_barcodes(paths: list[str]) -> tuple[Counter, int]:
    """Return the barcodes of the first reads of the first lane with their counts, and the shortest length of read 1."""
    with open_bytes(paths[0]) as lines:
        reads = [line.strip().decode("ascii", "replace") for line in islice(lines, 1, 4 * FIRST_READS, 4)]
    if not reads:
        raise job.UserError(f"{paths[0]}: no read in the file; download it again")
    return Counter(read[:BARCODE_LENGTH].upper() for read in reads), min(map(len, reads))


def read_translation(path: str, barcodes: list[str]) -> dict[str, str]:
    """Return the barcode of the counts by that of the tags, from a table of pairs; only those of ``barcodes``.

    Cell Ranger's tables have no header, and the feature barcode first. The column that holds more of ``barcodes`` is
    taken for that of genes. Raises :class:`job.UserError` for another form, or without a barcode of the pool.
    """
    own, found = set(barcodes), ({}, {})
    with open_bytes(path) as lines:
        for number, line in enumerate(lines, 1):
            pair = line.decode("ascii", "replace").replace(",", " ").split()
            if len(pair) != 2:
                raise job.UserError(
                    f"{path}, row {number}: {len(pair)} columns; give Cell Ranger's table of two barcodes per bead "
                    f"({TABLE})"
                )
            for gene in (0, 1):
                if pair[gene] in own:
                    found[gene][pair[1 - gene]] = pair[gene]
    best = max(found, key=len)
    if not best:
        raise job.UserError(f"{path}: holds none of the pool's barcodes; give the table of its kit")
    return best


def choose_list(
    seen: Counter, barcodes: list[str], path: str, translation: dict[str, str] | None = None
) -> dict[str, str]:
    """Return a mapping from barcodes of tag reads to barcodes of the counts: identical, translated, or by a table.

    The one that matches most reads is used. Raises :class:`job.UserError` if all match fewer than :data:`FEWEST`.
    """
    lists = {
        "as they are": {barcode: barcode for barcode in barcodes},
        "translated as in 3' v3": {translate(barcode): barcode for barcode in barcodes},
        "translated by the table": translation or {},
    }
    fits = {word: sum(number for name, number in seen.items() if name in own) for word, own in lists.items()}
    best = max(fits, key=fits.__getitem__)
    share = fits[best] / seen.total()
    if share < FEWEST:
        message = (
            f"{path}: {share:.0%} of its first barcodes are those of the pool's counts; give the reads of the tags' "
            "own library of this pool, read 1 first"
        )
        remedy = f"; for TotalSeq-B with GEM-X 3' v4 also Cell Ranger's table of barcodes ({TABLE}) as translation"
        raise job.UserError(message + ("" if translation else remedy))
    job.log.info("%.0f %% of the first reads have barcodes of the pool, %s", 100 * share, best)
    return lists[best]


def umi_length(shortest: int, known: int | None, path: str) -> int:
    """Return the UMI's length: the kit's or, for a pool given as counts, by read 1's length (26: v2, 28: later)."""
    length = known or (LONGEST_READ1 - BARCODE_LENGTH if shortest >= LONGEST_READ1 else 10)
    if shortest < BARCODE_LENGTH + length:
        raise job.UserError(
            f"{path}: a read 1 of {shortest} bases is too short for barcode and UMI of {BARCODE_LENGTH + length}; "
            "give read 1 untrimmed"
        )
    return length


def run_kb(*arguments, makes: list[Path]) -> None:
    """Run kb with the tools that this processor can run."""
    code = "from kb_python.main import main; main()"
    tools = ["--kallisto", find_tool("kallisto"), "--bustools", find_tool("bustools")]
    command, *rest = arguments
    remedy = "check that these are the reads of the tags, and that the sequences are as in read 2"
    run_tool([sys.executable, "-c", code, command, *tools, *rest], remedy, makes=makes)


def count(
    fq1: list[str],
    fq2: list[str],
    sequences: dict[str, str],
    onlist: dict[str, str],
    umi: int,
    threads: int,
    folder: Path,
) -> pd.DataFrame:
    """Return UMIs of each tag, barcodes of the pool's counts × tags; barcodes without UMIs are left out.

    ``onlist``: barcode of the counts by that of the reads. One mismatch is allowed in a tag and in a barcode
    (Melsted et al. 2021; the kite workflow of kb-python).
    """
    from scipy.io import mmread

    columns = list(sequences)
    own = [f"t{number}" for number in range(len(columns))]
    (folder / "features.tsv").write_text(
        "".join(f"{sequence}\t{name}\n" for name, sequence in zip(own, sequences.values(), strict=True))
    )
    (folder / "onlist.txt").write_text("".join(f"{barcode}\n" for barcode in onlist))
    index, t2g, out = folder / "index.idx", folder / "t2g.txt", folder / "out"
    kite = ["--workflow", "kite", "-i", index, "-g", t2g]
    run_kb(
        "ref", *kite, "-f1", folder / "mismatches.fa", "--tmp", folder / "ref", folder / "features.tsv", makes=[index]
    )
    technology = f"0,0,{BARCODE_LENGTH}:0,{BARCODE_LENGTH},{BARCODE_LENGTH + umi}:1,0,0"
    reads = [path for pair in zip(fq1, fq2, strict=True) for path in pair]
    run_kb(
        "count", *kite, "-x", technology, "-w", folder / "onlist.txt", "-o", out, "-t", threads, "-m", MEMORY,
        "--strand", "forward", "--tmp", folder / "count", *reads, makes=[out / "counts_unfiltered"],
    )  # fmt: skip
    stem = out / "counts_unfiltered" / "cells_x_features"
    matrix = mmread(f"{stem}.mtx").toarray()
    found = Path(f"{stem}.barcodes.txt").read_text().split()
    given = Path(f"{stem}.genes.txt").read_text().split()
    table = pd.DataFrame(matrix, index=[onlist[name] for name in found], columns=given).reindex(
        columns=own, fill_value=0
    )
    return table.set_axis(columns, axis=1).astype(int).rename_axis("barcode").sort_index()


def main(snakemake) -> None:
    """Read the pool's barcodes, the tags' sequences and reads; write their counts."""
    import anndata

    given, pool = snakemake.input, snakemake.wildcards.sample
    fq1, fq2 = list(given.fq1), list(given.fq2)
    backed = anndata.read_h5ad(given.counts, backed="r")
    barcodes = [core(name) for name in backed.obs_names]
    backed.file.close()
    chemistry = next(iter(given.chemistry), None)
    kit = json.loads(Path(chemistry).read_text()) if chemistry else {}
    try:
        sequences = read_sequences(given.sequences[0], snakemake.params.tags)
        seen, shortest = first_barcodes(fq1)
        pairs = read_translation(given.translation[0], barcodes) if given.get("translation") else None
        onlist = choose_list(seen, barcodes, fq1[0], pairs)
        umi = umi_length(shortest, kit.get("umi_length"), fq1[0])
        with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
            table = count(fq1, fq2, sequences, onlist, umi, snakemake.threads, Path(name))
    except job.UserError as error:
        raise job.UserError(f"pool {pool}: {error}") from error
    table.to_csv(snakemake.output[0], sep="\t")
    for tag, umis in table.sum().items():
        job.log.info("%s: %d UMIs in %d barcodes", tag, umis, int((table[tag] > 0).sum()))


if __name__ == "__main__":
    job.run(main, snakemake)
