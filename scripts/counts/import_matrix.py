"""Import a library given as a count matrix."""

import numpy as np

from scripts.base import job
from scripts.counts import audit, contract
from scripts.counts.features import check, tabulate
from scripts.counts.libraries import select_library
from scripts.counts.matrices import read_table
from scripts.study.introns import told_by_cell_ranger


def main(snakemake) -> None:
    """Write counts/{sample}.h5ad, and an audit without reads."""
    path, sample = str(snakemake.input.matrix), snakemake.wildcards.sample
    try:
        given = snakemake.params.get("given") or {}
        table = check(select_library(read_table(path), given.get("barcodes", ""), path), path)
        # A patient's biopsy has no host, even if the study has one.
        graft_only = given.get("species") == "graft" or given.get("is_query", False)
        genes = tabulate(
            table, snakemake.params.prefixes, path, snakemake.params.get("organisms"), graft_only=graft_only
        )
    except job.UserError as error:
        raise job.UserError(f"sample {sample}: {error}") from error
    introns = given.get("introns") or told_by_cell_ranger(path)
    uns = {"aligner": "matrix", "chemistry": "", "sample": sample, "format": table.format, "introns": introns}
    job.log.info("introns: %s", {"yes": "counted", "no": "not counted"}.get(introns, "unknown whether counted"))
    counts = contract.assemble(table.matrix, np.array(table.barcodes, dtype=object), genes, uns)
    counts.write_h5ad(snakemake.output.counts, compression="gzip")
    seen = contract.describe(counts.X, contract.as_bytes(counts.obs_names), counts.var)
    report = audit.of_matrix(sample, seen.umis_per_species, counts.n_obs, introns)
    audit.write(report, audit.empty_curve(), snakemake.output.audit, snakemake.output.saturation)
    job.log.info("%s (%s): %d barcodes × %d genes, UMIs %s", path, table.format, *counts.shape, seen.umis_per_species)
    job.log.info("a matrix has no information on reads: reads are null in the audit, and the saturation curve is empty")


if __name__ == "__main__":
    job.run(main, snakemake)
