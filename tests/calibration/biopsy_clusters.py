"""What shares of common clusters in a biopsy are called, the clustering and the assignment of its cells included.

Studies are those of the common clusters' own rates; one model more is the biopsy's patient.
"""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd

from calibration.common_clusters import GAIN, SETTINGS, draw_study
from calibration.row import AROUND, AT_LEAST, AT_MOST, COVERAGE, POWER, REPORTED, VERDICT, Row, clustered
from scripts.biopsy import clusters, features
from scripts.growth import common, terms

LEVEL = 0.05
STATES = ("u", "p")
CALL = ("biopsy/*/scores.tsv: above or below untreated", "biopsy/*/scores.tsv call")
RANGE = ("biopsy/*/scores.tsv low", "biopsy/*/scores.tsv high")
VALUE = ("biopsy/*/scores.tsv: share of a common cluster",)
GROWN = 2.5
"""Natural log of the odds ratio by which kind A has grown in a biopsy of persisters."""


def place(rng: np.random.Generator, models: int, state: str, few: int | None) -> tuple[pd.DataFrame, pd.Series, str]:
    """Return the rows of a biopsy, by cluster, the share that each cluster should have, and the cluster of kind A.

    ``few``: cells of the biopsy, with half of the molecules; by default it is as the other samples.
    """
    cells, kind = draw_study(rng, models + 1, GROWN * (state == "p"))
    training = (cells.labels["model"] != f"m{models}").to_numpy()
    query = np.flatnonzero(cells.labels["sample"] == f"m{models}{state}")[:few]
    labels = cells.labels[training].reset_index(drop=True)
    own = common.Sampled(cells.counts[training], cells.genes, cells.everywhere, labels)
    found, _ = common.find(own, SETTINGS)
    cluster = common.join_rare(found.labels, labels, common.LEAST)
    counts = cells.counts[query]
    if few:
        counts.data = rng.binomial(counts.data, 0.5).astype(counts.data.dtype)
    labels.index = labels.index.astype(str)
    known = anndata.AnnData(own.counts, obs=labels, var=pd.DataFrame(index=cells.genes))
    matched = features.match(known, counts, list(cells.genes), seed=0)
    names = sorted(set(cluster) - {terms.RARE})
    table = pd.DataFrame({"cluster": names, "genes": ""})
    rows = clusters.place(table, labels.assign(cluster=cluster), matched, STATES, 1 - LEVEL)
    parts = pd.crosstab(cluster, kind[training], normalize="index")
    # Each kind of cells belongs to the cluster that most of its training cells are in.
    whole = pd.crosstab(kind[training], cluster, normalize="index")
    true = pd.Series(whole.idxmax(axis=1).reindex(kind[query]).to_numpy()).value_counts(normalize=True)
    of_a = parts["A"].idxmax() if parts["A"].max() > 0.5 else ""
    return rows.set_index("item"), true, of_a


def rows_of(models: int, few: int | None, studies: int) -> list[Row]:
    """Return the rates with a number of models: calls, ranges, the error of the shares, and the power."""
    rng = np.random.default_rng([2, models, few or 0])
    design = f"{models} × (1+1), 120 and 80 cells" + (f"; a biopsy of {few} cells, half of the UMIs" if few else "")
    called, inside, n, errors, undivided = [], [], [], [], 0
    for _ in range(studies):
        found, true, _ = place(rng, models, "u", few)
        undivided += not len(found)
        placed = found[found["low"].notna()] if len(found) else pd.DataFrame(columns=["value", "low", "high", "call"])
        n.append(len(placed))
        called.append(int((placed["call"] != "as untreated").sum()))
        inside.append(
            int(((placed["low"] - 1e-9 <= placed["value"]) & (placed["value"] <= placed["high"] + 1e-9)).sum())
        )
        errors += list((placed["value"] - true.reindex(placed.index).fillna(0)).abs())
    said = f"mean error of a share {np.mean(errors):.3f}; one cluster in {undivided} studies"
    truth = "an untreated new patient; shares of common clusters"
    found = [
        Row(CALL, design, truth, VERDICT, LEVEL, **clustered(np.array(called), np.array(n)), bound=AT_MOST, note=said),
        Row(
            RANGE, design, truth, COVERAGE, 0.95, **clustered(np.array(inside), np.array(n)),
            bound=AT_LEAST if few else AROUND,
        ),
    ]  # fmt: skip
    hits, seen = 0, 0
    for _ in range(studies // 2):
        rows, _, own = place(rng, models, "p", few)
        if own in rows.index:
            seen += 1
            hits += rows.loc[own, "call"] == "above untreated"
    truth = (
        f"a new patient; the odds of a kind of cells are {np.exp(GROWN):.0f} times those before treatment; its cluster"
    )
    found.append(Row(CALL, design, truth, POWER, None, int(hits), seen, REPORTED))
    return found


def rows(quick: bool) -> list[Row]:
    """Return the rates of a biopsy's shares of common clusters."""
    assert GAIN < 2, "kinds of cells that nobody could take for each other show nothing of the assignment"
    designs = ((5, None),) if quick else ((3, None), (5, None), (8, None), (5, 40))
    return [row for models, few in designs for row in rows_of(models, few, 4 if quick else 200)]
