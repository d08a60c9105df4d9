"""Whether the reference applies to a biopsy: each check against models left out.

The regulons and the signature were learned from all models, the left-out one included: limits are somewhat too narrow,
so that a new patient is called unusual a little too often.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import kstwobign

from scripts.biopsy.features import log_profile
from scripts.cells import lineages
from scripts.stats.intervals import MIN_MODELS, upper_limits

OK, NOT_JUDGED, CAUTION, OUT, NOT_SCORED = "ok", "not judged", "caution", "out of distribution", "not scored"
LEVELS = (OK, NOT_JUDGED, CAUTION, OUT, NOT_SCORED)
"""Verdicts, the worst last. Not judged: too few training models to estimate the range of a new patient."""
CAUTION_LEVEL, OUT_LEVEL = 0.95, 0.99
"""Parts of new patients that stay below the limits of caution and of distribution."""
MIN_COVERAGE, FULL_COVERAGE = 0.5, 0.9
"""Genes of the reference that must, and that should, be measured."""
FAR_QUANTILE = 0.99
"""Training cells that lie nearer to a state than what is called far."""
WRONG = 0.05
"""Share of normal cells that may be taken for malignant: what the verdicts' probability of .95 leaves."""
OTHERS_CAUTION, OTHERS_OUT = 0.05, 0.2
"""Shares of other cells among those scored. Each point of them may move the fraction of persister-like cells by one."""
WITHHOLD = ("non-tumour cells", "expression", "cells far from training", "fit of the mixture")
"""Checks of what intervals suppose: that the cells are of the tumour, and the patient is one like those of training."""
REINFER = (
    "add it to the samples sheet as a reference sample, with an untreated sample of the same patient, and infer the "
    "regulons again"
)


@dataclass(frozen=True)
class Check:
    """One check: the measured value, the limits within which it is ok (NaN: no limit), the verdict, and its meaning."""

    name: str
    value: float
    low: float
    high: float
    verdict: str
    note: str


def worst(checks: list[Check]) -> str:
    """Return the worst verdict."""
    return max((check.verdict for check in checks), key=LEVELS.index, default=OK)


def unreliable(checks: list[Check]) -> str:
    """Return the names of the checks (:data:`WITHHOLD`) by which no interval holds; empty where none warns."""
    return ", ".join(c.name for c in checks if c.name in WITHHOLD and c.verdict in (CAUTION, OUT))


def judge(value: float, limits: tuple[float, float]) -> str:
    """Return the verdict on a value that should be small; not judged where training can't give limits."""
    caution, out = limits
    if not np.isfinite(limits).all():
        return NOT_JUDGED
    return OUT if value > out else CAUTION if value > caution else OK


def few_models(n: int) -> str:
    """Return the reason why a value isn't judged."""
    return f"can't be judged: {n} training model{'' if n == 1 else 's'}, limits need {MIN_MODELS}"


def check_genes(coverage: float, n_genes: int, query_genes: list[str]) -> Check:
    """Judge how many of the reference's genes were measured."""
    note = f"{n_genes} of the reference's genes were measured"
    verdict = OK
    if coverage < FULL_COVERAGE:
        verdict = CAUTION if coverage >= MIN_COVERAGE else NOT_SCORED
        note += "; training samples are restricted to the same genes"
    if coverage < MIN_COVERAGE:
        note = f"only {n_genes} of the reference's genes were measured: check the species and that genes have symbols"
        titled = sum(gene[:1].isupper() and gene[1:].islower() for gene in query_genes)
        if titled > len(query_genes) / 2:
            note += " They are spelled as mouse genes are."
    return Check("genes", coverage, FULL_COVERAGE, 1.0, verdict, note)


def check_cells(n_cells: int, min_cells: int, summary: dict) -> Check:
    """Check the number of tumour cells; the note says if the sample is stroma."""
    graft, host = summary.get("cells_graft") or 0, summary.get("cells_host") or 0
    verdict, note = OK, f"{n_cells} tumour cells passed quality control ({graft} graft, {host} host droplets)"
    if n_cells < min_cells:
        verdict = NOT_SCORED
        note += f"; biopsy.min_cells is {min_cells}"
        if host > 10 * max(graft, 1):
            note = f"host only: {host} droplets with host cells, {graft} with graft cells; no tumour cells to score"
    elif host > 10 * graft:
        verdict, note = (
            CAUTION,
            f"{note}: nearly all host; ambient RNA and mixed droplets have more influence",
        )
    return Check("tumour cells", n_cells, min_cells, np.nan, verdict, note)


