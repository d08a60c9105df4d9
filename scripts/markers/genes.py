"""Single marker genes: performance in the models used for selection, and the expectation for a gene of equal rank."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.markers import panels


def ranked_aucs(pairs: panels.Pairs, pool: np.ndarray, n: int) -> np.ndarray:
    """Return, for the first ``n`` ranks, the AUC in left-out models of the gene with this rank in the others.

    Mean over models; gene, direction and rank are chosen without the left-out model. The result is the expectation for
    a gene of that rank. A listed gene's own AUC is not, because the gene was chosen using all models.
    """
    untreated, persister = panels.state_means(pairs)
    found = np.zeros((pairs.n_models, min(n, int(pool.sum()))))
    for left in range(pairs.n_models):
        rest = np.arange(pairs.n_models) != left
        ranking = panels.learn(untreated[rest], persister[rest])
        best = ranking.order[pool[ranking.order]][: found.shape[1]]
        own, state = (
            pairs.values[pairs.model == left][:, best] * ranking.direction[best],
            pairs.state[pairs.model == left],
        )
        found[left] = [panels.auc(column, state) for column in own.T]
    return found.mean(axis=0)


def single_genes(pairs: panels.Pairs, genes: np.ndarray) -> pd.DataFrame:
    """Return, for single genes (positions), mean difference and, in left-out models, AUC, sensitivity and specificity.

    Direction and cutoff of a gene come from the other models. The genes themselves were chosen using all models. The
    figures are therefore in-sample and not an estimate for a new patient: no interval is given, and their names state
    this.
    """
    untreated, persister = panels.state_means(pairs)
    rows = []
    for gene in genes:
        within, right = [], []
        for left in range(pairs.n_models):
            rest = np.arange(pairs.n_models) != left
            side = 1.0 if (persister[rest, gene] - untreated[rest, gene]).mean() >= 0 else -1.0
            cut = (persister[rest, gene] + untreated[rest, gene]).mean() / 2
            own, state = side * (pairs.values[pairs.model == left, gene] - cut), pairs.state[pairs.model == left]
            within.append(panels.auc(own, state))
            right.append(((own[state > 0] > 0).mean(), (own[state < 0] <= 0).mean()))
        sensitivity, specificity = np.mean(right, axis=0)
        change = (persister[:, gene] - untreated[:, gene]).mean()
        rows.append((change, float(np.mean(within)), sensitivity, specificity))
    names = ["log_fc", "auc_in_sample", "sensitivity_in_sample", "specificity_in_sample"]
    return pd.DataFrame(rows, columns=names, index=genes)
