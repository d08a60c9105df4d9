"""Activity of transcription factors from their targets: decoupler's univariate and multivariate models, joined."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import linalg, stats

from scripts.base import job
from scripts.stats.paired import false_discovery_rate

MIN_TARGETS = 5
"""Targets that a factor needs among the measured genes (decoupler's default)."""
TOLERANCE = 1e-8
"""Pivots below this share of the largest: a factor's targets are a combination of other factors' targets."""


def usable_network(network: pd.DataFrame, genes: list[str]) -> pd.DataFrame:
    """Return the edges to measured genes of factors with enough of them that can be told apart.

    Factors whose targets are a combination of other factors' can have no coefficient of their own in the multivariate
    model; the later ones are left out and told in the log.
    """
    edges = network[network["target"].isin(set(genes))]
    edges = edges[edges.groupby("source")["target"].transform("size") >= MIN_TARGETS]
    if edges.empty:
        return edges
    matrix = edges.pivot(index="target", columns="source", values="weight").fillna(0.0)
    # The intercept of the model comes first: it may not be given up for a factor.
    whole = np.zeros((len(set(genes)), matrix.shape[1] + 1))
    whole[:, 0] = 1.0
    whole[: len(matrix), 1:] = matrix.to_numpy()
    pivots = np.abs(np.diag(linalg.qr(whole, mode="r")[0][: whole.shape[1]]))
    kept = matrix.columns[pivots[1:] > TOLERANCE * pivots.max()] if len(pivots) == whole.shape[1] else matrix.columns
    if len(kept) < matrix.shape[1]:
        gone = [name for name in matrix.columns if name not in set(kept)]
        job.log.warning("targets of %s are those of other factors: left out", ", ".join(gone))
    return edges[edges["source"].isin(kept)].reset_index(drop=True)


def infer(values: pd.DataFrame, network: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return scores by method (ulm, mlm, consensus), rows of ``values`` × factors.

    ``values``: samples or contrasts × genes, without NaN; ``network``: :func:`usable_network`. After Badia-i-Mompel et
    al. 2022. With more factors than genes there is no multivariate model; the univariate one stands alone.
    """
    import decoupler as dc

    n_factors = network["source"].nunique()
    if not n_factors or not len(values):
        return {name: pd.DataFrame(index=values.index) for name in ("ulm", "mlm", "consensus")}
    methods = ["ulm", "mlm"] if values.shape[1] > n_factors + 2 else ["ulm"]
    found = dc.mt.decouple(values, network, methods=methods, cons=len(methods) > 1, tmin=MIN_TARGETS)
    scores = {name: found[f"score_{name}"] for name in methods}
    if len(methods) == 1:
        job.log.warning("%d factors and %d genes: no multivariate model", n_factors, values.shape[1])
        return scores | {"mlm": scores["ulm"] * np.nan, "consensus": scores["ulm"]}
    return scores | {"consensus": found["score_consensus"]}


def p_values(consensus: pd.DataFrame) -> pd.DataFrame:
    """Return two-sided p-values of consensus scores, which are means of z-scores over factors (decoupler)."""
    return pd.DataFrame(2 * stats.norm.sf(consensus.abs()), consensus.index, consensus.columns)


def table_of_contrasts(t: pd.DataFrame, network: pd.DataFrame) -> pd.DataFrame:
    """Return contrast, tf, score, p, fdr, ulm, mlm, n_targets; ``t``: contrasts × genes. Strongest first."""
    scores = infer(t, network)
    p = p_values(scores["consensus"])
    n_targets = network.groupby("source")["target"].size()
    parts = []
    for contrast in t.index:
        part = pd.DataFrame(
            {
                "contrast": contrast,
                "tf": scores["consensus"].columns,
                "score": scores["consensus"].loc[contrast].to_numpy() if len(n_targets) else [],
                "p": p.loc[contrast].to_numpy() if len(n_targets) else [],
                "ulm": scores["ulm"].loc[contrast].to_numpy() if len(n_targets) else [],
                "mlm": scores["mlm"].loc[contrast].to_numpy() if len(n_targets) else [],
            }
        )
        part["fdr"] = false_discovery_rate(part["p"].to_numpy(dtype=float))
        part["n_targets"] = part["tf"].map(n_targets)
        parts.append(part.sort_values(["p", "tf"], kind="stable"))
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["contrast", "tf", "score", "p", "ulm", "mlm", "fdr", "n_targets"])
    )
