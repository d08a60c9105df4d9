"""Lay out all cells of a model together, without integration, and score them.

The scores are computed here, once for all timepoints of the model, so that they can be compared between them.
"""

import contextlib
import warnings

import numpy as np
import pandas as pd

from scripts.base import expression, genesets, job
from scripts.clusters import communities, scores

COVARIATES = {"cycle": ["s_score", "g2m_score"], "stress": ["stress"], "hypoxia": ["hypoxia"]}
"""Scores that each entry of clusters/regress stands for."""
SPAN = 10.0
"""Half the width of the starting layout, as umap-learn scales its own."""


def import_umap():
    """Return the module umap with its two slowest functions to compile, which it compiles in every process, cached.

    Compiling them takes longer than laying out some thousand cells.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # no Tensorflow: not needed
        import umap
    with contextlib.suppress(RuntimeError):  # no folder for numba's cache can be written
        for function in (umap.umap_.smooth_knn_dist, umap.umap_.compute_membership_strengths):
            function.enable_caching()
    return umap


def lay_out(points: np.ndarray, *, n_neighbors: int, seed: int) -> np.ndarray:
    """Return UMAP coordinates (cells × 2), started from the first two components.

    The neighbours are exact and the start is given, so that only the optimisation, on one thread, depends on the seed.
    Fewer than five cells, or cells without components, are laid out by their components.
    """
    n = len(points)
    start = np.zeros((n, 2))
    start[:, : min(2, points.shape[1])] = points[:, :2]
    largest = np.abs(start).max(initial=0)
    start *= SPAN / largest if largest > 0 else 1
    k = min(n_neighbors, n - 1)
    if n < 5 or not points.shape[1]:
        return start
    umap = import_umap()
    near = communities.find_neighbours(points, k - 1)
    own = np.arange(n)[:, None]
    indices = np.hstack([own, near.indices]).astype(np.int32)
    distances = np.hstack([np.zeros((n, 1)), near.distances]).astype(np.float32)
    model = umap.UMAP(
        n_neighbors=k,
        init=start.astype(np.float32),
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(indices, distances, None),
        force_approximation_algorithm=True,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="precomputed_knn")  # new cells aren't laid into this layout
        return model.fit_transform(points.astype(np.float32))


def regressed(table: pd.DataFrame, names: list[str]) -> tuple[np.ndarray | None, list[str]]:
    """Return the covariates (cells × scores) that clusters/regress asks for, and those that can't be used."""
    columns = [column for name in names for column in COVARIATES[name]]
    return expression.usable_covariates({column: table[column].to_numpy() for column in columns}, columns)


def embed(cells, sets: dict, settings: dict) -> tuple[pd.DataFrame, list[str]]:
    """Return the cells' table (umap_1, umap_2, the scores) and notes. ``cells``: AnnData of counts, all of a model."""
    import anndata

    genes = int(cells.var["everywhere"].sum())
    notes = [f"{cells.n_obs} cells; {genes} of {cells.n_vars} genes in every sample"]
    log = expression.normalise(cells.X)
    # scores on the genes of every sample: a gene one sample lacks would pass for a difference
    everywhere = cells.var["everywhere"].to_numpy()
    frame = anndata.AnnData(log[:, everywhere], obs=cells.obs[[]].copy(), var=cells.var.loc[everywhere, []].copy())
    table, found = scores.score_cells(frame, sets, min_genes=settings["min_score_genes"], seed=settings["seed"])
    notes += found
    chosen = expression.variable_genes(cells.X, settings["n_top_genes"], everywhere)
    covariates, unusable = regressed(table, settings["regress"])
    notes += [f"{name} is not regressed out: missing or the same in all cells" for name in unusable]
    components = expression.principal_components(log[:, chosen], settings["n_pcs"], covariates=covariates)
    notes.append(f"{int(chosen.sum())} variable genes, {components.scores.shape[1]} components")
    layout = lay_out(components.scores, n_neighbors=settings["n_neighbors"], seed=settings["seed"])
    table.insert(0, "umap_1", layout[:, 0])
    table.insert(1, "umap_2", layout[:, 1])
    return table, notes


def main(snakemake) -> None:
    """Read the cells of a model and the gene sets; write coordinates and scores per cell."""
    import anndata

    parts = [anndata.read_h5ad(path) for path in snakemake.input.cells]
    expression.check_common_genes(parts)
    cells = expression.join_samples(parts)
    table, notes = embed(cells, genesets.read_sets(snakemake.input.genesets), snakemake.params.settings)
    for note in notes:
        job.log.info("%s", note)
    table.index.name = "cell"
    table.reset_index().to_parquet(snakemake.output.embedding, index=False)


if __name__ == "__main__":
    job.run(main, snakemake)
