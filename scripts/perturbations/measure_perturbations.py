"""Measure changes by perturbations in the study's own samples: replicates against controls, within a system."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.perturbations.terms import CHANGES, LISTED
from scripts.profiles.aggregate_pseudobulk import read_sums
from scripts.profiles.join_profiles import profile_source
from scripts.stats import voom
from scripts.stats.moderation import moderate
from scripts.stats.paired import MIN_P

MIN_REPLICATES = 2
"""Samples on each side from which there is a p-value."""
MIN_COUNT = 10.0
"""Counts, in a library of median size, that as many samples must show as the smaller side has (edgeR's default)."""


def contrast(counts: pd.DataFrame, perturbed: list[str], control: list[str]) -> pd.DataFrame:
    """Return log2 fold changes and p-values by gene.

    Parameters
    ----------
    counts
        Samples × genes on the linear scale: sums over cells, counts, or intensities.
    perturbed, control
        Names of the samples, the replicates of each side.

    Returns
    -------
    DataFrame
        ``log_fc``: difference of mean log2 CPM (TMM). ``p``: t of two groups with moderated variances (Smyth 2004), NaN
        without replicates on both sides. It refers to this system's replicates, not to patients.
    """
    from scipy import stats

    own = counts.loc[[*perturbed, *control]].dropna(axis=1)
    side = pd.Series(["perturbed"] * len(perturbed) + ["control"] * len(control), index=own.index)
    table = own.to_numpy(dtype=float)
    kept = voom.expressed(table, table.sum(axis=1), side, MIN_COUNT) if table.shape[1] else np.zeros(0, dtype=bool)
    if not kept.any():
        samples = ", ".join(map(str, own.index))
        raise job.UserError(
            f"perturbation of the samples {samples}: of {table.shape[1]} genes that all of them measure none has "
            f"{MIN_COUNT:g} counts in enough of them; examine their counts and the names of their genes"
        )
    table, genes = table[:, kept], own.columns[kept]
    log = voom.log_cpm(table, table.sum(axis=1) * voom.norm_factors(table))
    first, second = log[: len(perturbed)], log[len(perturbed) :]
    change = first.mean(axis=0) - second.mean(axis=0)
    found = pd.DataFrame({"log_fc": change, "p": np.nan}, index=pd.Index(genes, name="gene"))
    n, m = len(first), len(second)
    if min(n, m) >= MIN_REPLICATES:
        df = n + m - 2
        pooled = (first.var(axis=0, ddof=1) * (n - 1) + second.var(axis=0, ddof=1) * (m - 1)) / df
        varies = pooled > 0
        shrunk = moderate(pooled[varies], np.full(varies.sum(), float(df)))
        t = np.abs(change[varies]) / np.sqrt(shrunk.variance * (1 / n + 1 / m))
        found.loc[varies, "p"] = np.maximum(2 * stats.t.sf(t, shrunk.df), MIN_P)
    return found


def counts_of_cells(paths: list[str], samples: list[str], min_cells: int) -> dict[str, pd.Series]:
    """Return counts summed over the cells of each sample with enough cells."""
    found = {}
    for sample, path in zip(samples, paths, strict=True):
        table, cells = read_sums(path)
        if cells >= min_cells:
            found[sample] = table["counts"].astype(float)
        else:
            job.log.warning("%s is left out: %d cells, fewer than profiles.min_cells", sample, cells)
    return found


def counts_of_profiles(rows: list[dict], sheet: str) -> dict[str, pd.Series]:
    """Return the linear values of each profile, by gene."""
    table, found = pd.DataFrame(rows), {}
    if table.empty:
        return found
    for path, own in table.set_index("sample").groupby("matrix", sort=False):
        sources, _ = profile_source(path, own, {}, sheet)
        for source in sources:
            found |= {sample: source.table[sample] for sample in source.table}
    return found


def main(snakemake) -> None:
    """Read cells and profiles of perturbations and controls; write the changes and their list."""
    params = snakemake.params
    own = counts_of_cells(list(snakemake.input.cells), params.cells, params.min_cells)
    own |= counts_of_profiles(params.profiles, params.sheet)
    changes, listed = [], []
    for row in params.perturbations:
        sides = [[name for name in row[side] if name in own] for side in ("perturbed", "control")]
        if not all(sides):
            job.log.warning("%s is not compared: one side has no sample with enough cells", row["perturbation"])
            continue
        counts = pd.concat({name: own[name] for side in sides for name in side}, axis=1, join="inner").T
        found = contrast(counts, *sides).reset_index().assign(perturbation=row["perturbation"])
        changes.append(found[CHANGES])
        listed.append(
            row | {"source": "samples", "validated": "no", "n_perturbed": len(sides[0]), "n_control": len(sides[1])}
        )
    table = pd.concat(changes, ignore_index=True) if changes else pd.DataFrame(columns=CHANGES)
    table.astype({"log_fc": float, "p": float}).to_parquet(snakemake.output.changes, index=False)
    pd.DataFrame(listed).reindex(columns=LISTED).to_csv(snakemake.output.listed, sep="\t", index=False)
    job.log.info("%d of %d perturbations measured", len(listed), len(params.perturbations))


if __name__ == "__main__":
    job.run(main, snakemake)
