"""Which assay a panel is fit for, how often it is positive, and what that predicts, in models left out."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from scripts.markers import panels
from scripts.stats.intervals import share_interval

CELLS, SAMPLES = "cells", "samples"
POSITIVE = ["pool", "unit", "model", "n_untreated", "n_persister", "positive_untreated", "positive_persister"]
ASSAYS = [
    "pool", "genes", "assay", "material", "unit", "n_models", "positive_untreated", "positive_untreated_low",
    "positive_untreated_high", "positive_persister", "positive_persister_low", "positive_persister_high",
    "cells_needed", "models_needed", "other_species_share", "note",
]  # fmt: skip
VALUES = [
    "pool", "unit", "prevalence", "n_models", "positive_predictive_value", "positive_predictive_value_low",
    "negative_predictive_value", "negative_predictive_value_low",
]  # fmt: skip
POWER, LEVEL = 0.8, 0.05
FEWEST_CELLS, FEWEST_MODELS = 5, 3
"""Least number of cells of each sample, and of models, that is given."""
MOST_MODELS, LARGEST_SHIFT = 10_000, 8.0
"""Largest number of models that is given, and largest noncentrality for which power is computed."""


def assay_of(genes: list[str], locations: pd.Series, assays: pd.DataFrame) -> tuple[str, str]:
    """Return the assay that can measure all genes of a panel, and its material.

    ``locations``: surface or secreted by gene; ``assays``: assay and material by location, where an empty location is
    that of any other protein. Genes of different locations are stained in tissue.
    """
    found = {locations.get(gene, "") for gene in genes}
    location = found.pop() if len(found) == 1 else ""
    return tuple(assays.loc[location if location in assays.index else "", ["assay", "material"]])


def other_species_share(genes: list[str], table: pd.DataFrame | None) -> float:
    """Return the largest share of a panel gene's reads that the other species takes or receives; NaN without a host.

    ``table``: counts/other_species.tsv. A gene that the table lacks has no such reads.
    """
    if table is None:
        return math.nan
    gene = table["symbol"].where(table["species"] == "graft", table["other_symbol"])
    return float(table.loc[gene.isin(genes), "share_taken"].max()) if gene.isin(genes).any() else 0.0


def of_samples(pairs: panels.Pairs, models: list[str], folds: list[panels.Fold], pool: str) -> pd.DataFrame:
    """Return a row (:data:`POSITIVE`) per model: the share of its samples that the panel of the others calls positive.

    A sample is positive if its score is above the midpoint between the states of the training models.
    """
    rows = []
    for number, (model, fold) in enumerate(zip(models, folds, strict=True)):
        state, score = pairs.state[pairs.model == number], fold.scores[fold.chosen]
        shares = [float((score[state == side] > 0).mean()) for side in (-1.0, 1.0)]
        rows.append((pool, SAMPLES, model, int((state < 0).sum()), int((state > 0).sum()), *shares))
    return pd.DataFrame(rows, columns=POSITIVE)


def of_cells(
    cells: dict[tuple[str, float], list[pd.DataFrame]], models: list[str], folds: list[panels.Fold], genes: pd.Index,
    pool: str,
) -> pd.DataFrame:  # fmt: skip
    """Return a row (:data:`POSITIVE`) per model with cells: the share that the others' panel calls positive.

    Parameters
    ----------
    cells
        Log expression of cells × genes of each sample, by model and state (−1 untreated, +1 persister).
    models, folds
        Models in the order of the folds. Genes and their directions are those of the fold.
    genes
        Names of the genes that the folds index.

    The score of a cell is the mean over genes of its expression towards persister, each divided by its standard
    deviation in the cells of the training models. A cell is positive above the midpoint between the mean scores of the
    training models' untreated and persister cells. Samples and models have equal weight. Empty below three models.
    """
    both = [model for model in models if (model, -1.0) in cells and (model, 1.0) in cells]
    rows = []
    for model, fold in zip(models, folds, strict=True):
        rest = [other for other in both if other != model]
        if model not in both or len(rest) < panels.MIN_MODELS - 1:
            continue
        chosen = fold.panels[fold.chosen]
        names, direction = list(genes[chosen]), fold.ranking.direction[chosen]
        spread = np.sqrt(
            np.mean(
                [part[names].var(ddof=0) for other in rest for side in (-1.0, 1.0) for part in cells[other, side]], 0
            )
        )
        weight = direction / np.where(spread > 0, spread, 1.0) / len(names)

        def scores(name: str, side: float, names=names, weight=weight) -> list[np.ndarray]:
            return [part[names].to_numpy() @ weight for part in cells[name, side]]

        middle = [np.mean([score.mean() for score in scores(other, side)]) for other in rest for side in (-1.0, 1.0)]
        own = {side: scores(model, side) for side in (-1.0, 1.0)}
        shares = [float(np.mean([(score > np.mean(middle)).mean() for score in own[side]])) for side in own]
        rows.append((pool, CELLS, model, *(sum(map(len, own[side])) for side in own), *shares))
    return pd.DataFrame(rows, columns=POSITIVE)


def cells_needed(untreated: float, persister: float) -> float:
    """Return the number of cells of each of two samples from which a difference of shares is seen.

    Power :data:`POWER` at a two-sided level of :data:`LEVEL`, by the arcsine transformation (Cohen 1988, Statistical
    Power Analysis for the Behavioral Sciences, 2nd edition, chapter 6). NaN without a difference.
    """
    from statsmodels.stats.power import NormalIndPower
    from statsmodels.stats.proportion import proportion_effectsize

    size = abs(float(proportion_effectsize(persister, untreated)))
    if not size > 1e-6:
        return math.nan
    return max(FEWEST_CELLS, math.ceil(NormalIndPower().solve_power(size, alpha=LEVEL, power=POWER)))


def models_needed(differences: np.ndarray) -> float:
    """Return the number of patients, measured in both states, from which a mean difference is seen.

    Power :data:`POWER` at a two-sided level of :data:`LEVEL` of a paired t, if patients differ as these models do
    (Cohen 1988, chapter 2). NaN below :data:`FEWEST_MODELS` models, without a mean difference, and where
    :data:`MOST_MODELS` do not suffice.
    """
    from statsmodels.stats.power import TTestPower

    if len(differences) < FEWEST_MODELS or abs(differences.mean()) < 1e-9:
        return math.nan
    spread = differences.std(ddof=1)
    size = abs(differences.mean()) / spread if spread > 0 else math.inf

    def suffice(n: int) -> bool:
        # Beyond this shift the power is above .95 with any number of models, and the distribution has no number.
        if size * math.sqrt(n) > LARGEST_SHIFT:
            return True
        return TTestPower().power(size, n, LEVEL / 2, alternative="larger") >= POWER

    if not suffice(MOST_MODELS):
        return math.nan
    # Whole numbers by bisection: the solver doesn't converge where few models suffice.
    low, high = FEWEST_MODELS - 1, MOST_MODELS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if suffice(middle) else (middle, high)
    return high


def predictive_values(sensitivity: float, specificity: float, prevalence: float) -> tuple[float, float]:
    """Return positive and negative predictive value by Bayes' theorem (Altman & Bland 1994, BMJ 309:102)."""
    right, wrong = sensitivity * prevalence, (1 - specificity) * (1 - prevalence)
    rejected, missed = specificity * (1 - prevalence), (1 - sensitivity) * prevalence
    positive = right / (right + wrong) if right + wrong > 0 else math.nan
    return positive, rejected / (rejected + missed) if rejected + missed > 0 else math.nan


