"""The signature's score by bins of a factor's own mRNA, in single cells and in patients.

A factor that is itself in the signature would raise the score by its own mRNA: it is left out of the score then.
"""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.expression import join_samples, normalise
from scripts.base.tables import read_labelled
from scripts.expression import score_cells, signature
from scripts.perturbations.terms import BINNED, BINS
from scripts.profiles import inputs

PER_BIN = 2
"""Profiles of each bin that patients must have at a timepoint."""


def bins_of(values: np.ndarray, zeros: bool) -> np.ndarray:
    """Return the bin of each value (one of :data:`BINS`).

    Parameters
    ----------
    values
        Expression of the factor.
    zeros
        True for cells: bin none is 0, and the others are divided at their median. False for profiles, in which no value
        is 0: thirds by rank.
    """
    none, *thirds = BINS
    if zeros:
        shown = values > 0
        cut = np.median(values[shown]) if shown.any() else 0.0
        return np.select([~shown, values <= cut], [none, thirds[1]], thirds[2])
    rank = pd.Series(values).rank(method="first").to_numpy() - 1
    return np.array(thirds)[np.minimum((3 * rank / max(len(values), 1)).astype(int), 2)]


def summarise(table: pd.DataFrame, of: str, zeros: bool, keys: list[str]) -> pd.DataFrame:
    """Return rows of :data:`BINNED`: number and mean score in each bin, of each sample (``keys``) or timepoint.

    ``table``: tf, model, timepoint, mrna and score; bins are made within ``keys``.
    """
    parts = []
    for key, own in table.groupby(keys, sort=False):
        labels = dict(zip(keys, key, strict=True))
        binned = own.assign(bin=bins_of(own["mrna"].to_numpy(dtype=float), zeros))
        for name, rows in binned.groupby("bin", sort=False):
            parts.append({**labels, "of": of, "bin": name, "n": len(rows), "mean_score": rows["score"].mean()})
    return pd.DataFrame(parts).reindex(columns=BINNED)


def in_cells(scores: pd.DataFrame, cells, factors: list[str], genes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Return the rows of one model's cells: bins within each sample, so that bins do not depend on a sample's depth.

    Parameters
    ----------
    scores
        Sample and score by cell.
    cells
        AnnData of counts.
    factors
        Perturbed factors.
    genes
        The signature (gene, direction).
    seed
        Seed of the score, as in expression/signature_cells.parquet.
    """
    log = normalise(cells.X).tocsc()
    own = scores.reindex(cells.obs_names)
    parts = []
    for tf in [name for name in factors if name in cells.var_names]:
        mrna = np.asarray(log[:, cells.var_names.get_loc(tf)].todense()).ravel()
        table = own.assign(tf=tf, mrna=mrna)
        if (genes["gene"] == tf).any():
            table["score"] = score_cells.score(cells, genes[genes["gene"] != tf], seed)
        parts.append(table.dropna(subset=["score"]))
    return pd.concat(parts) if parts else pd.DataFrame()


def in_patients(values: pd.DataFrame, labels: pd.DataFrame, factors: list[str], genes: pd.DataFrame) -> pd.DataFrame:
    """Return mRNA and score by patient and timepoint (mean over samples), for each factor that profiles measure.

    ``values``: samples × genes; ``labels``: model and timepoint; ``genes``: the signature (gene, direction).
    """
    own = labels[["model", "timepoint"]]
    parts = []
    for tf in [name for name in factors if name in values]:
        known = genes[genes["gene"] != tf]
        score = signature.score(values, known) if len(known) else np.nan
        table = own.assign(score=score, mrna=values[tf]).dropna(subset=["score"])
        parts.append(table.groupby(["model", "timepoint"], as_index=False)[["mrna", "score"]].mean().assign(tf=tf))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["tf", "timepoint"])
    enough = table.groupby(["tf", "timepoint"])["tf"].transform("size") >= PER_BIN * len(BINS[1:])
    return table[enough]


def main(snakemake) -> None:
    """Read scores, cells, profiles and the perturbed factors; write the bins."""
    import anndata

    source = snakemake.input
    factors = list(dict.fromkeys(read_labelled(source.listed)["tf"]))
    genes = read_labelled(source.signature, "gene")
    parts = []
    if list(source.cells):
        scores = pd.read_parquet(source.scores).set_index("cell")
        models = pd.DataFrame(snakemake.params.samples).set_index("sample")["model"]
        paths = dict(zip(snakemake.params.libraries, source.cells, strict=True))
        for model in dict.fromkeys(models[name] for name in paths):
            cells = join_samples([anndata.read_h5ad(path) for name, path in paths.items() if models[name] == model])
            own = in_cells(
                scores[["sample", "model", "timepoint", "score"]], cells, factors, genes, snakemake.params.seed
            )
            parts += [summarise(own, "cells", True, ["tf", "model", "timepoint", "sample"])] if len(own) else []
    values, labels, _ = inputs.read_profiles(source.profiles)
    own = in_patients(values, labels, factors, genes)
    parts += [summarise(own, "patients", False, ["tf", "timepoint"])] if len(own) else []
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=BINNED)
    table[BINNED].to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    job.log.info("%d rows of %d factors", len(table), table["tf"].nunique())


if __name__ == "__main__":
    job.run(main, snakemake)
