"""Write counts, layout, clusters and regulons as a loom file that SCope opens."""

import base64
import json
import zlib
from collections.abc import Iterable

import h5py
import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_tsv
from scripts.exports import cells as described
from scripts.exports import matrix
from scripts.exports.export_study import read_activity, read_observed

SPEC = "3.0.0"
"""Version of the loom format (linnarssonlab.org/loompy/format)."""
BLOCK = 512
"""Cells per block: 30,000 genes × 512 cells are 61 MB."""
ANNOTATIONS = ("sample", "model", "timepoint", "arm", "phase")
METRICS = ("total_counts", "n_genes", "pct_counts_mt", "ambient_fraction", "stress", "hypoxia")


def scope_name(regulon: str) -> str:
    """Return a regulon's name in SCope's form, with factor and sign: FOSL1_(+)."""
    return regulon.replace("(", "_(")


def records(table: pd.DataFrame) -> np.ndarray:
    """Return a table as a structured array with a field per column, SCope's format for tables in attributes."""
    kinds = [(str(name), table[name].to_numpy().dtype) for name in table.columns]
    done = np.empty(len(table), dtype=kinds)
    for name in table.columns:
        done[str(name)] = table[name].to_numpy()
    return done


def metadata(obs: pd.DataFrame, thresholds: pd.DataFrame, regulons: list[str]) -> dict:
    """Return SCope's description of embeddings, clusterings, annotations, metrics and thresholds.

    ``thresholds``: columns regulon, threshold. SCope has one threshold per regulon, so the mean over groups is used.
    """
    clusters = list(obs["cluster"].cat.categories)
    cuts = thresholds.groupby("regulon")["threshold"].mean() if len(thresholds) else pd.Series(dtype=float)
    return {
        "embeddings": [{"id": -1, "name": "UMAP, models side by side"}],
        "clusterings": [
            {
                "id": 0,
                "group": "clusters",
                "name": "clusters by model and timepoint",
                "clusters": [{"id": i, "description": name} for i, name in enumerate(clusters)],
            }
        ],
        "annotations": [{"name": name, "values": [str(v) for v in obs[name].cat.categories]} for name in ANNOTATIONS],
        "metrics": [{"name": name} for name in METRICS if name in obs],
        "regulonThresholds": [
            {
                "regulon": scope_name(regulon),
                "defaultThresholdValue": float(cuts[regulon]),
                "defaultThresholdName": "on_off",
                "allThresholds": {"on_off": float(cuts[regulon])},
                "motifData": "",
            }
            for regulon in regulons
            if regulon in cuts.index
        ],
    }


def write_text(group: h5py.Group, name: str, values) -> None:
    """Write strings as variable-length UTF-8, as required by loom 3."""
    group.create_dataset(name, data=np.asarray(list(values), dtype=object), dtype=h5py.string_dtype("utf-8"))


