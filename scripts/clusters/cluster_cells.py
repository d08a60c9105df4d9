"""Cluster the cells of one model and timepoint at the resolution that subsampling finds most stable; name markers.

Output: X is log(1 + counts scaled to the median total), layers["counts"] the counts, var["variable"] the genes used,
obs the cells' own columns, cluster ("0" the largest) and the scores, obsm["X_pca"] this timepoint's components and
obsm["X_umap"] the layout of all the model's cells.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import expression, job
from scripts.clusters import communities, markers, scores, stability
from scripts.clusters.embed_model import regressed


def partition_with(
    log: sparse.csr_matrix, covariates: np.ndarray | None, settings: dict, scores: np.ndarray | None = None
):
    """Return a function that clusters a subset of the cells again, from the components on, at every resolution.

    ``scores``: cells × components if these are given.
    """

    def partition(cells: np.ndarray) -> dict[float, np.ndarray]:
        own = None if covariates is None else covariates[cells]
        points = (
            expression.principal_components(log[cells], settings["n_pcs"], covariates=own).scores
            if scores is None
            else scores[cells]
        )
        near = communities.find_neighbours(points, settings["n_neighbors"])
        graph = communities.shared_neighbour_graph(near.indices)
        return communities.leiden(graph, settings["resolutions"], seed=settings["seed"])

    return partition


def cluster(
    counts: sparse.spmatrix,
    log: sparse.csr_matrix,
    variable: np.ndarray,
    covariates: np.ndarray | None,
    settings: dict,
    scores: np.ndarray | None = None,
) -> stability.Clustering:
    """Return the clustering of the cells; one cluster where they are too few or don't differ.

    ``scores``: as of :func:`partition_with`.
    """
    n = counts.shape[0]
    if n < settings["min_cells"]:
        return stability.one_cluster(n, f"{n} cells, fewer than clusters/min_cells ({settings['min_cells']})")
    used = log[:, variable]
    if variable.sum() < 2 or not (used.max(axis=0) - used.min(axis=0)).nnz:
        return stability.one_cluster(n, "no gene varies between the cells")
    return stability.find_clusters(
        partition_with(used, covariates, settings, scores),
        n,
        settings["resolutions"],
        subsamples=settings["subsamples"],
        fraction=settings["subsample_fraction"],
        min_stability=settings["min_stability"],
        seed=settings["seed"],
    )


def describe(labels: np.ndarray, samples: pd.Series) -> list[str]:
    """Return a line per cluster: its cells, and the sample most of them are from. Samples are not integrated."""
    lines = []
    for label in np.unique(labels):
        shares = samples[labels == label].astype(str).value_counts(normalize=True)
        lines.append(
            f"cluster {label}: {int((labels == label).sum())} cells, {shares.iloc[0]:.0%} from {shares.index[0]}"
        )
    return lines


def main(snakemake) -> None:
    """Read the cells of a timepoint and the model's embedding; write clusters, markers and the stability curve."""
    import anndata

    settings = snakemake.params.settings
    parts = [anndata.read_h5ad(path) for path in snakemake.input.cells]
    expression.check_common_genes(parts)
    cells = expression.join_samples(parts)
    embedding = pd.read_parquet(snakemake.input.embedding).set_index("cell").reindex(cells.obs_names)
    counts = sparse.csr_matrix(cells.X)
    log = expression.normalise(counts)
    everywhere = cells.var["everywhere"].to_numpy()
    variable = expression.variable_genes(counts, settings["n_top_genes"], everywhere)
    covariates, unusable = regressed(embedding, settings["regress"])
    for name in unusable:
        job.log.warning("%s is not regressed out: missing or the same in all cells", name)

    found = cluster(counts, log, variable, covariates, settings)
    number = len(np.unique(found.labels))
    job.log.info("%d cells, %d variable genes of %d", cells.n_obs, variable.sum(), cells.n_vars)
    if found.note:
        job.log.warning("one cluster: %s", found.note)
    else:
        job.log.info("%d clusters at resolution %g", number, found.resolution)
        for line in describe(found.labels, cells.obs["sample"]):
            job.log.info("%s", line)

    components = expression.principal_components(log[:, variable], settings["n_pcs"], covariates=covariates)
    cells.layers["counts"], cells.X = counts, log
    cells.var["variable"] = variable
    cells.obs["cluster"] = pd.Categorical(found.labels.astype(str), [str(i) for i in range(number)])
    for column in embedding.columns.drop(["umap_1", "umap_2"]):
        cells.obs[column] = embedding[column]
    cells.obs["phase"] = pd.Categorical(cells.obs["phase"], scores.PHASES)
    cells.obsm["X_pca"] = components.scores.astype(np.float32)
    cells.obsm["X_umap"] = embedding[["umap_1", "umap_2"]].to_numpy(dtype=np.float32)
    cells.uns["clusters"] = {"resolution": found.resolution, "note": found.note}
    cells.write_h5ad(snakemake.output.cells, compression="gzip")

    # A gene that one sample's table leaves out would pass for a marker of the other samples' cells.
    table = markers.test_markers(counts[:, everywhere], log[:, everywhere], found.labels, cells.var_names[everywhere])
    table = markers.select_markers(table, **settings["markers"])
    if table.empty:
        job.log.info("no markers: %s", "one cluster" if number < 2 else "no gene passes clusters/markers")
    table.to_csv(snakemake.output.markers, sep="\t", index=False, float_format="%.6g")
    found.curve.to_csv(snakemake.output.stability, sep="\t", index=False, float_format="%.6g")


if __name__ == "__main__":
    job.run(main, snakemake)
