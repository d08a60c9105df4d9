"""Write the normal cells of all libraries, with their lineages, or the host's, as one h5ad for cellxgene and scanpy."""

import pandas as pd

from scripts.base import job
from scripts.exports import cells as described
from scripts.exports.export_study import read_observed, write_h5ad


def describe(observed: pd.DataFrame, orders: dict[str, list[str]], own: list[str]) -> pd.DataFrame:
    """Return one row per cell: labels, lineage of normal cells, columns of the user's samples sheet, measures.

    ``observed``: obs of cells/{sample}.normal.h5ad or .host.h5ad of all libraries; ``orders``: categories in the
    config's order.
    """
    table = described.labelled(observed, orders, own)
    if "lineage" in observed:
        table["lineage"] = pd.Categorical(observed["lineage"].astype(str))
    return described.with_measures(table, observed)


def main(snakemake) -> None:
    """Read the libraries' normal or host cells; write the file."""
    given, params = list(snakemake.input.cells), snakemake.params
    orders = {"model": list(params.models), "timepoint": list(params.timepoints), "arm": list(params.arms)}
    obs = describe(read_observed(given), orders, list(params.carried))
    uns = {"title": params.title, **described.colours(obs, orders)}
    none = pd.DataFrame(index=obs.index)
    n_cells, n_genes = write_h5ad(snakemake.output[0], given, obs=obs, layout=None, activity=none, regulons=[], uns=uns)
    kinds = obs["lineage" if "lineage" in obs else "model"].value_counts(sort=False)
    told = ", ".join(f"{number} {name}" for name, number in kinds.items())
    job.log.info("%d cells (%s), %d genes", n_cells, told or "none", n_genes)


if __name__ == "__main__":
    job.run(main, snakemake)