def write_matrix(file: h5py.File, libraries: list[str], genes: pd.Index, n_cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Write counts, genes × cells, block by block; return the numbers of UMIs and genes of each cell."""
    shape = (len(genes), n_cells)
    chunks = tuple(max(1, min(64, n)) for n in shape)
    data = file.create_dataset("matrix", shape, np.float32, chunks=chunks, compression="gzip", compression_opts=2)
    umis, seen, start = np.zeros(n_cells, np.float32), np.zeros(n_cells, np.int32), 0
    for library in matrix.read_libraries(libraries):
        counts = matrix.aligned(library, genes)
        for first in range(0, counts.shape[0], BLOCK):
            block = counts[first : first + BLOCK]
            place = slice(start + first, start + first + block.shape[0])
            data[:, place] = block.toarray().T
            umis[place] = np.asarray(block.sum(axis=1)).ravel()
            seen[place] = block.getnnz(axis=1)
        start += counts.shape[0]
    return umis, seen


def write_loom(
    path: str,
    libraries: list[str],
    *,
    obs: pd.DataFrame,
    layout: np.ndarray,
    activity: pd.DataFrame,
    edges: pd.DataFrame,
    thresholds: pd.DataFrame,
    title: str,
    carried: Iterable[str] = (),
) -> None:
    """Write the file. ``activity``: cells × regulons; ``edges``: consensus regulons (regulon, target); ``carried``:
    columns of ``obs`` that come from the samples sheet.

    If a regulon isn't measured in a cell's group, its activity is 0, as SCope has no missing values.
    """
    genes = matrix.all_genes(libraries)
    regulons = list(activity.columns)
    with h5py.File(path, "w") as file:
        umis, seen = write_matrix(file, libraries, genes.index, len(obs))
        for name in ("layers", "row_graphs", "col_graphs"):
            file.create_group(name)
        rows, columns, attributes = (file.create_group(name) for name in ("row_attrs", "col_attrs", "attrs"))
        write_text(rows, "Gene", genes.index)
        write_text(rows, "gene_id", genes["gene_id"])
        own = edges.groupby("regulon")["target"].apply(set).to_dict() if len(edges) else {}
        if regulons:
            member = {scope_name(r): np.array([g in own[r] for g in genes.index], dtype=np.int64) for r in regulons}
            rows.create_dataset("Regulons", data=records(pd.DataFrame(member)))
            named = activity.rename(columns=scope_name).astype(np.float64).fillna(0.0)
            columns.create_dataset("RegulonsAUC", data=records(named))
        write_text(columns, "CellID", obs.index)
        columns.create_dataset("nUMI", data=umis)
        columns.create_dataset("nGene", data=seen)
        place = layout.astype(np.float64)
        columns.create_dataset("Embedding", data=records(pd.DataFrame(place, columns=["_X", "_Y"])))
        for name, axis in (("Embeddings_X", 0), ("Embeddings_Y", 1)):
            columns.create_dataset(name, data=records(pd.DataFrame({"-1": place[:, axis]})))
        cluster = obs["cluster"].cat.codes.to_numpy().astype(np.int64)
        columns.create_dataset("Clusterings", data=records(pd.DataFrame({"0": cluster})))
        columns.create_dataset("ClusterID", data=cluster)
        for name in ANNOTATIONS:
            write_text(columns, name, obs[name].astype(str))
        for name in carried:
            if obs[name].dtype.kind == "f":
                columns.create_dataset(name, data=obs[name].to_numpy(dtype=np.float64))
            else:
                write_text(columns, name, obs[name].astype(str))
        for name in [name for name in METRICS if name in obs]:
            columns.create_dataset(name, data=obs[name].to_numpy(dtype=np.float64))
        # SCope writes compressed metadata, and reads both forms.
        said = json.dumps(metadata(obs, thresholds, regulons))
        packed = base64.b64encode(zlib.compress(said.encode())).decode("ascii")
        for name, value in {
            "LOOM_SPEC_VERSION": SPEC,
            "title": title,
            "Genome": "",
            "MetaData": packed,
            **{f"SCopeTreeL{level}": "" for level in (1, 2, 3)},
        }.items():
            attributes.create_dataset(name, data=value, dtype=h5py.string_dtype("utf-8"))


def main(snakemake) -> None:
    """Read the stages' files; write the loom file."""
    given, params = snakemake.input, snakemake.params
    orders = {"model": list(params.models), "timepoint": list(params.timepoints), "arm": list(params.arms)}
    cells = described.read_cells(given.clusters, params.own)
    obs = described.describe(cells, read_observed(list(given.cells)), orders, params.carried)
    placed = cells.set_index("cell").reindex(obs.index)
    layout = described.side_by_side(placed.assign(model=obs["model"].astype(str)), orders["model"])
    edges, thresholds = read_tsv(given.regulons), read_tsv(given.thresholds)
    activity = read_activity(list(given.activity), obs.index, edges["regulon"].unique())
    write_loom(
        snakemake.output[0], list(given.cells), obs=obs, layout=layout, activity=activity, edges=edges,
        thresholds=thresholds, title=params.title, carried=params.carried,
    )  # fmt: skip
    job.log.info("%d cells, %d regulons", len(obs), activity.shape[1])


if __name__ == "__main__":
    job.run(main, snakemake)
