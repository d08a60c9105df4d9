"""Call the barcodes of one library that contain a cell, and estimate the ambient profile from the others.

This is a separate rule because it is slow: a changed quality cut doesn't repeat it.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.cells.empty_drops import TrimmedError, call_cells


def counts_of_species(counts, species: pd.Series, name: str) -> np.ndarray:
    """Return the UMIs of each barcode in the genes of one species."""
    return np.asarray(counts @ species.eq(name).to_numpy().astype(np.int64)).ravel().astype(np.int64)


def main(snakemake) -> None:
    """Read counts/{sample}.h5ad; write the calls, the soup and their summary."""
    import anndata

    path = snakemake.input.counts
    adata = anndata.read_h5ad(path)
    missing = {"symbol", "species"} - set(adata.var.columns)
    if missing:
        raise job.UserError(
            f"{path}: var has no column {', '.join(sorted(missing))}; make the file with the stage counts"
        )
    if not adata.n_obs or not adata.X.sum():
        raise job.UserError(f"{path}: the matrix has no UMI; see the audit of this sample by the stage counts")
    settings = snakemake.params.droplets
    try:
        calls = call_cells(
            adata.X, expected_cells=settings["expected_cells"], seed=settings["seed"], **settings["empty_drops"]
        )
    except TrimmedError as error:
        raise job.UserError(f"{path}: {error}") from error
    job.log.info("%s", calls.summary)
    if calls.summary["note"]:
        job.log.warning("%s", calls.summary["note"])
    species = adata.var["species"].astype(str)
    pd.DataFrame(
        {
            "barcode": adata.obs_names.astype(str),
            "counts_graft": counts_of_species(adata.X, species, "graft"),
            "counts_host": counts_of_species(adata.X, species, "host"),
            "cell_call": calls.is_cell,
            "called_by": calls.called_by,
            "fdr": calls.fdr,
        }
    ).to_parquet(snakemake.output.calls, index=False)
    pd.DataFrame(
        {"gene_id": adata.var_names.astype(str), "species": species.to_numpy(), "counts": calls.soup}
    ).to_parquet(snakemake.output.soup, index=False)
    Path(snakemake.output.summary).write_text(json.dumps(calls.summary, indent=2) + "\n")


if __name__ == "__main__":
    job.run(main, snakemake)
