"""Infer a model's networks at two timepoints, and those of its cells with timepoints exchanged, for some targets."""

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.regulons import network_changes as changes
from scripts.regulons.infer_network import chunk_of, make_progress
from scripts.scenic.grnboost import MIN_CELLS


def main(snakemake) -> None:
    """Read the selected expression of the model's groups; write the chunk's edges with their weight in each network."""
    import anndata

    params, wildcards = snakemake.params, snakemake.wildcards
    cells = anndata.concat([anndata.read_h5ad(path) for path in snakemake.input.expression], join="inner", merge="same")
    baseline, treated = params.timepoints
    cells = cells[cells.obs["timepoint"].isin([baseline, treated]).to_numpy()]
    late = (cells.obs["timepoint"] == treated).to_numpy()
    fewest = min(int(late.sum()), int((~late).sum()))
    genes, tfs = cells.var_names.tolist(), cells.var_names[cells.var["tf"].to_numpy(dtype=bool)].tolist()
    if fewest < MIN_CELLS:
        job.log.warning(
            "%s: %d cells at one of %s and %s, %d are needed: its networks are not compared",
            wildcards.model, fewest, baseline, treated, MIN_CELLS,
        )  # fmt: skip
        pd.DataFrame({"tf": [], "target": []}, dtype=str).to_parquet(snakemake.output[0], index=False)
        return
    expression, late = changes.match_cells(sparse.csr_matrix(cells.layers["counts"]), late, seed=params.seed)
    labels = changes.exchange(late, params.exchanges, params.seed)
    targets = chunk_of(genes, int(wildcards.chunk), int(wildcards.chunks))
    job.log.info(
        "%d cells of each timepoint, %d networks of %d targets", int(np.sum(late)), 2 * len(labels), len(targets)
    )
    table = changes.infer_pairs(
        expression,
        genes,
        tfs,
        targets,
        labels,
        seed=params.seed,
        threads=snakemake.threads,
        progress=make_progress(unit="pairs of networks"),
        **params.settings,
    )
    table.to_parquet(snakemake.output[0], index=False)


if __name__ == "__main__":
    job.run(main, snakemake)
