"""The share of an effect that remains when a confounder is adjusted for, over the models, and the study's verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.base.verdicts import decide
from scripts.confounders.verdicts import KEPT, MIN_MODELS, PROGRAMME, VERDICTS, Evidence, Remaining
from scripts.stats import paired

CONFOUNDERS = [
    "confounder", "method", "contrast", "what", "effect_before", "effect_after", "ci_low", "ci_high", "share_remaining",
    "share_low", "share_high", "n_models", "note",
]  # fmt: skip
MIN_SHARE_INTERVAL = 25
"""Models from which a share has an interval. Where shares differ between patients and are skewed (one patient in four
loses all), Fieller's of 95 % covers 0.88 with 3 models and 0.90 with 8; 0.93 from 25 on (topic confounders of
``make calibration``).
"""
VERDICT = ["contrast", "verdict", "n_models", "models_agreeing", "signature_effect", "p", "remaining", "note"]


def share_interval(
    before: np.ndarray, after: np.ndarray, least: int = MIN_SHARE_INTERVAL
) -> tuple[float, float, float]:
    """Return the sum of ``after`` over the sum of ``before`` (one number per model each) and its 95 % interval.

    Fieller's: the values r for which after − r · before has a mean of zero over the models. All NaN where that is no
    interval: the effect before isn't clear of zero, so that nothing is a share of it. Below ``least`` models the ends
    are NaN, since shares that are skewed between patients are not covered. Two models or fewer give the share only.
    """
    n = len(before)
    total = before.sum()
    ratio = float(after.sum() / total) if total else np.nan
    if n < MIN_MODELS or not np.isfinite(ratio):
        return ratio, np.nan, np.nan
    t2 = stats.t.ppf(0.975, n - 1) ** 2 / n
    x, y = before.mean(), after.mean()
    covariance = np.cov(before, after, ddof=1)
    a = x**2 - t2 * covariance[0, 0]
    b = x * y - t2 * covariance[0, 1]
    c = y**2 - t2 * covariance[1, 1]
    root = b**2 - a * c
    root = 0.0 if abs(root) <= 1e-12 * b**2 else root  # nothing changed: the share is 1, without error
    if a <= 0 or root < 0:
        return np.nan, np.nan, np.nan
    if n < least:
        return ratio, np.nan, np.nan
    return ratio, float((b - np.sqrt(root)) / a), float((b + np.sqrt(root)) / a)


def compare(before: pd.Series, after: pd.Series) -> dict:
    """Return effect_before, effect_after with its interval, share_remaining with its, n_models of models that have
    both. No interval below :data:`MIN_MODELS` models, of a share below :data:`MIN_SHARE_INTERVAL`.
    """
    both = before.notna() & after.notna()
    x, y = before[both].to_numpy(dtype=float), after[both].to_numpy(dtype=float)
    n = len(x)
    found = dict.fromkeys(CONFOUNDERS[4:11], np.nan) | {"n_models": n}
    if not n:
        return found
    found |= {"effect_before": x.mean(), "effect_after": y.mean()}
    if n >= MIN_MODELS:
        reach = stats.t.ppf(0.975, n - 1) * y.std(ddof=1) / np.sqrt(n)
        found |= {"ci_low": y.mean() - reach, "ci_high": y.mean() + reach}
    found["share_remaining"], found["share_low"], found["share_high"] = share_interval(x, y)
    return found


def one_sided(values: np.ndarray) -> tuple[float, float]:
    """Return p-values of a mean over models that is zero or more, and of one that is zero or less (t); NaN below
    :data:`MIN_MODELS` models.
    """
    n = len(values)
    if n < MIN_MODELS:
        return np.nan, np.nan
    error = values.std(ddof=1) / np.sqrt(n)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = values.mean() / error
    return float(stats.t.cdf(t, n - 1)), float(stats.t.sf(t, n - 1))


def remaining_of(ways: dict[str, list[tuple[pd.Series, pd.Series]]]) -> dict[str, Remaining]:
    """Return, by confounder, whether more or less than :data:`KEPT` of the signature's change remains.

    ``ways``: by confounder, the change before and after (by model) of each way of adjustment. The share of a sum is
    below :data:`KEPT` if after − KEPT · before is below zero, which a one-sided t over the models tests. Any way of any
    confounder may explain the change, so that these p-values are corrected for their number (Bonferroni). That more
    remains must be shown of all ways, and is corrected as well: scores depend on one another through the signatures,
    and uncorrected a share of a half was taken for more in 8 to 10 % of simulated studies at 5 %. Ways of fewer than
    :data:`MIN_MODELS` models don't count.
    """
    found: dict[str, list[tuple[float, float, float]]] = {}
    for confounder, pairs in ways.items():
        for before, after in pairs:
            both = before.notna() & after.notna()
            x, y = before[both].to_numpy(dtype=float), after[both].to_numpy(dtype=float)
            less, more = one_sided(y - KEPT * x)
            if np.isfinite(less) and x.sum():
                found.setdefault(confounder, []).append((y.sum() / x.sum(), less, more))
    total = sum(map(len, found.values()))
    return {
        confounder: Remaining(
            share=float(min(share for share, _, _ in own)),
            less=float(min(1.0, total * min(less for _, less, _ in own))),
            more=float(min(1.0, total * max(more for _, _, more in own))),
        )
        for confounder, own in found.items()
    }


def extrapolate(effect: pd.Series, gap: pd.Series) -> tuple[float, float, float, int]:
    """Return the effect of a model whose samples don't differ in a covariate, with its interval, and n.

    ``effect``, ``gap``: by model; least squares over the models. NaN below four models or if the gap doesn't vary.
    """
    both = effect.notna() & gap.notna()
    y, x = effect[both].to_numpy(dtype=float), gap[both].to_numpy(dtype=float)
    n = len(x)
    spread = ((x - x.mean()) ** 2).sum() if n else 0.0
    if n < 4 or spread <= 1e-12:
        return np.nan, np.nan, np.nan, n
    slope = ((x - x.mean()) * y).sum() / spread
    at_zero = y.mean() - slope * x.mean()
    residual = y - at_zero - slope * x
    error = np.sqrt((residual**2).sum() / (n - 2) * (1 / n + x.mean() ** 2 / spread))
    reach = stats.t.ppf(0.975, n - 2) * error
    return at_zero, at_zero - reach, at_zero + reach, n


def count_genes(changes: pd.DataFrame, fdr: float) -> float:
    """Return how many genes' changes the patients share (:func:`scripts.stats.paired.is_shared`).

    ``changes``: models × genes.
    """
    if len(changes) < 3:
        return np.nan
    summary = paired.summarise(changes, pd.Series(1.0, index=changes.columns))
    return float(paired.is_shared(summary, fdr).sum())


def judge(effect: pd.Series, p: float, remaining: dict[str, Remaining], *, fdr: float, contrast: str) -> dict:
    """Return the study's verdict (:data:`VERDICT`).

    Parameters
    ----------
    effect
        By model, the change of the score of the signature that was learned without the model.
    p
        Its p-value (:func:`scripts.expression.left_out.null_of`).
    remaining
        What :func:`remaining_of` found.
    fdr
        Limit of the p-values.
    contrast
        Name of the comparison.
    """
    values = effect.dropna().to_numpy(dtype=float)
    n = len(values)
    found = dict.fromkeys(VERDICT, np.nan) | {"contrast": contrast, "n_models": n, "models_agreeing": 0, "p": p}
    found["remaining"] = "; ".join(f"{name} {own.share:.2f}" for name, own in remaining.items())
    if n:
        found |= {"signature_effect": values.mean(), "models_agreeing": int((values > 0).sum())}
    evidence = Evidence(n, p, fdr, remaining)
    verdict = decide(VERDICTS, evidence)
    notes = [verdict.note.format_map(evidence.places)] if verdict.note else []
    # What could have changed the conclusion, had it been measured.
    if evidence.not_measured and verdict in (PROGRAMME, VERDICTS[-1]):
        notes.append(f"not tested: {', '.join(evidence.not_measured)}")
    return found | {"verdict": verdict.name, "note": "; ".join(notes)}
