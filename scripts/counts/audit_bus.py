"""Audit a kallisto | bustools count: classes of reads, by species, and saturation of the library."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.counts import audit, bus, contract
from scripts.references.barcodes import pack


def read_transcript_genes(transcripts: str, t2g: str, gene_ids: pd.Index) -> np.ndarray:
    """Return each transcript's gene number in ``gene_ids``, in kallisto's order of transcripts."""
    table = pd.read_csv(t2g, sep="\t", header=None, usecols=[0, 1], dtype=str, names=["transcript", "gene"])
    names = pd.Index(Path(transcripts).read_text().split())
    gene = gene_ids.get_indexer(table.drop_duplicates("transcript").set_index("transcript")["gene"].reindex(names))
    if (gene < 0).any():
        raise ValueError(f"transcript {names[int(np.argmax(gene < 0))]} belongs to no gene in genes.tsv")
    return gene


class BusCounter:
    """Reads a sorted, corrected BUS file once, counts reads and yields molecules."""

    def __init__(self, records: np.ndarray, gene: np.ndarray, species: np.ndarray) -> None:
        self.records, self.gene, self.species = records, gene, species
        self.valid = self.unique = 0
        self.per_species = np.zeros(3, np.int64)

    def molecules(self) -> Iterator[audit.Molecules]:
        """Yield the molecules of reads with one gene."""
        for piece in bus.pieces(self.records):
            reads = piece["count"].astype(np.int64)
            gene = self.gene[piece["ec"]]
            self.valid += int(reads.sum())
            self.per_species += np.bincount(self.species[piece["ec"]], weights=reads, minlength=3).astype(np.int64)
            one = gene != bus.NO_GENE
            self.unique += int(reads[one].sum())
            yield audit.merge(piece["barcode"][one], piece["umi"][one], gene[one], reads[one])


def main(snakemake) -> None:
    """Write the audit and the saturation curve."""
    matrix = contract.read(snakemake.input.counts)
    host_gene = matrix.host_gene
    gene_of = read_transcript_genes(snakemake.input.transcripts, snakemake.input.t2g, matrix.gene_ids)
    gene, species = bus.annotate_classes(bus.read_classes(snakemake.input.ec), gene_of, host_gene)
    run = json.loads(Path(snakemake.input.info).read_text())
    cells = audit.cell_rows(matrix.totals, snakemake.params.expected_cells)
    counter = BusCounter(bus.map_records(snakemake.input.bus), gene, species)
    curve, reads_in_cells = audit.trace_saturation(
        counter.molecules(), np.sort(pack(matrix.barcodes[cells])[0].astype(np.uint64))
    )
    graft, host, both = counter.per_species.tolist()
    report = audit.compose(
        sample=snakemake.wildcards.sample,
        aligner="kb",
        reads=run["n_processed"],
        mapped=run["n_pseudoaligned"],
        mapped_to="transcriptome",
        valid=counter.valid,
        unique=counter.unique,
        multi=counter.valid - counter.unique,
        reads_per_species={"graft": graft, "host": host, "both": both},
        umis_per_species=matrix.umis_per_species,
        barcodes=len(matrix.barcodes),
        curve=curve,
        cells=len(cells),
        reads_in_cells=reads_in_cells,
        library=json.loads(Path(snakemake.input.library).read_text()),
    )
    audit.write(report, curve, snakemake.output.audit, snakemake.output.saturation)
    job.log.info("%s", report)
    if curve.empty:
        job.log.warning("no read with a valid barcode and one gene: the saturation curve is empty")


if __name__ == "__main__":
    job.run(main, snakemake)
