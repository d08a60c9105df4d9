"""Annotation of each cell for the exports: labels, cluster, scores, layout, activity of regulons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from scripts.base.tables import read_tsv
from scripts.figure import palette

LABELS = ["sample", "model", "timepoint", "arm", "replicate"]
SCORES = ["s_score", "g2m_score", "stress", "hypoxia"]
MEASURES = ["total_counts", "n_genes", "pct_counts_mt", "graft_fraction", "ambient_fraction", "doublet_score"]
GAP = 0.15
"""Gap between the layouts of two models, as a fraction of the widest layout."""


def read_cells(paths: Iterable[str], models: Iterable[str]) -> pd.DataFrame:
    """Return the rows of clusters/{model}/cells.tsv.gz of all models, with ``model``."""
    tables = [read_tsv(path).assign(model=model) for model, path in zip(models, paths, strict=True)]
    return pd.concat(tables, ignore_index=True)


def side_by_side(cells: pd.DataFrame, models: list[str]) -> np.ndarray:
    """Return one layout of all cells (n × 2): the models' own layouts, centred and placed on a square grid.

    Layouts were calculated separately, so distances between models have no meaning.
    """
    layout = np.zeros((len(cells), 2), dtype=np.float32)
    present = [model for model in models if (cells["model"] == model).any()]
    columns = int(np.ceil(np.sqrt(max(len(present), 1))))
    spans = [np.ptp(cells.loc[cells["model"] == m, ["umap_1", "umap_2"]].to_numpy(), axis=0).max() for m in present]
    step = (1 + GAP) * max([*spans, 1e-6])
    for number, model in enumerate(present):
        rows = (cells["model"] == model).to_numpy()
        own = cells.loc[rows, ["umap_1", "umap_2"]].to_numpy(dtype=np.float64)
        middle = (own.min(axis=0) + own.max(axis=0)) / 2
        layout[rows] = own - middle + step * np.array([number % columns, -(number // columns)])
    return layout


def labelled(observed: pd.DataFrame, orders: Mapping[str, list[str]], own: Iterable[str] = ()) -> pd.DataFrame:
    """Return the labels of cells as categories, and the columns of the user's samples sheet (see :func:`describe`)."""
    table = pd.DataFrame(index=observed.index.rename("cell"))
    for name in LABELS:
        values = observed[name].astype(str)
        names = [n for n in orders.get(name, sorted(set(values))) if n in set(values)]
        table[name] = pd.Categorical(values, categories=names)
    for name in own:
        numeric = pd.api.types.is_numeric_dtype(observed[name])
        table[name] = observed[name].astype(np.float32) if numeric else pd.Categorical(observed[name].astype(str))
    return table


def with_measures(table: pd.DataFrame, observed: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the measures of cells in ``observed``, as numbers."""
    return table.assign(**{name: observed[name].to_numpy(dtype=np.float32) for name in MEASURES if name in observed})


def describe(
    cells: pd.DataFrame, observed: pd.DataFrame, orders: Mapping[str, list[str]], own: Iterable[str] = ()
) -> pd.DataFrame:
    """Return one row per cell (index: its name): labels and clusters as categories, measures and scores as numbers.

    ``cells``: rows of clusters/{model}/cells.tsv.gz with ``model``; ``observed``: obs of cells/{sample}.h5ad in the
    order required; ``orders``: categories of timepoint, arm and model in the order of the config; ``own``: columns of
    the user's samples sheet in ``observed``.
    """
    known = cells.set_index("cell").reindex(observed.index)
    table = labelled(observed, orders, own)
    cluster = known["timepoint"].astype(str) + ":" + known["cluster"].astype(str)
    table["cluster"] = pd.Categorical(table["model"].astype(str) + " " + cluster)
    table["phase"] = pd.Categorical(known["phase"].fillna("unknown").replace("", "unknown"))
    table = with_measures(table, observed)
    for name in SCORES:
        if name in known and known[name].notna().any():
            table[name] = known[name].to_numpy(dtype=np.float32)
    return table


def colours(table: pd.DataFrame, orders: Mapping[str, list[str]]) -> dict[str, np.ndarray]:
    """Return the colours of each category, with the keys of scanpy and cellxgene."""
    found = {}
    for name in [name for name in ("model", "timepoint", "arm", "phase") if name in table]:
        every = palette.colours_of(name, orders.get(name, table[name].cat.categories))
        found[f"{name}_colors"] = np.array([every[str(value)] for value in table[name].cat.categories], dtype=object)
    return found
