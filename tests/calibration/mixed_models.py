"""Mixed models in place of paired differences: limma's duplicateCorrelation, for comparison only.

Samples are correlated within blocks by one correlation for all features (Smyth, Michaud & Scott 2005). Two kinds of
block: model × state, with models as fixed effects, and models alone.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from calibration import designs
from calibration.paired import EFFECT, LEVEL, TRUE_SHARE
from calibration.paired_power import headline_fdr
from calibration.row import FALSE_DISCOVERIES, POWER, REPORTED, TYPE_1, Row, clustered
from scripts.stats import paired

BLOCKS = ("model × state", "model")
METHODS = {
    "headline": "paired: moderated differences",
    BLOCKS[0]: "limma: duplicateCorrelation, block model × state",
    BLOCKS[1]: "limma: duplicateCorrelation, block model",
}
DESIGNS = ("5 × (1+1)", "8 × (3+3)", "4 × (5+1)", designs.STUDY)
FEATURES = 100
PATIENTS = 1.0
"""Standard deviation between untreated patients, log2."""


def mixed_p(values: np.ndarray, samples: pd.DataFrame, block: str) -> np.ndarray:
    """Return the p-value of the change of each feature; values: samples × features, log2."""
    from pylimma import duplicate_correlation, e_bayes, lm_fit

    model = pd.factorize(samples["model"])[0]
    treated = (samples["timepoint"] == designs.TREATED).to_numpy()
    fixed = np.eye(model.max() + 1)[model] if block == BLOCKS[0] else np.ones((len(model), 1))
    design = np.column_stack([fixed, treated.astype(float)])
    own = 2 * model + treated if block == BLOCKS[0] else model
    with warnings.catch_warnings():
        # Blocks of one sample each have no correlation: what is left is limma's moderated paired t.
        warnings.filterwarnings("ignore", message="Blocks all of size 1")
        correlation = duplicate_correlation(values.T, design, block=own)["consensus_correlation"]
    fit = e_bayes(lm_fit(values.T, design, block=own, correlation=correlation))
    return np.asarray(fit["p_value"])[:, -1]


def fdr_and_p(values: np.ndarray, name: str, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Return FDR and p of each feature; values: samples × features, log2."""
    design = designs.DESIGNS[name]
    if method == "headline":
        differences = designs.differences_of(values[:, None, :], design)[0]
        return headline_fdr(differences), designs.summarise(differences)["p"].to_numpy()
    p = mixed_p(values, designs.sheet(design), method)
    return paired.false_discovery_rate(p), p


def compared_rows(name: str, between: float, studies: int, seed: int) -> list[Row]:
    """Return type I error, false discoveries and power of each method in the same studies."""
    rng = np.random.default_rng(seed)
    design = designs.DESIGNS[name]
    n_true = round(TRUE_SHARE * FEATURES)
    effect = np.zeros(FEATURES)
    effect[:n_true] = np.where(np.arange(n_true) % 2, -EFFECT, EFFECT)
    values = designs.draw_values(
        design, rng, studies=studies, features=FEATURES, between=between, effect=effect
    ).transpose(1, 0, 2)
    model = pd.factorize(designs.sheet(design)["model"])[0]
    values = values + rng.normal(0, PATIENTS, (studies, len(design), FEATURES))[:, model]
    truth = f"{EFFECT:g} log2 in {n_true} of {FEATURES} features; patients' changes differ by sd {between:g}"
    rows = []
    for method, what in METHODS.items():
        found = [fdr_and_p(own, name, method) for own in values]
        called = np.array([fdr <= LEVEL for fdr, _ in found])
        small = np.array([(p[n_true:] <= LEVEL).sum() for _, p in found])
        false = called[:, n_true:].sum(axis=1) / np.maximum(called.sum(axis=1), 1)
        for quantity, rates in (
            (TYPE_1, clustered(small, FEATURES - n_true)),
            (FALSE_DISCOVERIES, clustered(false, 1)),
            (POWER, clustered(called[:, :n_true].sum(axis=1), n_true)),
        ):
            rows.append(Row((what,), name, truth, quantity, None, **rates, bound=REPORTED, note="for comparison"))
    return rows


def rows(quick: bool) -> list[Row]:
    """Return the rates of this topic."""
    found = []
    for place, name in enumerate(DESIGNS[:1] if quick else DESIGNS):
        for number, between in enumerate((0.3,) if quick else (0.0, 0.3, 0.6)):
            found += compared_rows(name, between, 3 if quick else 15, 70_000 + 100 * place + number)
    return found
