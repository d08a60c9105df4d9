"""Find the smallest gene panels that separate persister from untreated in left-out patients."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.markers import assays, composition, panels
from scripts.markers import genes as single
from scripts.markers.terms import NESTED
from scripts.profiles import inputs
from scripts.stats.intervals import share_interval

MARKERS = [
    "pool", "gene", "direction", "rank", "log_fc", "in_panel", "folds", "in_final", "excluded", "excluded_in",
    "auc_in_sample", "auc_at_rank", "sensitivity_in_sample", "specificity_in_sample", "location", "location_group",
    "assay",
]  # fmt: skip
PANELS = [
    "pool", "size", "candidates", "n_excluded", "chosen_in", "auc", "auc_across", "across_low", "across_high",
    "sensitivity", "specificity", "random_auc", "random_high", "p", "n_permutations",
    "n_models", "n_untreated", "n_persister", "genes", "note",
]  # fmt: skip
WHOLE = ["candidates", "n_excluded", "chosen_in", "n_permutations", "n_models", "n_untreated", "n_persister"]
"""Columns of whole numbers."""
SCORES = ["pool", "sample", "model", "timepoint", "size", "score"]
ROC = ["pool", "cut", "false_positive_rate", "true_positive_rate"]
SHOWN = 50
SECRETED = "secreted"
"""Pool and location of genes whose protein is measured in blood."""
"""Genes of a pool that are listed beyond those of the panels."""


def pools_of(genes: pd.Index, locations: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the masks of the genes from which a panel may be chosen."""
    location = locations["location"].reindex(genes)
    return {
        "all genes": np.ones(len(genes), dtype=bool),
        "surface": (location == "surface").to_numpy(),
        SECRETED: (location == SECRETED).to_numpy(),
    }


def learn_all(pairs: panels.Pairs, pool: np.ndarray) -> tuple[panels.Ranking, np.ndarray]:
    """Return the ranking by all models, and the mask of the genes that composition does not explain in them."""
    ranking = panels.learn(*panels.state_means(pairs))
    return ranking, panels.eligible(pairs, ranking, np.ones(pairs.n_models, dtype=bool), pool)


def judge_pool(
    pairs: panels.Pairs, genes: pd.Index, name: str, pool: np.ndarray, params: dict
) -> tuple[pd.DataFrame, list]:
    """Return one row (:data:`PANELS`) per size and one for the chosen sizes, and the folds."""
    known = {"pool": name, "candidates": int(pool.sum())}
    if min(params["sizes"]) > pool.sum():
        return pd.DataFrame([known | {"note": "too few such genes are measured"}]), []
    final, allowed = learn_all(pairs, pool)
    known["n_excluded"] = int((pool & ~allowed).sum())
    # What a fold excludes does not depend on the sizes.
    least = min(int(own.sum()) for own in [allowed, *(fold.allowed for fold in panels.nested(pairs, [1], pool))])
    sizes = [size for size in params["sizes"] if size <= least]
    if not sizes:
        return pd.DataFrame([known | {"note": "composition explains the change of too many such genes"}]), []
    folds = panels.nested(pairs, sizes, pool)
    best = final.order[allowed[final.order]]
    size_at_last = panels.choose_size(*panels.state_means(pairs), sizes, allowed)
    p, n = panels.permutation_p(pairs, sizes, pool, seed=params["seed"], n=params["permutations"])
    rows = []
    for size in [None, *sizes]:
        row = panels.judge(pairs, folds, size)
        # No interval of the mean AUC: folds share all models but two, so it varies more than with independent models.
        across_low, across_high = share_interval(row["auc_across"], pairs.n_models)
        row |= known | {"size": NESTED if size is None else size}
        row |= {"across_low": across_low, "across_high": across_high}
        row |= {"n_models": pairs.n_models, "n_untreated": int((pairs.state < 0).sum())}
        row |= {"n_persister": int((pairs.state > 0).sum()), "note": ""}
        if size is None:
            row |= {"p": p, "n_permutations": n, "genes": ",".join(genes[best[:size_at_last]])}
        else:
            chosen = [fold.panels[size] for fold in folds]
            random = panels.random_aucs(pairs, size, pool, seed=params["seed"], n=params["random"], chosen=chosen)
            row |= {"random_auc": random.mean(), "random_high": np.quantile(random, 0.95)}
            # The share of random panels that do as well is no p-value over patients: it is ≤ .05 in up to .10
            # of studies without markers.
            row |= {"chosen_in": sum(fold.chosen == size for fold in folds), "genes": ",".join(genes[best[:size]])}
        rows.append(row)
    return pd.DataFrame(rows), folds


