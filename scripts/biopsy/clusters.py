"""Clusters that a study's models have in common, in a biopsy: cells are assigned by a rule learned from training cells.

The rule (scripts/growth/sample_effects.py) estimates the effect of the biopsy and the shares of the clusters together.
Training samples are assigned by the rule learned without their model; genes and principal components are those of all
training models.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import expression
from scripts.biopsy.describe import ROWS
from scripts.biopsy.features import Matched
from scripts.biopsy.growth import count_flags, place_counts
from scripts.growth import sample_effects, terms

SECTION = "cluster"
LABEL = "cluster"
"""Column of the reference's cells with the common cluster; empty for cells that were not clustered."""
N_GENES, N_COMPONENTS = 1000, 30
AGREE = 0.5
"""Recall and precision in models left out that a cluster needs: the share of a cluster of which most cells are taken
for others cannot be placed."""


def components(training: sparse.csr_matrix, query: sparse.csr_matrix, sample: np.ndarray) -> tuple:
    """Return cells × components of training cells and of a biopsy: of the genes that vary most within the samples, by
    the training cells' principal components without the samples' means.
    """
    chosen = sample_effects.variable_within(training, sample, N_GENES, np.ones(training.shape[1], dtype=bool))
    counts = sparse.vstack([training, query], format="csr")
    log = expression.normalise(counts[:, chosen], expression.totals(counts))
    n = training.shape[0]
    found = expression.principal_components(log[:n], N_COMPONENTS, covariates=sample_effects.means_of_samples(sample))
    values = np.round(log.astype(np.float64) @ found.loadings, expression.DECIMALS)
    return values[:n], values[n:]


def assign_left_out(values: np.ndarray, labels: pd.DataFrame) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the cluster of each training cell by the rule learned without its model, and the clusters of each model's
    rule. Empty where there is no rule, in samples of too few cells and where shares are ambiguous.

    ``labels``: sample, model and :data:`LABEL` of each cell.
    """
    sample, model, cluster = (labels[name].astype(str).to_numpy(dtype=object) for name in ("sample", "model", LABEL))
    found, names = np.full(len(labels), "", dtype=object), {}
    for own in dict.fromkeys(model):
        rule = sample_effects.learn(values[model != own], sample[model != own], cluster[model != own])
        if rule is None:
            continue
        names[own] = rule.names
        for name in dict.fromkeys(sample[model == own]):
            rows = np.flatnonzero(sample == name)
            assigned = rule.assign(values[rows]) if len(rows) >= sample_effects.MIN_CELLS else None
            if assigned is not None:
                found[rows] = assigned
    return found, names


def recognised(assigned: np.ndarray, cluster: np.ndarray, name: str) -> tuple[float, float]:
    """Return recall and precision of a cluster in models left out; NaN without cells of it, or assigned to it."""
    known = (cluster != "") & (assigned != "")
    is_own, is_taken = known & (cluster == name), known & (assigned == name)
    both = (is_own & is_taken).sum()
    return tuple(float(both / side.sum()) if side.any() else np.nan for side in (is_own, is_taken))


def place(
    table: pd.DataFrame, labels: pd.DataFrame, matched: Matched, states: tuple[str, str], level: float
) -> pd.DataFrame:
    """Return a row (:data:`describe.ROWS`) per common cluster: its share of the biopsy's cells, among the training
    models by :func:`growth.place_counts`. No row if the reference has no common clusters.

    Cells without a count of the genes that both measured are left out.

    Parameters
    ----------
    table
        Common clusters (:data:`terms.COMMON`) of the reference.
    labels
        Sample, model, timepoint and :data:`LABEL` of the training cells.
    matched
        Counts of training cells and biopsy at one depth.
    states, level
        As of :func:`growth.place_counts`.
    """
    if table.empty or LABEL not in labels:
        return pd.DataFrame(columns=ROWS)
    seen = [expression.totals(counts) > 0 for counts in (matched.training, matched.query)]
    labels = labels[seen[0]].reset_index(drop=True)
    labels[LABEL] = labels[LABEL].astype(str).replace(terms.RARE, "")
    sample, cluster = (labels[name].astype(str).to_numpy(dtype=object) for name in ("sample", LABEL))
    rule = own = None
    if len(sample_effects.learnable(cluster)) > 1 and seen[1].any():
        training, query = components(matched.training[seen[0]], matched.query[seen[1]], sample)
        rule = sample_effects.learn(training, sample, cluster)
    if rule is None:
        return pd.DataFrame(columns=ROWS)
    if len(query) >= sample_effects.MIN_CELLS:
        own = rule.assign(query)
    assigned, names = assign_left_out(training, labels)
    rows = []
    for name, item in terms.name_clusters(table).items():
        recall, precision = recognised(assigned, cluster, name)
        note = "in models left out, none of its cells could be assigned"
        if np.isfinite(recall):
            note = f"in models left out, {recall:.0%} of its cells are assigned to it"
            note += f", and {precision:.0%} of those assigned are its own" if np.isfinite(precision) else ""
        if why := reason(name, len(query), own, rule, names) or ("" if min(recall, precision) >= AGREE else note):
            rows.append((SECTION, item, *[np.nan] * 5, "", f"not placed: {why}"))
            continue
        counts = count_flags(np.where(assigned == "", np.nan, assigned == name).astype(float), labels)
        flagged = int((own == name).sum())
        placed = place_counts(SECTION, item, (flagged, len(own)), counts, states, level)
        rows.append((*placed[:-1], f"{flagged} of {len(own)} cells; {placed[-1]}; {note}"))
    return pd.DataFrame(rows, columns=ROWS)


def reason(
    name: str, cells: int, own: np.ndarray | None, rule: sample_effects.Rule, names: dict[str, np.ndarray]
) -> str:
    """Return why a cluster's share cannot be placed; empty if it may be.

    Parameters
    ----------
    name
        The cluster.
    cells, own
        Cells of the biopsy, and their clusters (None: not assigned).
    rule, names
        The rule of all training models, and the clusters of the rules without a model (:func:`assign_left_out`).
    """
    if cells < sample_effects.MIN_CELLS:
        return f"{cells} cells with counts, fewer than {sample_effects.MIN_CELLS}"
    if own is None:
        return "assignments of different shares are about equally likely"
    if name not in rule.names:
        return f"fewer than {sample_effects.MIN_CELLS} training cells"
    if not names:
        return "no other training model has clusters"
    if lacking := [model for model, known in names.items() if name not in known]:
        return f"fewer than {sample_effects.MIN_CELLS} training cells without {', '.join(lacking)}"
    return ""
