"""What several steps of the evidence read: regulons or a network, the signature, profiles, cells of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scripts.base.expression import join_samples, normalise
from scripts.base.tables import read_labelled
from scripts.counts.distrust import marked

if TYPE_CHECKING:
    import anndata

EDGES = ["regulon", "tf", "target", "weight", "sign"]


def read_edges(path: str) -> pd.DataFrame:
    """Return :data:`EDGES` of the consensus regulons (all activate), or of a network of factors with signed weights."""
    with open(path, "rb") as file:
        is_consensus = file.readline().decode("utf-8", "replace").startswith("regulon\t")
    if is_consensus:
        return read_labelled(path).assign(sign=1.0)[EDGES]
    from scripts.profiles.networks import read_network

    table = read_network(path)
    sign = np.sign(table["weight"])
    return pd.DataFrame(
        {
            "regulon": table["source"],
            "tf": table["source"],
            "target": table["target"],
            "weight": table["weight"].abs(),
            "sign": sign,
        }
    )


def read_signature(path: str) -> pd.Series:
    """Return +1 or −1 by gene."""
    table = read_labelled(path)
    return pd.Series(np.where(table["direction"] == "up", 1.0, -1.0), index=table["gene"], dtype=float)


def read_profiles(path: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.Index]:
    """Return log2 expression (samples × genes that all measured), the samples' labels, and the genes to distrust."""
    import anndata

    data = anndata.read_h5ad(path)
    values = pd.DataFrame(np.asarray(data.X, dtype=np.float64), index=data.obs_names, columns=data.var_names)
    labels = data.obs[["model", "timepoint", "arm", "replicate", "platform"]].astype(str)
    return values.dropna(axis=1), labels, marked(data.var)


def read_distrusted(path: str | None) -> pd.Index:
    """Return the genes that a file of profiles marks as distrusted; the matrix isn't read. None without a file."""
    if not path:
        return pd.Index([])
    import anndata
    import h5py

    with h5py.File(path) as file:
        return marked(anndata.io.read_elem(file["var"]))


def read_cells(paths: list[str], min_share: float) -> anndata.AnnData:
    """Return a model's cells × genes that all samples measured and ``min_share`` of the cells show: X log-normalised,
    counts in a layer. None where there are no cells.
    """
    import anndata

    cells = join_samples([anndata.read_h5ad(path) for path in paths])
    log = normalise(cells.X)
    shown = np.asarray((cells.X > 0).sum(axis=0)).ravel() / max(cells.n_obs, 1)
    kept = (shown >= min_share) & (shown > 0) & cells.var["everywhere"].to_numpy(dtype=bool)
    out = anndata.AnnData(log[:, kept].tocsr(), obs=cells.obs, var=cells.var.loc[kept, ["gene_id"]])
    out.layers["counts"] = cells.X[:, kept].tocsr()
    return out
