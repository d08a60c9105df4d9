"""Activity of transcription factors from their targets: univariate and multivariate models of decoupler, combined."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import linalg

from scripts.base import job

MIN_TARGETS = 5
"""Targets that a factor needs among the measured genes (decoupler's default)."""
METHODS = {"score": "consensus", "ulm": "ulm", "mlm": "mlm"}
"""Column → decoupler's method; consensus is the mean of both as z-scores over factors."""
TOLERANCE = 1e-8
"""Pivots below this share of the largest: a factor's targets are a combination of other factors' targets."""


def usable_network(network: pd.DataFrame, genes: list[str]) -> pd.DataFrame:
    """Return the edges to measured genes of factors that have enough of them and are separable.

    If a factor's targets are a linear combination of those of other factors, it has no coefficient of its own in the
    multivariate model. The later factors are left out and named in the log.
    """
    edges = network[network["target"].isin(set(genes))]
    edges = edges[edges.groupby("source")["target"].transform("size") >= MIN_TARGETS]
    if edges.empty:
        return edges
    matrix = edges.pivot(index="target", columns="source", values="weight").fillna(0.0)
    # The intercept of the model comes first: it must not be dropped in favour of a factor.
    whole = np.zeros((len(set(genes)), matrix.shape[1] + 1))
    whole[:, 0] = 1.0
    whole[: len(matrix), 1:] = matrix.to_numpy()
    pivots = np.abs(np.diag(linalg.qr(whole, mode="r")[0][: whole.shape[1]]))
    kept = matrix.columns[pivots[1:] > TOLERANCE * pivots.max()] if len(pivots) == whole.shape[1] else matrix.columns
    if len(kept) < matrix.shape[1]:
        gone = [name for name in matrix.columns if name not in set(kept)]
        job.log.warning("left out, because other factors have the same targets: %s", ", ".join(gone))
    return edges[edges["source"].isin(kept)].reset_index(drop=True)


def infer(values: pd.DataFrame, network: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return scores by method (ulm, mlm, consensus), rows of ``values`` × factors.

    ``values``: samples or contrasts × genes, without NaN; ``network``: :func:`usable_network`. After Badia-i-Mompel et
    al. 2022. With more factors than genes the multivariate model cannot be fitted, and only the univariate one is used.
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


def table_of_contrasts(t: pd.DataFrame, network: pd.DataFrame) -> pd.DataFrame:
    """Return contrast, tf, score, ulm, mlm, n_targets; ``t``: contrasts × genes. Largest absolute score first.

    The score orders factors within a contrast. It has no p-value: a p-value from one contrast's vector compares a
    factor with other factors and is not evidence about patients.
    """
    scores = infer(t, network)
    n_targets = network.groupby("source")["target"].size()
    parts = []
    for contrast in t.index if len(n_targets) else []:
        own = {name: scores[method].loc[contrast].to_numpy() for name, method in METHODS.items()}
        part = pd.DataFrame({"contrast": contrast, "tf": scores["consensus"].columns, **own})
        part["n_targets"] = part["tf"].map(n_targets)
        strength = part.assign(_strength=-part["score"].abs())
        parts.append(part.loc[strength.sort_values(["_strength", "tf"], kind="stable").index])
    columns = ["contrast", "tf", *METHODS, "n_targets"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
