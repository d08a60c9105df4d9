"""Link a model's clusters from each timepoint to the next, and list its cells with cluster, scores and coordinates."""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.tables import GZIP
from scripts.clusters import links

CELLS = [
    "cell",
    "sample",
    "timepoint",
    "arm",
    "cluster",
    "umap_1",
    "umap_2",
    "s_score",
    "g2m_score",
    "phase",
    "stress",
    "hypoxia",
    "total_counts",
    "n_genes",
    "pct_counts_mt",
    "ambient_fraction",
    "doublet_score",
]
CLUSTERS = ["timepoint", "cluster", "n_cells", "share", "lineage", "fate"]


def make_stages(parts: list, timepoints: list[str]) -> list[links.Stage]:
    """Return a stage per timepoint that has cells, all on the genes that any of them found variable.

    ``parts``: an AnnData per timepoint as cluster_cells writes it. Genes that a timepoint lacks, or one of its samples,
    are left out.
    """
    present = [(timepoint, part) for timepoint, part in zip(timepoints, parts, strict=True) if part.n_obs]
    if not present:
        return []
    variable = set().union(*(part.var_names[part.var["variable"]] for _, part in present))
    genes = [gene for gene in present[0][1].var_names if gene in variable]
    for _, part in present:
        known = set(part.var_names[part.var["everywhere"]])
        genes = [gene for gene in genes if gene in known]
    stages = []
    for timepoint, part in present:
        counts = sparse.csr_matrix(part.layers["counts"])
        total = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
        picked = sparse.csr_matrix(counts[:, part.var_names.get_indexer(genes)], dtype=np.float64)
        stages.append(links.Stage(timepoint, picked, total, part.obs["cluster"].astype(int).to_numpy()))
    return stages


def link_stages(
    stages: list[links.Stage], *, permutations: int, seed: int, **limits: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the links and all pairs' similarities, each timepoint against the next that has cells.

    ``limits``: those of ``links.link``.
    """
    linked, pairs = [pd.DataFrame(columns=links.COLUMNS)], [pd.DataFrame(columns=links.PAIRS)]
    for a, b in pairwise(stages):
        found = links.compare(a, b, permutations=permutations, seed=seed)
        pairs.append(links.tabulate_pairs(a, b, found))
        linked.append(links.link(a, b, found, **limits))
    filled = [[table for table in tables if len(table)] or tables[:1] for tables in (linked, pairs)]
    return tuple(pd.concat(tables, ignore_index=True) for tables in filled)


def tabulate_cells(parts: list) -> pd.DataFrame:
    """Return one row per cell of the model, in the order of timepoints."""
    rows = []
    for part in [part for part in parts if part.n_obs] or parts[:1]:
        table = part.obs.reset_index(names="cell")
        table["umap_1"], table["umap_2"] = part.obsm["X_umap"].T
        rows.append(table.reindex(columns=CELLS).astype({"cluster": str}))
    return pd.concat(rows, ignore_index=True)


def tabulate_clusters(cells: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Return one row per timepoint and cluster (:data:`CLUSTERS`), in the order of timepoints and of cluster numbers.

    Parameters
    ----------
    cells
        The model's cells, in the order of timepoints (:func:`tabulate_cells`).
    table
        The model's links. Clusters that are linked one to one have a lineage in common.
    """
    sizes = cells.groupby(["timepoint", "cluster"], sort=False, observed=True).size().rename("n_cells").reset_index()
    order = {timepoint: number for number, timepoint in enumerate(dict.fromkeys(sizes["timepoint"]))}
    keys = pd.DataFrame({"timepoint": sizes["timepoint"].map(order).astype(int), "n": sizes["cluster"].astype(int)})
    sizes = sizes.loc[keys.sort_values(["timepoint", "n"]).index].reset_index(drop=True)
    names = list(zip(sizes["timepoint"].astype(str), sizes["cluster"], strict=True))
    number = links.lineages(names, table)
    emerged, lost = table[table["status"] == "emerged"], table[table["status"] == "lost"]
    new = set(zip(emerged["timepoint_to"], emerged["cluster_to"].astype(str), strict=True))
    gone = set(zip(lost["timepoint_from"], lost["cluster_from"].astype(str), strict=True))
    fates = [" and ".join(["emerged"] * (name in new) + ["lost"] * (name in gone)) for name in names]
    share = sizes["n_cells"] / sizes.groupby("timepoint", observed=True)["n_cells"].transform("sum")
    return sizes.assign(share=share, lineage=[number[name] for name in names], fate=fates)[CLUSTERS]


def main(snakemake) -> None:
    """Read a model's clustered cells; write links, similarities, and the tables of clusters and of cells."""
    import anndata

    parts = [anndata.read_h5ad(path) for path in snakemake.input.clusters]
    timepoints = list(snakemake.params.timepoints)
    stages = make_stages(parts, timepoints)
    for timepoint in set(timepoints) - {stage.timepoint for stage in stages}:
        job.log.warning("%s has no cells and is skipped", timepoint)
    table, pairs = link_stages(stages, **snakemake.params.links, seed=snakemake.params.seed)
    if table.empty:
        job.log.warning("no links: %d timepoint(s) with cells, two are needed", len(stages))
    for row in table.itertuples():
        job.log.info(
            "%s %s → %s %s: %s (%s, score %.3g, p %.3g)",
            row.timepoint_from,
            row.cluster_from or "–",
            row.timepoint_to,
            row.cluster_to or "–",
            row.status,
            row.basis,
            row.score,
            row.p,
        )
    table.to_csv(snakemake.output.links, sep="\t", index=False, float_format="%.6g")
    pairs.to_csv(snakemake.output.similarity, sep="\t", index=False, float_format="%.6g")
    cells = tabulate_cells(parts)
    tabulate_clusters(cells, table).to_csv(snakemake.output.clusters, sep="\t", index=False, float_format="%.6g")
    cells.to_csv(snakemake.output.cells, sep="\t", index=False, float_format="%.6g", compression=GZIP)


if __name__ == "__main__":
    job.run(main, snakemake)
