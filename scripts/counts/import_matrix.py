"""Take a library in that comes as a count matrix."""

import numpy as np

from scripts.base import job
from scripts.counts import audit, contract
from scripts.counts.features import check, tabulate
from scripts.counts.matrices import read_table


def main(snakemake) -> None:
    """Write counts/{sample}.h5ad, and an audit that knows of no reads."""
    path, sample = str(snakemake.input.matrix), snakemake.wildcards.sample
    try:
        table = check(read_table(path), path)
        genes = tabulate(table, snakemake.params.prefixes, path, snakemake.params.get("organisms"))
    except job.UserError as error:
        raise job.UserError(f"sample {sample}: {error}") from error
    uns = {"aligner": "matrix", "chemistry": "", "sample": sample, "format": table.format}
    counts = contract.assemble(table.matrix, np.array(table.barcodes, dtype=object), genes, uns)
    counts.write_h5ad(snakemake.output.counts, compression="gzip")
    seen = contract.describe(counts.X, counts.obs_names.to_numpy().astype("S"), counts.var)
    report = audit.of_matrix(sample, seen.umis_per_species, counts.n_obs)
    audit.write(report, audit.empty_curve(), snakemake.output.audit, snakemake.output.saturation)
    job.log.info("%s (%s): %d barcodes × %d genes, UMIs %s", path, table.format, *counts.shape, seen.umis_per_species)
    job.log.info("a matrix says nothing about its reads: the audit's reads are null, the saturation curve is empty")


if __name__ == "__main__":
    job.run(main, snakemake)
