"""Lineages of a biopsy's stroma: what of them a reference holds, and a biopsy's shares among the training models.

Cells of training and of biopsies are named in the same way: each by its own markers, within its library. The study's
own lineages are those of clusters over all libraries, which a new library has no part in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.base import expression
from scripts.base.tables import HOST, NORMAL
from scripts.biopsy.describe import ROWS
from scripts.biopsy.growth import COUNTS, place_counts
from scripts.biopsy.reference import Reference
from scripts.stats.intervals import share_interval
from scripts.stroma import naming, panels, shares

SECTION = "stroma"
TABLE = [*shares.SHARES, "own_cells", "own_called"]
"""Columns of the reference's stroma.tsv: those of stroma/shares.tsv, and cells named by their own markers alone."""
HELD = ("kind", "species", "min_cells", "max_cells", "seed")
"""What a reference's manifest holds of its stroma; settings are those of the config's section stroma when frozen."""
UNLIMITED = {"min_cells": 0, "max_cells": np.inf, "seed": 0}
"""How a biopsy's stroma is described where the reference has none."""
KINDS = {"xenograft": HOST, "tumour": NORMAL}
"""Kind of stroma by the composition of a library."""
SAID = {HOST: "host cells of xenografts", NORMAL: "normal cells of tumour samples"}
NONE = "stromal cells"
"""Item of the row of a biopsy without any."""


@dataclass(frozen=True)
class Stroma:
    """The stroma of a biopsy.

    Parameters
    ----------
    kind, species
        Kind of stroma (:data:`KINDS`) and its species.
    cells, drawn
        Stromal cells, and how many of them were named.
    counts
        Cells by lineage, of those whose markers show one.
    least
        Stromal cells that a sample needs (``stroma.min_cells`` of the reference's study).
    """

    kind: str
    species: str
    cells: int
    drawn: int
    counts: pd.Series
    least: int

    @property
    def called(self) -> int:
        """Cells whose markers show a lineage."""
        return int(self.counts.sum())


def count_own(cells, species: str) -> pd.Series:
    """Return the number of cells whose own markers show a lineage, by lineage of the species' panel."""
    panel = panels.markers(species)
    called = naming.call_cells(cells.X, cells.var_names, panel, np.full(cells.n_obs, "", dtype=object))
    return pd.Series(called).value_counts().reindex(list(panel), fill_value=0).astype(int)


def to_freeze(found: pd.DataFrame, paths: Mapping[str, str], species: str, settings: Mapping[str, int]) -> pd.DataFrame:
    """Return :data:`TABLE`: a row per sample with stromal cells and lineage.

    Parameters
    ----------
    found
        stroma/shares.tsv. Of a lineage that only markers show, ``cells`` and ``share`` are empty.
    paths
        Stromal cells by sample.
    species
        Species of the stroma.
    settings
        ``max_cells`` and ``seed`` of the config's section stroma.
    """
    own = {}
    for sample in dict.fromkeys(found["sample"]):
        cells, _ = expression.read_cells(paths[sample], settings["max_cells"], settings["seed"])
        own[sample] = count_own(cells, species)
    if not own:
        return pd.DataFrame(columns=TABLE)
    counts = pd.DataFrame(own).T
    counts = counts.loc[:, (counts > 0).any()]
    lineages = [*counts.columns, *(name for name in dict.fromkeys(found["lineage"]) if name not in counts)]
    about = found.drop_duplicates("sample").set_index("sample")[["model", "timepoint", "arm", "used"]]
    rows = pd.MultiIndex.from_product([list(own), lineages], names=["sample", "lineage"])
    table = found.set_index(["sample", "lineage"])[["cells", "share"]].reindex(rows).reset_index()
    table = table.join(about, on="sample")
    named = counts.reindex(columns=lineages, fill_value=0)
    return table.assign(
        cells=table["cells"].astype("Int64"),
        own_cells=named.to_numpy().ravel(),
        own_called=table["sample"].map(counts.sum(axis=1)),
    )[TABLE]


def read(frozen: Reference, composition: str | None, paths: Mapping[str, str], species: Mapping[str, str]):
    """Return the :class:`Stroma` of a biopsy; None for cells of one kind, and for a species without a panel.

    Parameters
    ----------
    frozen
        The reference, whose settings apply: a biopsy's cells are drawn as those of its samples were.
    composition
        As the stage cells found it.
    paths, species
        Its cells, and their species (empty without a panel), by kind.
    """
    kind = KINDS.get(composition or "", "")
    if not kind or not species[kind]:
        return None
    settings = frozen.manifest.get("stroma") or UNLIMITED
    cells, n = expression.read_cells(paths[kind], settings["max_cells"], settings["seed"])
    counts = count_own(cells, species[kind]) if cells.n_obs else pd.Series(dtype=int)
    return Stroma(kind, species[kind], n, cells.n_obs, counts, settings["min_cells"])


