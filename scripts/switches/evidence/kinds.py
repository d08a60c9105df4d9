"""Each kind of evidence by itself: where a regulon ranks in it among all regulons."""

from __future__ import annotations

import numpy as np
import pandas as pd

EVIDENCE = ["regulon", "kind", "value", "rank_above"]
COLUMNS = {
    "activity": "loo_min_effect",
    "on_off": "on_difference",
    "signature_enrichment": "signature_enrichment_log2",
    "knockout": "perturbation_share",
}
"""Kind of evidence → the column of switches.tsv that measures it."""


def favourable(values: pd.Series, kind: str, effect: pd.Series) -> pd.Series:
    """Return values of which more is better evidence.

    Parameters
    ----------
    values
        The column of the kind.
    kind
        On and off counts in the direction of the change.
    effect
        Mean change in activity.
    """
    if kind == "on_off":
        return values * np.sign(effect)
    return values


def rank_evidence(switches: pd.DataFrame) -> pd.DataFrame:
    """Return a row (:data:`EVIDENCE`) per regulon and kind, in the order of the ranked table.

    ``rank_above`` is the share of the other regulons that rank above (0 best, 1 last); missing without evidence.
    """
    parts = []
    for kind, column in COLUMNS.items():
        values = switches[column].astype(float)
        better = favourable(values, kind, switches["effect"].astype(float))
        above = (better.rank(ascending=False, method="min") - 1) / max(better.notna().sum() - 1, 1)
        parts.append(pd.DataFrame({"regulon": switches["regulon"], "kind": kind, "value": values, "rank_above": above}))
    return pd.concat(parts).sort_index(kind="stable")[EVIDENCE].reset_index(drop=True)