def list_genes(
    pairs: panels.Pairs,
    genes: pd.Index,
    name: str,
    pool: np.ndarray,
    folds: list,
    locations: pd.DataFrame,
    sizes: list[int],
) -> pd.DataFrame:
    """Return the genes of the panels (:data:`MARKERS`), and the next best genes with those that are excluded."""
    ranking, allowed = learn_all(pairs, pool)
    order = ranking.order[pool[ranking.order]]
    size = panels.choose_size(*panels.state_means(pairs), sizes, allowed)
    final = set(order[allowed[order]][:size].tolist())
    picked = [gene for fold in folds for gene in fold.panels[fold.chosen].tolist()]
    counts = pd.Series(picked, dtype=int).value_counts()
    place = {gene: i + 1 for i, gene in enumerate(order)}
    chosen = sorted({*counts.index, *final, *order[:SHOWN].tolist()}, key=place.get)
    table = single.single_genes(pairs, np.array(chosen, dtype=int))
    table["gene"], table["pool"] = genes[table.index], name
    table["direction"] = np.where(ranking.direction[table.index] > 0, "up", "down")
    table["rank"] = [place[gene] for gene in table.index]
    out_of_sample = single.ranked_aucs(pairs, pool, max(table["rank"], default=0))
    table["auc_at_rank"] = out_of_sample[table["rank"] - 1]
    table["in_panel"], table["folds"] = counts.reindex(table.index).fillna(0).astype(int), len(folds)
    table["in_final"] = ["yes" if gene in final else "no" for gene in table.index]
    table["excluded"] = np.where(allowed[table.index], "", composition.EXCLUDED)
    table["excluded_in"] = np.sum([~fold.allowed[table.index] for fold in folds], axis=0)
    table["location"] = locations["location"].reindex(table["gene"]).fillna("").to_numpy()
    table["location_group"] = locations["group"].reindex(table["gene"]).fillna("").to_numpy()
    return table.reindex(columns=MARKERS)


def roc_curves(scores: pd.DataFrame, persister: str) -> pd.DataFrame:
    """Return a row (:data:`ROC`) per pool and cutoff of the left-out scores, from the strictest cutoff on.

    ``scores``: :data:`SCORES`; a sample is classified as persister if its score is at or above the cutoff.
    """
    parts = [pd.DataFrame(columns=ROC)]
    for pool, own in scores.groupby("pool", sort=False):
        cuts = np.concatenate([[np.inf], np.unique(own["score"])[::-1]])
        called = own["score"].to_numpy()[None, :] >= cuts[:, None]
        is_persister = (own["timepoint"] == persister).to_numpy()
        rates = called[:, ~is_persister].mean(axis=1), called[:, is_persister].mean(axis=1)
        parts.append(pd.DataFrame(dict(zip(ROC, (pool, cuts, *rates), strict=True))))
    return pd.concat(parts[1:] or parts, ignore_index=True)


def measure(
    judged: dict[str, tuple[panels.Pairs, pd.Index, list, list[str]]],
    models: list[str],
    cells: dict,
    locations: pd.DataFrame,
    table: pd.DataFrame,
    prevalences: list[float],
    species: pd.DataFrame | None = None,
) -> dict[str, pd.DataFrame]:
    """Return how often each pool's panel of chosen size is positive, the assay it is fit for, and what it predicts.

    Parameters
    ----------
    judged
        By pool: samples, names of its genes, folds, and the genes of the panel that all models give.
    models, cells
        Models in the order of the folds; their cells (:func:`assays.read_cells`), or nothing.
    locations, table
        Location by gene; assay by location (resources/markers).
    prevalences
        Shares of persisters for which predictive values are given.
    species
        Reads that genes lose to the other species (counts/other_species.tsv), in a study with a host.
    """
    found = {name: [pd.DataFrame(columns=columns)] for name, columns in
             (("assays", assays.ASSAYS), ("values", assays.VALUES), ("positive", assays.POSITIVE))}  # fmt: skip
    for pool, (pairs, genes, folds, final) in judged.items():
        positive, note = assays.of_cells(cells, models, folds, genes, pool), ""
        if pool == SECRETED:
            positive, note = assays.of_samples(pairs, models, folds, pool), "of samples: blood holds no single cell"
        elif len(positive) < panels.MIN_MODELS:
            positive = assays.of_samples(pairs, models, folds, pool)
            note = "of samples: fewer than three models have cells of both states" if cells else ""
        summary, unit = assays.summarise(positive), positive["unit"].iloc[0]
        assay, material = assays.assay_of(final, locations["location"], table)
        row = {"pool": pool, "genes": ",".join(final), "assay": assay, "material": material, "unit": unit, "note": note}
        row["other_species_share"] = assays.other_species_share(final, species)
        found["assays"].append(pd.DataFrame([row | summary]))
        found["values"].append(assays.predict(pool, unit, summary, prevalences))
        found["positive"].append(positive)
    return {name: pd.concat(parts[1:] or parts, ignore_index=True) for name, parts in found.items()}


