"""Rates of calls and ranges of common clusters in a biopsy, the clustering and the assignment of its cells included.

Studies are those of the common clusters' own rates; one model more is the biopsy's patient.
"""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd

from calibration.common_clusters import SETTINGS, draw_study
from calibration.row import AT_LEAST, AT_MOST, COVERAGE, POWER, REPORTED, VERDICT, Row, clustered
from scripts.biopsy import clusters, features
from scripts.growth import common, terms

LEVEL = 0.05
STATES = ("u", "p")
CALL = ("biopsy/*/scores.tsv: above or below untreated", "biopsy/*/scores.tsv call")
RANGE = ("biopsy/*/scores.tsv low", "biopsy/*/scores.tsv high")
GROWN = 2.5
"""Natural log of the odds ratio by which kind A has grown in a biopsy of persisters."""


def place(rng: np.random.Generator, models: int, state: str, few: int | None, alone: bool = False) -> tuple:
    """Return the rows of a biopsy, by cluster, the share that each cluster should have, and the cluster of kind A.

    Parameters
    ----------
    models
        Training models.
    state
        Timepoint of the biopsy; kind A has grown in that of persisters.
    few
        Cells of the biopsy, with half of the molecules; by default it is as the other samples.
    alone
        Only its cells of kind A.
    """
    cells, kind = draw_study(rng, models + 1, GROWN * (state == "p"))
    training = (cells.labels["model"] != f"m{models}").to_numpy()
    of_biopsy = (cells.labels["sample"] == f"m{models}{state}").to_numpy() & ((kind == "A") | (not alone))
    query = np.flatnonzero(of_biopsy)[:few]
    labels = cells.labels[training].reset_index(drop=True)
    own = common.Sampled(cells.counts[training], cells.genes, cells.everywhere, labels)
    found, _ = common.find(own, STATES[0], SETTINGS)
    cluster = common.join_rare(found.labels, labels, common.LEAST)
    counts = cells.counts[query]
    if few:
        counts.data = rng.binomial(counts.data, 0.5).astype(counts.data.dtype)
    labels.index = labels.index.astype(str)
    known = anndata.AnnData(own.counts, obs=labels, var=pd.DataFrame(index=cells.genes))
    matched = features.match(known, counts, list(cells.genes), seed=0)
    table = pd.DataFrame({"cluster": sorted(set(cluster) - {terms.RARE}), "genes": ""})
    rows = clusters.place(table, labels.assign(cluster=cluster), matched, STATES, 1 - LEVEL)
    # A kind of cells belongs to the cluster that most of its training cells are in.
    whole = pd.crosstab(kind[training], cluster, normalize="index").idxmax(axis=1)
    true = pd.Series(whole.reindex(kind[query]).to_numpy()).value_counts(normalize=True)
    return rows.set_index("item"), true, whole["A"] if whole.is_unique else ""


def untreated_rows(models: int, few: int | None, studies: int) -> list[Row]:
    """Return how often clusters of an untreated biopsy are called, and how often their share lies in the range."""
    rng = np.random.default_rng([2, models, few or 0])
    design = f"{models} × (1+1), 120 and 80 cells" + (f"; a biopsy of {few} cells, half of the UMIs" if few else "")
    called, inside, n, errors, undivided = [], [], [], [], 0
    for _ in range(studies):
        found, true, _ = place(rng, models, STATES[0], few)
        undivided += not len(found)
        placed = found[found["low"].notna()].astype({"low": float, "high": float})
        share = true.reindex(placed.index).fillna(0.0)
        n.append(len(placed))
        called.append(int((placed["call"] != "as untreated").sum()))
        inside.append(int(((placed["low"] - 1e-9 <= share) & (share <= placed["high"] + 1e-9)).sum()))
        errors += list((placed["value"] - share).abs())
    note = f"mean error of a share {np.mean(errors):.3f}; one cluster in {undivided} studies"
    truth = "an untreated new patient; common clusters"
    of_n = np.array(n)
    return [
        Row(CALL, design, truth, VERDICT, LEVEL, **clustered(np.array(called), of_n), bound=AT_MOST, note=note),
        Row(RANGE, design, f"{truth}; true share", COVERAGE, 0.95, **clustered(np.array(inside), of_n), bound=AT_LEAST),
    ]


def grown_rows(models: int, studies: int) -> list[Row]:
    """Return the power for a kind of cells that has grown, and wrong calls in biopsies of that kind alone."""
    rng, design = np.random.default_rng([3, models]), f"{models} × (1+1), 120 and 80 cells"
    found = []
    for alone in (False, True):
        hits, seen, wrong, errors = 0, 0, 0, []
        for _ in range(studies):
            rows, true, own = place(rng, models, STATES[1], None, alone)
            if own not in rows.index:
                continue
            seen += 1
            hits += rows.loc[own, "call"] == "above untreated"
            others = rows.drop(index=own)["call"]
            wrong += (rows.loc[own, "call"] == "below untreated") | (others == "above untreated").any()
            errors.append(abs(rows.loc[own, "value"] - true[own]))
        kinds = "all cells are of one kind" if alone else f"the odds of one kind are {np.exp(GROWN):.0f} times as high"
        truth = f"a new patient; {kinds}"
        note = f"mean error of its share {np.nanmean(errors):.3f}; not placed in {np.isnan(errors).sum()}"
        found += [
            Row(CALL, design, f"{truth}; its cluster above", POWER, None, int(hits), seen, REPORTED, note),
            Row(
                CALL, design, f"{truth}; its cluster below, or others above", VERDICT, LEVEL, int(wrong), seen, AT_MOST
            ),
        ]
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rates of a biopsy's shares of common clusters."""
    designs = ((5, None),) if quick else ((3, None), (5, None), (8, None), (5, 40))
    found = [row for models, few in designs for row in untreated_rows(models, few, 4 if quick else 200)]
    return found + [row for models in ((5,) if quick else (3, 5, 8)) for row in grown_rows(models, 3 if quick else 60)]
