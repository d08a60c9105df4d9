"""The share of an effect that remains when a confounder is adjusted for, over the models, and the study's verdict."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.base.verdicts import decide
from scripts.confounders.verdicts import MIN_MODELS, VERDICTS, Evidence
from scripts.stats import paired

CONFOUNDERS = [
    "confounder", "method", "contrast", "what", "effect_before", "effect_after", "ci_low", "ci_high", "share_remaining",
    "share_low", "share_high", "n_models", "note",
]  # fmt: skip
VERDICT = ["contrast", "verdict", "n_models", "signature_effect", "ci_low", "ci_high", "p", "remaining", "note"]


def share_interval(before: np.ndarray, after: np.ndarray) -> tuple[float, float, float]:
    """Return the sum of ``after`` over the sum of ``before`` (one number per model each) and its 95 % interval.

    Fieller's: the values r for which after − r · before has a mean of zero over the models. All NaN where that is no
    interval, since the effect before isn't clear of zero nothing being a share of it; with one model only ends.
    """
    n = len(before)
    total = before.sum()
    ratio = float(after.sum() / total) if total else np.nan
    if n < 2 or not np.isfinite(ratio):
        return ratio, np.nan, np.nan
    t2 = stats.t.ppf(0.975, n - 1) ** 2 / n
    x, y = before.mean(), after.mean()
    covariance = np.cov(before, after, ddof=1)
    a = x**2 - t2 * covariance[0, 0]
    b = x * y - t2 * covariance[0, 1]
    c = y**2 - t2 * covariance[1, 1]
    root = b**2 - a * c
    if a <= 0 or root < 0:
        return np.nan, np.nan, np.nan
    return ratio, float((b - np.sqrt(root)) / a), float((b + np.sqrt(root)) / a)


def compare(before: pd.Series, after: pd.Series) -> dict:
    """Return effect_before, effect_after with its interval, share_remaining with its, n_models of models that have
    both.
    """
    both = before.notna() & after.notna()
    x, y = before[both].to_numpy(dtype=float), after[both].to_numpy(dtype=float)
    n = len(x)
    found = dict.fromkeys(CONFOUNDERS[4:11], np.nan) | {"n_models": n}
    if not n:
        return found
    found |= {"effect_before": x.mean(), "effect_after": y.mean()}
    if n > 1:
        reach = stats.t.ppf(0.975, n - 1) * y.std(ddof=1) / np.sqrt(n)
        found |= {"ci_low": y.mean() - reach, "ci_high": y.mean() + reach}
    found["share_remaining"], found["share_low"], found["share_high"] = share_interval(x, y)
    return found


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


def judge(effect: pd.Series, remaining: dict[str, float], *, fdr: float, contrast: str) -> dict:
    """Return the study's verdict (:data:`VERDICT`).

    Parameters
    ----------
    effect
        By model, the change of the score of the signature that was learned without the model. The programme is shared
        if the mean over the models is above zero (one-sided t, since the signature knows its direction).
    remaining
        Confounder of :data:`verdicts.ALONE` → share of the change that remains; NaN if it wasn't measured.
    fdr
        Limit of the p-value.
    contrast
        Name of the comparison.
    """
    values = effect.dropna().to_numpy(dtype=float)
    n = len(values)
    known = {name: share for name, share in remaining.items() if np.isfinite(share)}
    found = dict.fromkeys(VERDICT, np.nan) | {"contrast": contrast, "n_models": n}
    found["remaining"] = "; ".join(f"{name} {share:.2f}" for name, share in known.items())
    if n:
        found["signature_effect"] = values.mean()
    if n >= MIN_MODELS:
        error = values.std(ddof=1) / np.sqrt(n)
        reach = stats.t.ppf(0.975, n - 1) * error
        t = values.mean() / error if error > 0 else np.inf * np.sign(values.mean())
        p = float(stats.t.sf(t, n - 1))
        found |= {"ci_low": values.mean() - reach, "ci_high": values.mean() + reach, "p": p}
    evidence = Evidence(n, found["p"], fdr, known)
    verdict = decide(VERDICTS, evidence)
    # The rows of what could have changed the conclusion, had it been measured.
    missing = evidence.not_measured if verdict is VERDICTS[-1] else []
    note = f"not asked: {', '.join(missing)}" if missing else verdict.note.format_map(evidence.places)
    return found | {"verdict": verdict.name, "note": note}
