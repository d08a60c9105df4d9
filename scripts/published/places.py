"""The study's place among published signatures: their change in its patients, and what lists share."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scripts.base.verdicts import decide
from scripts.perturbations import effects
from scripts.perturbations.coexpression import Coexpression
from scripts.published.terms import BY_MODEL, SIGNATURES, SIMILARITY, STUDY
from scripts.published.verdicts import PLACES, Place
from scripts.stats.paired import summarise

UNKNOWN = Coexpression(pd.Index([]), np.zeros((0, 0)), 0, np.zeros(0, dtype=int))
"""No co-expression: the error over genes is not used, since models are the replicates."""
REACH = 2.576
"""Standard deviations on either side that hold 99 % of a normal distribution."""
SUMMARY = {
    "effect": "effect", "ci_low": "ci_low", "ci_high": "ci_high", "p": "p", "fdr": "fdr", "k": "models_agreeing",
    "n": "n_models",
}  # fmt: skip


def change_of(change: pd.Series, signs: pd.Series, mean: pd.Series) -> effects.SetChange:
    """Return the change of a signature against all lists of other genes of similar expression.

    ``change``: log2 change by gene (NaN: not measured); ``signs``: ±1 by gene; ``mean``: mean expression by gene.
    """
    return effects.change_of_set(change.dropna(), signs, mean, UNKNOWN)


def by_model(changes: pd.DataFrame, signatures: dict[str, pd.Series], mean: pd.Series) -> pd.DataFrame:
    """Return a row (:data:`BY_MODEL`) per signature and model. ``changes``: models × genes, NaN: not measured."""
    rows = []
    for name, signs in signatures.items():
        for model, change in changes.iterrows():
            found = change_of(change, signs, mean)
            rows.append((name, model, found.genes, found.shift))
    return pd.DataFrame(rows, columns=BY_MODEL)


def signed(signs: pd.Series, genes: pd.Index) -> np.ndarray:
    """Return +1, −1 or 0 by gene: in which list of a signature it is."""
    return signs.reindex(genes).fillna(0.0).to_numpy()


def correlate(x: np.ndarray, y: np.ndarray) -> float:
    """Return Pearson's correlation over genes; NaN if one side doesn't vary."""
    return float(np.corrcoef(x, y)[0, 1]) if x.std() > 0 and y.std() > 0 else np.nan


def shared(x: np.ndarray, y: np.ndarray) -> tuple[int, int, float]:
    """Return the number of genes that two signatures have in the same and in opposite directions, and how many in the
    same direction are expected of lists without relation (the mean of the hypergeometric distribution).

    ``x``, ``y``: from :func:`signed`, over the same genes.
    """
    same, opposite = int((x * y > 0).sum()), int((x * y < 0).sum())
    expected = sum(float((x == side).sum() * (y == side).sum()) for side in (1.0, -1.0)) / max(len(x), 1)
    return same, opposite, expected


def compare_lists(
    signatures: dict[str, pd.Series], change: pd.Series, signature: pd.Series, genes: pd.Index
) -> pd.DataFrame:
    """Return a row (:data:`SIMILARITY`) per pair of signatures, among them the study (:data:`STUDY`).

    ``change``: mean change over models by gene, which represents the study in correlations; ``signature``: ±1 by gene
    of the study's own signature, which represents it in numbers of shared genes; ``genes``: those measured.
    """
    lists = {STUDY: signed(signature, genes)} | {name: signed(signs, genes) for name, signs in signatures.items()}
    values = lists | {STUDY: change.reindex(genes).to_numpy(dtype=float)}
    rows = []
    for name, own in lists.items():
        for other, theirs in lists.items():
            same, opposite, _ = shared(own, theirs)
            r = correlate(values[name], values[other])
            rows.append((name, other, int((own != 0).sum()), r, same, opposite))
    return pd.DataFrame(rows, columns=SIMILARITY)


def place(
    changes: pd.DataFrame,
    signatures: dict[str, pd.Series],
    sources: pd.DataFrame,
    mean: pd.Series,
    signature: pd.Series,
    fdr: float,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return a row per signature (:data:`SIGNATURES`), per signature and model, and per pair of signatures.

    Parameters
    ----------
    changes
        Models × genes: log2 change of each model, mean over its arms; NaN: not measured.
    signatures, sources
        Direction (±1) by gene of each signature; its paper, cancer and drug.
    mean, signature
        Mean expression by gene; direction by gene of the study's own signature.
    fdr
        Limit of the false discovery rate over the signatures.

    The p-value is that of a paired t over models: each list is taken as given. How far other lists go by chance is told
    by ``random_reach``. Variances are not moderated: lists differ by how their genes vary together.
    """
    models = by_model(changes, signatures, mean)
    table = models.pivot(index="model", columns="signature", values="shift").reindex(
        index=changes.index, columns=list(signatures)
    )
    found = summarise(table, pd.Series(1.0, index=table.columns), moderated=False)
    overall = changes.mean()
    genes = overall.dropna().index
    study = signed(signature, genes)
    whole = change_of(overall, signature, mean)
    rows = []
    for name, signs in signatures.items():
        own = change_of(overall, signs, mean)
        same, opposite, expected = shared(signed(signs, genes), study)
        row = found.loc[name].rename(SUMMARY)[list(SUMMARY.values())].to_dict()
        reach = REACH * own.spread
        evidence = Place(int(row["n_models"]), row["effect"], row["fdr"], fdr, reach)
        rows.append(
            {
                "signature": name,
                **sources.loc[name].to_dict(),
                "up": int((signs > 0).sum()),
                "down": int((signs < 0).sum()),
                "measured": int(signs.index.isin(genes).sum()),
                **row,
                "random_reach": reach,
                "share_of_signature": row["effect"] / whole.shift if whole.shift > 0 else np.nan,
                "correlation": correlate(overall[genes].to_numpy(), signed(signs, genes)),
                "shared_same": same,
                "shared_opposite": opposite,
                "shared_expected": expected,
                "verdict": decide(PLACES, evidence).name,
                "note": "" if np.isfinite(own.shift) else "too few of its genes are measured",
            }
        )
    result = pd.DataFrame(rows, columns=SIGNATURES).astype({"models_agreeing": "Int64", "n_models": "Int64"})
    order = result["effect"].sort_values(ascending=False, kind="stable").index
    return result.loc[order], models, compare_lists(signatures, overall, signature, genes)