def unnoticed(summary: dict) -> float:
    """Return the share of normal cells among those scored that :func:`check_composition` may pass over.

    Each point of it may move the fraction by one. None in a xenograft or a pure culture, which hold no normal cells of
    the tumour's species.
    """
    return OTHERS_CAUTION if summary.get("composition") == "tumour" else 0.0


def check_composition(marked: np.ndarray, summary: dict) -> Check:
    """Judge how many of the scored cells may be no tumour cells.

    The larger of two shares. Of the cells scored, those that show markers of a normal lineage; and those that are
    expected where :data:`WRONG` of the normal cells were taken for malignant. A tumour cell may make the matrix of
    fibroblasts itself: where a host's genome or a pure culture excludes human fibroblasts, they don't count.

    Parameters
    ----------
    marked
        Lineage of each scored cell by its markers (:func:`scripts.cells.lineages.call`), empty where none.
    summary
        What the stage cells says of the library.
    """
    name, n = "non-tumour cells", len(marked)
    composition, evidence = summary.get("composition"), summary.get("malignant_evidence") or ""
    normal, unsure = summary.get("cells_normal") or 0, summary.get("cells_unsure") or 0
    counted = lineages.NORMAL if composition == "tumour" else [x for x in lineages.NORMAL if x != "fibroblast"]
    shown = float(np.isin(marked, counted).mean()) if n else 0.0
    share = max(shown, WRONG * normal / n if n else 0.0)
    verdict = OUT if share > OTHERS_OUT else CAUTION if share > OTHERS_CAUTION else OK
    notes = [f"{normal} normal and {unsure} unsure cells were left out ({evidence})"] if evidence else []
    if shown > OTHERS_CAUTION:
        kinds = ", ".join(kind for kind in counted if (marked == kind).any())
        notes.append(f"{shown:.0%} of the cells scored show markers of normal cells ({kinds})")
    if verdict == OUT:
        notes.append(
            "the fraction may be that of normal cells: don't use it; label the tumour cells (cells.annotation)"
        )
    elif verdict == CAUTION:
        notes.append("normal cells may be among those scored, and change the fraction by up to as many points")
    if composition == "xenograft" and not summary.get("cells_host"):
        verdict = worst_of(verdict, CAUTION)
        notes.append("not one host cell: if this is not a xenograft, set cells.composition: tumour and run again")
    elif composition == "tumour" and evidence == "markers alone":
        verdict = worst_of(verdict, CAUTION)
        notes.append("copy numbers couldn't be measured: normal epithelium cannot be distinguished from the tumour")
    elif unsure > n:
        verdict = worst_of(verdict, CAUTION)
        notes.append("most cells are unsure: those scored may be only a part of the tumour")
    if composition is None:
        notes.append("the summary of the library does not give its composition; run the stage cells again")
    return Check(name, share, np.nan, OTHERS_OUT, verdict, "; ".join(notes) or "a host's genome, or a pure culture")


def worst_of(*verdicts: str) -> str:
    """Return the worst of verdicts."""
    return max(verdicts, key=LEVELS.index)


def check_depth(depth: float, training: pd.Series) -> Check:
    """Judge the median UMIs of a cell against the training samples'."""
    low = float(training.min()) / 4
    verdict, note = OK, "training cells are thinned to the biopsy's depth, or it to theirs"
    if depth < low:
        verdict, note = CAUTION, f"less than a quarter of the shallowest training sample ({4 * low:.0f}); {note}"
    return Check("depth (median UMIs)", depth, low, np.nan, verdict, note)


