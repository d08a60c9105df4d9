"""Measure one model's persister − untreated difference again with each confounder held: of genes and of regulons."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.expression import normalise
from scripts.base.genesets import measured, read_sets
from scripts.base.tables import read_labelled
from scripts.cells import lineages
from scripts.clusters.scores import score_cells, score_set
from scripts.confounders import adjust, clones
from scripts.profiles import inputs

if TYPE_CHECKING:
    import anndata

SCORES = {
    "cell cycle": ["s_score", "g2m_score"],
    "dissociation stress": ["stress"],
    "hypoxia": ["hypoxia"],
    "ambient RNA": ["ambient_fraction"],
    "composition": ["immune", "endothelial", "fibroblast", "host_share"],
}
ANY = {"composition"}
"""Confounders that are measured by what there is of their scores; others need all."""
NOTES = ["model", "confounder", "method", "note"]
CLONES = ["model", "sample", "timepoint", "clone", "cells", "share"]
DRAWS = 20
"""Matched down-samplings to average."""
SCORE_SETS = {"cell cycle": ["s", "g2m"], "dissociation stress": ["stress"], "hypoxia": ["hypoxia"]}
NO_SLOPE = "too few cells or profiles for a slope within samples, or the score is missing"
WITHOUT = "cells without markers of a normal lineage"
FEW = f"fewer than {adjust.MIN_CELLS} such cells at a timepoint"


def profile_scores(values: pd.DataFrame, sets: dict, min_genes: int) -> pd.DataFrame:
    """Return scores of profiles (samples × genes): mean of a set's genes minus the mean of all genes."""
    found = {}
    for column, name in (("s_score", "s"), ("g2m_score", "g2m"), ("stress", "stress"), ("hypoxia", "hypoxia")):
        genes = measured(sets.get(name, {}), values.columns)
        found[column] = values[genes].mean(axis=1) - values.mean(axis=1) if len(genes) >= min_genes else np.nan
    return pd.DataFrame(found, index=values.index)


def covariates_of(values, scores: pd.DataFrame, sample: np.ndarray, treated, untreated) -> dict:
    """Return the difference of each feature at equal scores, by (confounder, method); None if it can't be estimated."""
    found = {}
    for confounder, columns in SCORES.items():
        columns = [name for name in columns if name in scores] if confounder in ANY else columns
        if not columns or not set(columns) <= set(scores):
            continue
        table = scores[columns].to_numpy(dtype=np.float64)
        usable = np.isfinite(table[treated | untreated]).all()
        result = adjust.adjusted(values, table, sample, treated, untreated) if usable else None
        found[(confounder, "at equal scores")] = (result, "" if result is not None else NO_SLOPE)
    return found


def composition_scores(
    log: "anndata.AnnData", graft_fraction: pd.Series, sets: dict, *, composition: str, min_genes: int, seed: int
) -> pd.DataFrame:
    """Return per cell what other cells may have added to it.

    Where a host is counted (``composition`` auto or xenograft): ``host_share`` of the cell's UMIs. Where normal cells
    are of the tumour's species: a score of each normal lineage's markers (columns as
    :data:`scripts.cells.lineages.NORMAL`, those with ``min_genes`` genes). No column for cells of one kind (pure).
    """
    share = 1 - np.asarray(graft_fraction, dtype=float)
    if composition != "tumour" and (share > 0).any():
        return pd.DataFrame({"host_share": share}, index=log.obs_names)
    found = pd.DataFrame(index=log.obs_names)
    if composition == "pure":
        return found
    seen = log.var_names[np.asarray((log.X > 0).sum(axis=0)).ravel() > 0]
    for lineage in lineages.NORMAL:
        genes = measured(sets.get(lineage, {}), seen)
        values = score_set(log, genes, seed=seed) if len(genes) >= min_genes else np.array([np.nan])
        if np.isfinite(values).all():
            found[lineage] = values
    return found


