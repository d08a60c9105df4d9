"""Write the cells as h5ad for cellxgene and scanpy: normalised and raw counts, clusters, scores, activity."""

from collections.abc import Iterable

import h5py
import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_tsv
from scripts.exports import cells as described
from scripts.exports import matrix


def read_observed(paths: list[str]) -> pd.DataFrame:
    """Return the obs of all libraries, in order; duplicate names of cells are an internal error."""
    import anndata

    tables = []
    for path in paths:
        data = anndata.read_h5ad(path, backed="r")
        tables.append(data.obs.copy())
        data.file.close()
    table = pd.concat(tables)
    if table.index.has_duplicates:
        raise ValueError(f"cell {table.index[table.index.duplicated()][0]} is in two libraries")
    return table


def read_activity(paths: list[str], cells: pd.Index, regulons: Iterable[str]) -> pd.DataFrame:
    """Return activity, cells × regulons; NaN if a cell's group has none, or lacks the regulon.

    ``regulons``: all regulons of the study. A group's table lacks regulons that weren't measured in it. Columns are in
    the order of the consensus (by name), so that the files of all models have the same columns.
    """
    tables = []
    for path in paths:
        table = pd.read_parquet(path)
        tables.append(table.drop(columns=[name for name in described.LABELS if name in table]))
    table = pd.concat(tables) if tables else pd.DataFrame(index=cells[:0])
    names = sorted({*table.columns, *regulons} if tables else [])
    return table[~table.index.duplicated()].reindex(index=cells, columns=names).astype(np.float32)


def write_h5ad(
    path: str,
    libraries: list[str],
    *,
    obs: pd.DataFrame,
    layout: np.ndarray | None,
    activity: pd.DataFrame,
    regulons: list[str],
    uns: dict,
) -> tuple[int, int]:
    """Write the file; return the number of cells and genes.

    X is log-normalised, raw/X the counts, both CSR of float32. All activities are in obsm["regulon_activity"] (names in
    uns["regulons"]). Those of ``regulons`` are also in obs, so that viewers can colour by them.
    """  # fmt: skip
    from anndata.io import write_elem

    genes = matrix.all_genes(libraries)
    var = genes.assign(gene_id=genes["gene_id"].astype(str))
    with h5py.File(path, "w") as file:
        file.attrs["encoding-type"], file.attrs["encoding-version"] = "anndata", "0.1.0"
        raw = file.create_group("raw")
        raw.attrs["encoding-type"], raw.attrs["encoding-version"] = "raw", "0.1.0"
        normal = matrix.Rows(file.create_group("X"), len(genes))
        counts = matrix.Rows(raw.create_group("X"), len(genes))
        for library in matrix.read_libraries(libraries):
            block = matrix.aligned(library, genes.index)
            counts.append(block)
            normal.append(matrix.normalised(block))
        # Columns without any value are omitted, as viewers can't colour by them.
        known = [name for name in regulons if name in activity and activity[name].notna().any()]
        shown = {f"{name} activity": activity[name].to_numpy() for name in known}
        write_elem(file, "obs", obs.assign(**shown))
        write_elem(file, "var", var)
        write_elem(raw, "var", var)
        write_elem(raw, "varm", {})
        obsm = {} if layout is None else {"X_umap": layout}
        if activity.shape[1]:
            obsm["regulon_activity"] = activity.to_numpy(dtype=np.float32)
            uns = uns | {"regulons": activity.columns.to_numpy(dtype=object)}
        write_elem(file, "obsm", obsm)
        write_elem(file, "uns", uns)
        for name in ("layers", "obsp", "varm", "varp"):
            write_elem(file, name, {})
    return len(obs), len(genes)


def main(snakemake) -> None:
    """Read the stages' files; write the h5ad of the study or of one model."""
    given, params = snakemake.input, snakemake.params
    orders = {"model": list(params.models), "timepoint": list(params.timepoints), "arm": list(params.arms)}
    observed = read_observed(list(given.cells))
    cells = described.read_cells(given.clusters, params.own)
    obs = described.describe(cells, observed, orders, params.carried)
    placed = cells.set_index("cell").reindex(obs.index)
    layout = described.side_by_side(placed.assign(model=obs["model"].astype(str)), orders["model"])
    ranked = read_tsv(given.switches)["regulon"].tolist() if given.get("switches") else []
    activity = read_activity(list(given.get("activity", [])), obs.index, ranked)
    uns = {"title": params.title, "default_embedding": "X_umap", **described.colours(obs, orders)}
    if params.note:
        uns["note"] = params.note
    n_cells, n_genes = write_h5ad(
        snakemake.output[0],
        list(given.cells),
        obs=obs,
        layout=layout,
        activity=activity,
        regulons=ranked[: params.top],
        uns=uns,
    )
    job.log.info("%d cells, %d genes, %d regulons", n_cells, n_genes, activity.shape[1])


if __name__ == "__main__":
    job.run(main, snakemake)
