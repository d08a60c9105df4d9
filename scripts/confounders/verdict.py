"""What remains of the programme once a confounder is held, joined over the models, and what the study may claim."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from scripts.stats import paired

CONFOUNDERS = [
    "confounder", "method", "contrast", "what", "effect_before", "effect_after", "ci_low", "ci_high", "share_remaining",
    "share_low", "share_high", "n_models", "note",
]  # fmt: skip
VERDICT = ["contrast", "verdict", "n_models", "signature_effect", "ci_low", "ci_high", "p", "remaining", "note"]
ALONE = {"cell cycle": "cell cycle alone", "dissociation stress": "stress alone", "hypoxia": "hypoxia alone"}
NONE, FEW, PROGRAMME = "no shared programme shown", "too few models", "persister programme"
KEPT = 0.5
"""Share of the effect that must remain for the programme to be more than the confounder."""


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
    """Return how many genes change in three or more models, all of one direction, with t over models within ``fdr``.

    ``changes``: models × genes.
    """
    if len(changes) < 3:
        return np.nan
    summary = paired.summarise(changes, pd.Series(1.0, index=changes.columns), 0, flips=False)
    return float(((summary["k"] == summary["n"]) & (summary["n"] >= 3) & (summary["fdr_mod"] <= fdr)).sum())


def judge(effect: pd.Series, remaining: dict[str, float], *, fdr: float, contrast: str) -> dict:
    """Return the study's verdict (:data:`VERDICT`).

    ``effect``: by model, the change of the signature's score that was learned without the model. ``remaining``: the
    share that remains, by confounder of :data:`ALONE`. The programme is shared if the effect's mean is above zero over
    the models (one-sided t within ``fdr``, since the signature knows its direction); it is a confounder's alone if
    less than half remains.
    """
    values = effect.dropna().to_numpy(dtype=float)
    n = len(values)
    found = dict.fromkeys(VERDICT, np.nan) | {"contrast": contrast, "n_models": n, "note": ""}
    if n:
        found["signature_effect"] = values.mean()
    known = {name: share for name, share in remaining.items() if np.isfinite(share)}
    found["remaining"] = "; ".join(f"{name} {share:.2f}" for name, share in known.items())
    if n < 3:
        return found | {
            "verdict": FEW,
            "note": f"{n} model{'' if n == 1 else 's'}: a signature learned in the others needs three",
        }
    error = values.std(ddof=1) / np.sqrt(n)
    reach = stats.t.ppf(0.975, n - 1) * error
    t = values.mean() / error if error > 0 else np.inf * np.sign(values.mean())
    p = float(stats.t.sf(t, n - 1))
    found |= {"ci_low": values.mean() - reach, "ci_high": values.mean() + reach, "p": p}
    if not p <= fdr:
        return found | {
            "verdict": NONE,
            "note": "what is learned in the other patients doesn't rise in the one left out",
        }
    least = min(known, key=known.get) if known else ""
    if least and known[least] < KEPT:
        return found | {
            "verdict": ALONE[least],
            "note": f"{known[least]:.0%} of the signature's change remains without it",
        }
    missing = [name for name in ALONE if name not in known]
    note = f"not asked: {', '.join(missing)}" if missing else ""
    return found | {"verdict": PROGRAMME, "note": note}