def of_cells(
    cells: "anndata.AnnData",
    scores: pd.DataFrame,
    clone: clones.Clones,
    masks,
    activity: pd.DataFrame,
    seed: int,
    lineage: np.ndarray | None = None,
):
    """Return, for genes and for regulons, the difference before and by (confounder, method) after, with notes.

    ``lineage``: normal lineage of each cell by its markers, empty where it shows none.
    """
    sample = cells.obs["sample"].astype(str).to_numpy()
    treated, untreated = masks
    known = activity.reindex(cells.obs_names).to_numpy(dtype=np.float64)
    results = []
    for values in (cells.X, known):
        found = {("", "before"): (adjust.difference(values, sample, treated, untreated), "")}
        found |= covariates_of(values, scores, sample, treated, untreated)
        resting = adjust.restricted(values, sample, treated, untreated, (scores["phase"] == "G1").to_numpy())
        found[("cell cycle", "G1 cells only")] = (resting, "" if resting is not None else FEW)
        if lineage is not None:
            own = ~np.isin(lineage, lineages.NORMAL)
            result = adjust.restricted(values, sample, treated, untreated, own)
            note = f"{(~own).sum()} of {len(own)} cells show markers of a normal lineage" if not own.all() else ""
            found[("composition", WITHOUT)] = (result, note if result is not None else FEW)
        draws = adjust.matched(values, sample, treated, untreated, draws=DRAWS, seed=seed)
        found[("cell numbers", "as many cells of each sample")] = (draws.mean(axis=0), "")
        if len(clone.labels) and clone.labels.max(initial=0) > 0:
            result = adjust.adjusted(values, adjust.indicator(clone.labels), sample, treated, untreated)
            found[("CNV clone", "within clones")] = (result, clone.note if result is not None else NO_SLOPE)
        else:
            found[("CNV clone", "within clones")] = (None, clone.note)
        results.append(found)
    used = treated | untreated
    counts = cells.layers["counts"]
    thinned = normalise(adjust.thin(counts[used], sample[used], seed))
    result = adjust.difference(thinned, sample[used], treated[used], untreated[used])
    results[0][("depth", "thinned to equal UMIs")] = (result, "")
    log_depth = np.log(np.maximum(np.asarray(counts.sum(axis=1), dtype=np.float64), 1))
    slope = adjust.adjusted(known, log_depth, sample, treated, untreated)
    results[1][("depth", "at equal UMIs")] = (slope, "" if slope is not None else NO_SLOPE)
    return results


def of_profiles(
    values: pd.DataFrame, labels: pd.DataFrame, scores: pd.DataFrame, activity: pd.DataFrame, contrast: dict
):
    """Return the same from profiles, whose replicates take the cells' place: slopes within timepoint and arm."""
    group = (labels["timepoint"] + "|" + labels["arm"]).to_numpy(dtype=str)
    treated = (labels["timepoint"] == contrast["persister"]).to_numpy()
    untreated = (labels["timepoint"] == contrast["baseline"]).to_numpy()
    results = []
    for table in (values.to_numpy(), activity.reindex(values.index).to_numpy(dtype=np.float64)):
        found = {("", "before"): (adjust.difference(table, group, treated, untreated), "")}
        results.append(found | covariates_of(table, scores, group, treated, untreated))
    return results


def tabulate(results: list[dict], features: list[pd.Index]) -> pd.DataFrame:
    """Return features × confounders (columns ``confounder|method``; kind gene or regulon first)."""
    parts = []
    for found, names, kind in zip(results, features, ("gene", "regulon"), strict=True):
        columns = {"|".join(key): value for key, (value, _) in found.items() if value is not None}
        parts.append(pd.DataFrame(columns, index=names).assign(kind=kind).rename_axis("feature").reset_index())
    return pd.concat(parts, ignore_index=True)


def read_activity(paths: list[str]) -> pd.DataFrame:
    """Return the activity of a model's cells, cells × regulons."""
    from scripts.profiles.pseudobulk import regulon_columns

    parts = [pd.read_parquet(path) for path in paths]
    return pd.concat([part[regulon_columns(list(part.columns))] for part in parts])