def pseudobulks(counts, rows: dict[str, np.ndarray], n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return log expression (groups × genes) of sums over ``n`` cells, or all if a group has fewer."""
    sums = {}
    for name, own in rows.items():
        drawn = np.sort(rng.choice(own, min(n, len(own)), replace=False))
        sums[name] = np.asarray(counts[drawn].sum(axis=0)).ravel()
    table = np.array(list(sums.values()), dtype=float)
    return pd.DataFrame(log_profile(table), index=list(sums)) if len(table) else pd.DataFrame()


def distances(profiles: pd.DataFrame, model_of: pd.Series, query: np.ndarray) -> tuple[float, pd.Series]:
    """Return 1 − correlation of the query to the mean training profile, and of each model to the mean of the others.

    Models weigh the same; a model's value is the largest of its samples.
    """
    means = profiles.groupby(model_of.reindex(profiles.index)).mean()

    def apart(row: np.ndarray, centre: np.ndarray) -> float:
        return float(1 - np.corrcoef(row, centre)[0, 1])

    own = {}
    for model in means.index if len(means) > 1 else []:
        centre = means.drop(index=model).mean().to_numpy()
        samples = profiles[model_of.reindex(profiles.index) == model]
        own[model] = max(apart(row, centre) for row in samples.to_numpy())
    return apart(query, means.mean().to_numpy()), pd.Series(own, dtype=float)


def check_expression(distance: float, training: pd.Series) -> Check:
    """Judge the biopsy's mean expression."""
    limits = upper_limits(training.to_numpy(), (CAUTION_LEVEL, OUT_LEVEL))
    verdict = judge(distance, limits)
    note = "1 − correlation of mean expression to the training samples'"
    if verdict == NOT_JUDGED:
        note += f"; {few_models(len(training))}"
    elif verdict == OUT:
        note += ": it resembles no training model (another tissue or technique?). Do not use the scores; " + REINFER
    elif verdict == CAUTION:
        note += ": farther than 19 of 20 new patients would be; examine genes and depth"
    return Check("expression", distance, np.nan, limits[0], verdict, note)


def far_cells(features: pd.DataFrame, labels: pd.DataFrame, query: pd.DataFrame) -> tuple[np.ndarray, pd.Series]:
    """Return which of the biopsy's cells lie far from all states of training, and the part of each model left out.

    Mahalanobis distance of the gene sets' activities to the nearest timepoint's mean, within the spread of cells around
    it (shrunk, Ledoit & Wolf 2004); far is beyond :data:`FAR_QUANTILE` of the training cells' own.
    """
    from sklearn.covariance import ledoit_wolf

    scale = features.std(axis=0, ddof=0)
    kept = scale.index[scale > 0]
    model, timepoint = labels["model"].astype(str).to_numpy(), labels["timepoint"].astype(str).to_numpy()

    def is_far(known: np.ndarray, values: np.ndarray) -> np.ndarray:
        x, states = (features[kept] / scale[kept]).to_numpy()[known], timepoint[known]
        means = {state: x[states == state].mean(axis=0) for state in sorted(set(states))}
        residuals = x - np.array([means[state] for state in states])
        precision = np.linalg.inv(ledoit_wolf(residuals, assume_centered=True)[0])

        def nearest(y: np.ndarray) -> np.ndarray:
            gaps = [y - mean for mean in means.values()]
            return np.min([np.einsum("ij,jk,ik->i", gap, precision, gap) for gap in gaps], axis=0)

        return nearest(values) > np.quantile(nearest(x), FAR_QUANTILE)

    scaled, of_query = (features[kept] / scale[kept]).to_numpy(), (query[kept] / scale[kept]).to_numpy()
    names = sorted(set(model))
    own = {name: is_far(model != name, scaled[model == name]).mean() for name in names} if len(names) > 1 else {}
    return is_far(np.ones(len(model), dtype=bool), of_query), pd.Series(own, dtype=float)


def check_far_cells(share: float, training: pd.Series) -> Check:
    """Judge the part of cells far from all training states."""
    limits = upper_limits(np.maximum(training.to_numpy(), 1 - FAR_QUANTILE), (CAUTION_LEVEL, OUT_LEVEL))
    verdict = judge(share, limits)
    note = "part of cells whose regulon activity is far from every training state"
    if verdict == NOT_JUDGED:
        note += f"; {few_models(len(training))}"
    elif verdict == OUT:
        note += f": no training model shows this combination of regulons; {REINFER}"
    return Check("cells far from training", share, np.nan, limits[0], verdict, note)


def check_fit(misfit: float, n_cells: int, calibration: pd.DataFrame) -> Check:
    """Judge how well a mixture of the two states describes the scores, against models left out."""
    worst_fit = calibration.groupby("model")["misfit"].max().to_numpy() if len(calibration) else np.array([])
    # Few cells lie off any distribution: what the distance to the true one would reach by chance (Kolmogorov).
    chance = [kstwobign.ppf(level) / np.sqrt(n_cells) for level in (CAUTION_LEVEL, OUT_LEVEL)]
    found = upper_limits(worst_fit, (CAUTION_LEVEL, OUT_LEVEL))
    limits = (float(np.hypot(found[0], chance[0])), float(np.hypot(found[1], chance[1])))
    verdict = judge(misfit, limits)
    note = "distance between the scores and the fitted mixture of untreated and persister cells"
    if verdict == NOT_JUDGED:
        note += f"; {few_models(len(worst_fit))} with cells of both states"
    elif verdict != OK:
        note += ": some cells resemble neither state; the fraction counts cells closer to persisters"
    if verdict == OUT:
        note += f"; {REINFER}"
    return Check("fit of the mixture", misfit, np.nan, limits[0], verdict, note)