def write_assays(found: dict[str, pd.DataFrame], output) -> None:
    """Write the three tables of :func:`measure`."""
    whole = ["n_models", "cells_needed", "models_needed"]
    table = found["assays"].reindex(columns=assays.ASSAYS)
    table[whole] = table[whole].astype("Int64")
    for name, own in (found | {"assays": table}).items():
        own.to_csv(getattr(output, name), sep="\t", index=False, float_format="%.6g")


def main(snakemake) -> None:
    """Read profiles, cells and the list of surface and secreted proteins; write markers, panels, scores, ROC curves,
    and what an assay of each panel would show.
    """
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    values, labels, distrusted = inputs.read_profiles(source.profiles)
    values = values.drop(columns=distrusted, errors="ignore")
    locations = pd.read_csv(source.locations, sep="\t", dtype=str).set_index("gene")
    fit = pd.read_csv(source.assays, sep="\t", dtype=str, keep_default_na=False).set_index("location")
    contrast = params.contrast
    whole, models = panels.make_pairs(values, labels, contrast["baseline"], contrast["persister"])
    settings = {name: params[name] for name in ("sizes", "permutations", "random", "seed")}
    tables, listed, scores, judged = [], [], [], {}
    if len(models) < panels.MIN_MODELS or values.empty:
        have = "model has" if len(models) == 1 else "models have"
        note = f"{len(models)} {have} both timepoints: two for learning and one for evaluation are needed"
        tables.append(pd.DataFrame([{"pool": "all genes", "n_models": len(models), "note": note}]))
        job.log.warning("no markers: %s", note)
    else:
        used = labels[
            labels["timepoint"].isin([contrast["baseline"], contrast["persister"]]) & labels["model"].isin(models)
        ]
        paths = dict(zip(params.compared, source.differences, strict=True))
        tested = max(SHOWN, *params.sizes)
        held = composition.read_held(paths, models, values.columns, level=params.fdr, tested=tested)
        for name, mask in pools_of(values.columns, locations).items():
            pairs = panels.Pairs(whole.values[:, mask], whole.state, whole.model, held.of_genes(mask))
            genes, pool = values.columns[mask], np.ones(mask.sum(), dtype=bool)
            table, folds = judge_pool(pairs, genes, name, pool, settings)
            tables.append(table)
            if not folds:
                continue
            sizes = sorted(folds[0].panels)
            own = list_genes(pairs, genes, name, pool, folds, locations, sizes)
            own["assay"] = [assays.assay_of([gene], locations["location"], fit)[0] for gene in own["gene"]]
            listed.append(own)
            judged[name] = (pairs, genes, folds, list(own.loc[own["in_final"] == "yes", "gene"]))
            for model, fold in enumerate(folds):
                own = used.iloc[np.flatnonzero(whole.model == model)]
                part = own[["model", "timepoint"]].rename_axis("sample").reset_index()
                scores.append(part.assign(pool=name, size=fold.chosen, score=fold.scores[fold.chosen]))
    wanted = {g for _, genes, folds, _ in judged.values() for fold in folds for g in genes[fold.panels[fold.chosen]]}
    paths = dict(zip(params.libraries, source.cells, strict=True))
    sheet = pd.DataFrame(params.samples).set_index("sample")
    cells = assays.read_cells(paths, sheet, contrast, sorted(wanted)) if judged else {}
    species = getattr(source, "other_species", None)
    species = read_labelled(species, "symbol", "other_symbol") if species else None
    write_assays(measure(judged, models, cells, locations, fit, params.prevalences, species), output)
    left_out = pd.concat(scores, ignore_index=True) if scores else pd.DataFrame(columns=SCORES)
    roc = [roc_curves(left_out, contrast["persister"])]
    for parts, columns, path in (
        (listed, MARKERS, output.markers),
        (tables, PANELS, output.panels),
        (scores, SCORES, output.scores),
        (roc, ROC, output.roc),
    ):
        joined = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
        numbers = joined.columns.intersection(WHOLE)
        joined[numbers] = joined[numbers].astype("Int64")
        joined.reindex(columns=columns).to_csv(path, sep="\t", index=False, float_format="%.6g")
    excluded = {gene for own in listed for gene in own.loc[own["excluded"] != "", "gene"]}
    job.log.info("%d models, %d genes, %d distrusted left out", len(models), values.shape[1], len(distrusted))
    if excluded:
        job.log.info("composition explains %d genes, which are in no panel", len(excluded))


if __name__ == "__main__":
    job.run(main, snakemake)