def summarise(positive: pd.DataFrame) -> dict[str, float]:
    """Return mean shares over models with their intervals, and the numbers needed. ``positive``: of one pool."""
    n, found = len(positive), {"n_models": len(positive)}
    for name in ("positive_untreated", "positive_persister"):
        mean = float(positive[name].mean())
        found[name] = mean
        found[f"{name}_low"], found[f"{name}_high"] = share_interval(mean, n)
    differences = (positive["positive_persister"] - positive["positive_untreated"]).to_numpy(dtype=float)
    by_cell = positive["unit"].iloc[0] == CELLS
    found["cells_needed"] = (
        cells_needed(found["positive_untreated"], found["positive_persister"]) if by_cell else math.nan
    )
    found["models_needed"] = models_needed(differences)
    return found


def predict(pool: str, unit: str, summary: dict[str, float], prevalences: list[float]) -> pd.DataFrame:
    """Return a row (:data:`VALUES`) per prevalence.

    Lower limits take the lower limits of sensitivity and of specificity together.
    """
    best = summary["positive_persister"], 1 - summary["positive_untreated"]
    least = summary["positive_persister_low"], 1 - summary["positive_untreated_high"]
    rows = []
    for prevalence in prevalences:
        (ppv, npv), (low, npv_low) = (predictive_values(*pair, prevalence) for pair in (best, least))
        rows.append((pool, unit, prevalence, summary["n_models"], ppv, low, npv, npv_low))
    return pd.DataFrame(rows, columns=VALUES)


def read_cells(
    paths: dict[str, str], samples: pd.DataFrame, contrast: dict, genes: list[str]
) -> dict[tuple[str, float], list[pd.DataFrame]]:
    """Return log expression of cells × genes of each sample, by model and state (−1 untreated, +1 persister).

    Parameters
    ----------
    paths
        Cells by sample (cells/<sample>.h5ad).
    samples
        model and timepoint by sample.
    contrast, genes
        Names of baseline and persister; the genes that are kept, and 0 where a sample doesn't measure one.

    Counts are scaled to the median total of all cells, so that one cut holds in all samples.
    """
    import anndata

    sides, found, totals = {contrast["baseline"]: -1.0, contrast["persister"]: 1.0}, {}, []
    for sample, path in paths.items():
        row = samples.loc[sample]
        if row["timepoint"] not in sides:
            continue
        data = anndata.read_h5ad(path)
        if not data.n_obs:
            continue
        total = np.asarray(data.X.sum(axis=1)).ravel()
        measured = [gene for gene in genes if gene in data.var_names]
        counts = pd.DataFrame(data[:, measured].X.toarray(), columns=measured).reindex(columns=genes, fill_value=0)
        totals.append(total)
        found.setdefault((row["model"], sides[row["timepoint"]]), []).append((counts, total))
    middle = float(np.median(np.concatenate(totals))) if totals else 1.0
    return {
        key: [np.log1p(counts.mul(middle / np.maximum(total, 1), axis=0)) for counts, total in parts]
        for key, parts in found.items()
    }