def reason(frozen: Reference, own: Stroma) -> str:
    """Return why a biopsy's shares can't be placed among those of the training models; empty if they can."""
    held = frozen.manifest.get("stroma")
    if own.cells < own.least:
        return f"{own.cells} stromal cells, fewer than the {own.least} that samples of the reference need"
    if own.called < naming.CALLED * own.drawn:
        return f"markers show a lineage in only {own.called} of {own.drawn} cells"
    if not held or frozen.table(SECTION).empty:
        return "the reference holds no shares of a stroma"
    theirs, ours = (held["species"], SAID[held["kind"]]), (own.species, SAID[own.kind])
    if theirs != ours:
        return f"the reference's are {' '.join(theirs)}, the biopsy's {' '.join(ours)}, which are not comparable"
    return ""


def training(frozen: Reference) -> pd.DataFrame:
    """Return the reference's rows of samples with enough stromal cells, of which enough show a lineage."""
    table = frozen.table(SECTION)
    if table.empty:
        return pd.DataFrame(columns=TABLE)
    drawn = table.groupby("sample")["cells"].transform("sum")
    return table[(table["used"] == "yes") & (table["own_called"] >= naming.CALLED * drawn) & (table["own_called"] > 0)]


def spread(counts: pd.DataFrame, state: str) -> str:
    """Return the range of the models' shares at a timepoint, in words. ``counts``: :data:`growth.COUNTS`."""
    own = counts[counts["timepoint"] == state]
    means = (own["flagged"] / own["cells"]).groupby(own["model"]).mean()
    if means.empty:
        return ""
    ends = f"{means.min():.0%} to {means.max():.0%}" if len(means) > 1 else f"{means.iloc[0]:.0%}"
    return f"{state} models {ends}"


def place(frozen: Reference, own: Stroma | None, level: float, why: str = "") -> pd.DataFrame:
    """Return a row (:data:`describe.ROWS`) per lineage: its share among the biopsy's cells that markers name.

    It is placed among the shares of the training models by :func:`growth.place_counts`; where that is not possible, it
    is described without a range and a call. ``why``: a reason beside those of :func:`reason`.
    """
    if own is None:
        return pd.DataFrame(columns=ROWS)
    if not own.called:
        said = "markers show no lineage in any of them" if own.cells else "the library has none"
        return pd.DataFrame([(SECTION, NONE, *[np.nan] * 5, "", f"{own.cells} cells: {said}")], columns=ROWS)
    states = (frozen.baseline, frozen.persister)
    unplaced = reason(frozen, own) or why
    table = training(frozen)
    rows = []
    for lineage in lineages_of(table if not unplaced else table.iloc[:0], own.counts):
        cells = int(own.counts.get(lineage, 0))
        low, high = share_interval(cells / own.called, own.called, level)
        counted = f"{cells} of {own.called} cells that markers name; {low:.0%} to {high:.0%} by counting alone " + (
            f"({100 * level:.0f} % binomial interval, without differences between patients)"
        )
        counts = table[table["lineage"] == lineage].rename(columns={"cells": "all", "own_cells": "flagged"})
        counts = counts.rename(columns={"own_called": "cells"})[COUNTS]
        rare = "" if unplaced or is_common(counts) else "less than 1 % of the training samples' cells"
        if unplaced or rare:
            note = f"{counted}; not placed: {unplaced or rare}"
            rows.append((SECTION, lineage, cells / own.called, *[np.nan] * 4, "", note))
            continue
        found = place_counts(SECTION, lineage, (cells, own.called), counts, states, level)
        ranges = [text for text in (spread(counts, state) for state in states) if text]
        rows.append((*found[:-1], "; ".join([counted, *ranges, found[-1]])))
    return pd.DataFrame(rows, columns=ROWS)


def is_common(counts: pd.DataFrame) -> bool:
    """Return whether a lineage has :data:`shares.MIN_SHARE` of the training samples' cells on average."""
    return bool(len(counts) and (counts["flagged"] / counts["cells"]).mean() >= shares.MIN_SHARE)


def lineages_of(table: pd.DataFrame, counts: pd.Series) -> Iterable[str]:
    """Return the lineages to be shown, the most frequent of the biopsy first: its own, and common ones of training."""
    own = counts[counts > 0].sort_values(ascending=False, kind="stable")
    common = [
        lineage
        for lineage, rows in table.groupby("lineage", sort=False)
        if (rows["own_cells"] / rows["own_called"]).mean() >= shares.MIN_SHARE
    ]
    return list(dict.fromkeys([*own.index, *common]))