def positions_of(cells: "anndata.AnnData", path: str | None, prefix: str) -> tuple[pd.DataFrame, str]:
    """Return chromosome, start and end of the cells' genes, and why there are none."""
    nothing = pd.DataFrame({"chromosome": "", "start": 0, "end": 0}, index=cells.var_names)
    if not path:
        return nothing, "not inferable: no annotation, so that genes have no position"
    table = clones.read_positions(path)
    ids = cells.var["gene_id"].astype(str)
    bare = ids.str.removeprefix(prefix)
    table.index = table.index.str.removeprefix(prefix)
    own = table.reindex(bare).set_axis(cells.var_names)
    own["chromosome"] = clones.autosome(own["chromosome"].fillna(""), prefix)
    return own, ""


def clone_shares(clone: clones.Clones, obs: pd.DataFrame, model: str) -> pd.DataFrame:
    """Return :data:`CLONES`: the composition of each sample by clone."""
    if not len(clone.labels):
        return pd.DataFrame(columns=CLONES)
    table = obs[["sample", "timepoint"]].astype(str).assign(clone=clone.labels + 1)
    counts = table.groupby(["sample", "timepoint", "clone"], sort=True).size().rename("cells").reset_index()
    return counts.assign(model=model, share=counts["cells"] / counts.groupby("sample")["cells"].transform("sum"))[
        CLONES
    ]


def main(snakemake) -> None:
    """Read a model's cells and activity (or its profiles); write differences, notes, clones."""
    source, params, model = snakemake.input, snakemake.params, snakemake.wildcards.model
    sets, contrast = read_sets(source.genesets), params.contrast
    shares = pd.DataFrame(columns=CLONES)
    if getattr(source, "cells", None):
        import anndata

        cells = inputs.read_cells(list(source.cells), params.min_cell_fraction)
        timepoint = cells.obs["timepoint"].astype(str)
        masks = [(timepoint == contrast[role]).to_numpy() for role in ("persister", "baseline")]
        activity = read_activity(list(source.activity))
        features = [cells.var_names, activity.columns]
        if min(mask.sum() for mask in masks) >= adjust.MIN_CELLS:
            log = anndata.AnnData(cells.X, obs=cells.obs[[]], var=cells.var[[]])
            scores, _ = score_cells(log, sets, min_genes=params.min_score_genes, seed=params.seed)
            ambient = cells.obs.get("ambient_fraction", np.nan)
            scores["ambient_fraction"] = np.asarray(ambient, dtype=float)
            graft = cells.obs.get("graft_fraction", pd.Series(1.0, index=cells.obs_names))
            rule = {"composition": params.composition, "min_genes": params.min_score_genes, "seed": params.seed}
            others = composition_scores(log, graft, sets, **rule)
            scores = scores.join(others)
            by_markers = params.composition != "pure" and "host_share" not in others
            lineage = lineages.call(cells.layers["counts"], cells.var_names) if by_markers else None
            positions, why = positions_of(cells, getattr(source, "annotation", None) or None, params.prefix)
            found = clones.Clones(np.zeros(0, dtype=int), why) if why else clones.find_clones(cells.X, positions)
            shares = clone_shares(found, cells.obs, model)
            results = of_cells(cells, scores, found, masks, activity, params.seed, lineage)
        else:
            results = [{}, {}]
    else:
        values, labels, _ = inputs.read_profiles(source.profiles)
        table = read_labelled(source.activity[0])
        activity = table.pivot(index="sample", columns="regulon", values="activity")
        own = labels["model"] == model
        scores = profile_scores(values, sets, params.min_score_genes)[own]
        features = [values.columns, activity.columns]
        both = {contrast["persister"], contrast["baseline"]} <= set(labels.loc[own, "timepoint"])
        results = of_profiles(values[own], labels[own], scores, activity, contrast) if both else [{}, {}]
    notes = [(model, *key, note) for key, (_, note) in results[0].items() if note]
    tabulate(results, features).to_parquet(snakemake.output.differences)
    pd.DataFrame(notes, columns=NOTES).to_csv(snakemake.output.notes, sep="\t", index=False)
    shares.to_csv(snakemake.output.clones, sep="\t", index=False, float_format="%.6g")
    job.log.info("%s: %d adjustments", model, max(len(results[0]) - 1, 0))


if __name__ == "__main__":
    job.run(main, snakemake)
