"""Cluster and name the cells of the stroma, and compare their shares and their pairs with the tumour over treatment.

The stroma is the host's cells of xenografts, or the normal cells of biopsies. Libraries are read one after the other;
of a large one ``max_cells`` cells are drawn.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import expression, job
from scripts.base.tables import GZIP
from scripts.cells.lineages import ANNOTATION
from scripts.cells.lineages import OTHER as UNNAMED
from scripts.clusters import cluster_cells
from scripts.stats.composition import LABELS
from scripts.stroma import naming, pairs, panels, shares
from scripts.stroma.terms import OTHER

if TYPE_CHECKING:
    import anndata

COMPARABLE = 0.5
"""Share of cells with a label of the user in any library, relative to the library with most."""
SAMPLES = ["sample", "model", "timepoint", "arm", "kind", "cells", "drawn", "used", "note"]
CELLS = ["cell", "sample", "model", "timepoint", "arm", "cluster", "own_lineage", "lineage"]


def given_labels(cells: "anndata.AnnData", lineages: Iterable[str]) -> np.ndarray:
    """Return the user's own lineage of each cell, empty where there is none.

    A label that is one of ``lineages``, but for capital letters or a plural, has its name.
    """
    if "lineage_by" not in cells.obs:
        return np.full(cells.n_obs, "", dtype=object)
    lineage = cells.obs["lineage"].astype(str)
    is_own = (cells.obs["lineage_by"].astype(str) == ANNOTATION) & (lineage != UNNAMED)
    known = {name.lower() + end: name for name in lineages for end in ("", "s")}
    named = lineage.map(lambda label: known.get(label.lower(), label))
    return named.where(is_own, "").to_numpy(dtype=object)


def are_comparable(given: list[np.ndarray]) -> bool:
    """Return whether libraries have the user's labels to a similar extent.

    Otherwise a lineage seems to change where only its name does. ``given``: by library, the user's label of each cell,
    empty without one.
    """
    shares = [float((labels != "").mean()) for labels in given]
    return min(shares, default=0.0) >= COMPARABLE * max(shares, default=0.0)


def describe_samples(sheet: pd.DataFrame, cells: dict[str, int], drawn: dict[str, int], kind: str, least: int):
    """Return :data:`SAMPLES`: whether a sample has enough cells for shares of lineages."""
    table = sheet.assign(kind=kind, cells=sheet["sample"].map(cells), drawn=sheet["sample"].map(drawn))
    enough = table["cells"] >= least
    few = [f"{n} cells, stroma.min_cells is {least}" for n in table["cells"]]
    return table.assign(used=np.where(enough, "yes", "no"), note=np.where(enough, "", few))[SAMPLES]


def find_clusters(parts: list, settings: dict) -> tuple[np.ndarray, sparse.csr_matrix, pd.Index, str]:
    """Return the cluster of each cell over all libraries, the joined counts, the genes, and a note."""
    if not parts:
        return np.zeros(0, int), sparse.csr_matrix((0, 0)), pd.Index([]), ""
    expression.check_common_genes(parts)
    cells = expression.join_samples(parts)
    counts = sparse.csr_matrix(cells.X)
    log = expression.normalise(counts)
    variable = expression.variable_genes(counts, settings["n_top_genes"], cells.var["everywhere"].to_numpy())
    found = cluster_cells.cluster(counts, log, variable, None, settings)
    return found.labels, counts, cells.var_names, found.note


def sum_by_lineage(counts: sparse.csr_matrix, lineage: pd.Series, sample: pd.Series) -> tuple[dict, dict]:
    """Return counts of genes, and cells, by lineage and sample; both empty for cells of no lineage."""
    sums, cells = {}, {}
    for key, rows in pd.Series(range(len(lineage))).groupby([lineage.to_numpy(), sample.to_numpy()], sort=True):
        if key[0] != OTHER:
            sums[key] = np.asarray(counts[rows.to_numpy()].sum(axis=0)).ravel()
            cells[key] = len(rows)
    return sums, cells


def read_tumour(path: str) -> pd.DataFrame:
    """Return samples × genes log2 expression of the tumour cells of each library with enough of them."""
    import anndata

    data = anndata.read_h5ad(path)
    known = data.var["everywhere"].to_numpy(dtype=bool)
    counts = pd.DataFrame(data.layers["counts"], data.obs_names, data.var_names)
    return pairs.express(counts.loc[:, known])


def main(snakemake) -> None:
    """Read the stroma of each library and the tumours' pseudobulk; write all tables of the stage."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    own, contrast = params.stroma, params.contrast
    sheet = pd.DataFrame(params.samples)[LABELS].astype(str)
    panel = panels.markers(params.species)
    parts, given, n, drawn = [], [], {}, {}
    for sample, path in zip(sheet["sample"], source.cells, strict=True):
        cells, n[sample] = expression.read_cells(path, own["max_cells"], own["seed"])
        drawn[sample] = cells.n_obs
        if cells.n_obs:
            parts.append(cells)
            given.append(given_labels(cells, panel))
    if not are_comparable(given):
        job.log.warning("labels of cells.annotation are not used: some libraries have few or none of them")
        given = [np.full(len(labels), "", dtype=object) for labels in given]
    called = [
        naming.call_cells(part.X, part.var_names, panel, labels) for part, labels in zip(parts, given, strict=True)
    ]
    samples = describe_samples(sheet, n, drawn, params.kind, own["min_cells"])
    samples.to_csv(output.samples, sep="\t", index=False)
    for row in samples[samples["used"] == "no"].itertuples():
        job.log.warning("%s is left out: %s", row.sample, row.note)

    calls, labelled = (np.concatenate(rows) if rows else np.zeros(0, dtype=object) for rows in (called, given))
    shares.check_reference(own["reference"], {*panel, *labelled} - {""})
    number, counts, genes, note = find_clusters(parts, params.clusters)
    job.log.info("%d cells of %d libraries%s", len(number), len(parts), f"; one cluster: {note}" if note else "")
    clusters, lineage = naming.name_clusters(number, calls, labelled)
    labels = pd.concat([part.obs[LABELS].astype(str) for part in parts]) if parts else pd.DataFrame(columns=LABELS)
    lineage = shares.join_rare(pd.Series(lineage, labels.index, dtype=object), labels["sample"], own["reference"])
    table = labels.assign(cell=labels.index, cluster=number, own_lineage=calls, lineage=lineage)[CELLS]
    for name, cells in lineage.value_counts().items():
        job.log.info("%s: %d cells", name, cells)
    counted = shares.count(lineage, labels, own["min_cells"])
    others = [name for name in params.timepoints if name != contrast["baseline"]]
    changes = shares.compare(counted, contrast["baseline"], others, reference=own["reference"], limit=params.fdr)
    sums, cells = sum_by_lineage(counts, lineage, labels["sample"])
    model = sheet.set_index("sample")["model"]
    stroma = pairs.sum_lineages(sums, cells, genes, model, own["min_lineage_cells"], own["seed"])
    found = pairs.score(
        read_tumour(source.tumour),
        stroma,
        sheet.set_index("sample"),
        panels.read(panels.PAIRS),
        panels.orthologues(params.species),
        contrast["baseline"],
        contrast["persister"],
    )
    table.to_csv(output.cells, sep="\t", index=False, float_format="%.6g", compression=GZIP)
    results = ((clusters, output.clusters), (counted, output.shares), (changes, output.changes), (found, output.pairs))
    for result, path in results:
        result.to_csv(path, sep="\t", index=False, float_format="%.6g")
    job.log.info(
        "%d pairs compared, %d of them change within %g", len(found), (found["fdr"] <= params.fdr).sum(), params.fdr
    )


if __name__ == "__main__":
    job.run(main, snakemake)
