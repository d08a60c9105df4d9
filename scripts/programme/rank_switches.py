"""Rank the regulons as switches of persistence, with the evidence for and against each in columns of its own."""

import anndata
import pandas as pd

from scripts import job
from scripts.clusters.genesets import read_sets
from scripts.programme import columns, contrasts, design, switches, targets

BY_MODEL = [
    "contrast", "model", "tf", "regulon", "difference", "standardised", "targets_log2fc", "mrna_log2fc",
    "relapse_position",
]  # fmt: skip


def read_expression(path: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.Series]:
    """Return log2 CPM and cells that show a gene (samples × genes), the samples' table, which genes all measured."""
    data = anndata.read_h5ad(path)
    values = pd.DataFrame(data.X, index=data.obs_names, columns=data.var_names).astype("float64")
    shown = pd.DataFrame(data.layers["shown"], index=data.obs_names, columns=data.var_names)
    return values, shown, data.obs, data.var["everywhere"]


def differences_of(table: pd.DataFrame, contrast: str) -> pd.DataFrame:
    """Return the differences of one contrast, model and arm × regulon."""
    own = table[table["contrast"] == contrast]
    pairs = list(dict.fromkeys(zip(own["model"], own["arm"], strict=True)))
    wide = own.pivot(index=["model", "arm"], columns="regulon", values="difference")
    return wide.reindex(pd.MultiIndex.from_tuples(pairs, names=["model", "arm"])) if pairs else wide


def by_model(
    differences: pd.DataFrame,
    sd: pd.Series,
    change: pd.DataFrame,
    mrna: pd.DataFrame,
    single: pd.DataFrame,
    factors: dict[str, str],
) -> pd.DataFrame:
    """Return one row per model and regulon: what :mod:`switches` joins over the models."""
    parts = []
    for regulon in differences.columns:
        table = pd.DataFrame({"model": differences.index, "regulon": regulon, "tf": factors[regulon]})
        table["difference"] = differences[regulon].to_numpy()
        table["standardised"] = table["difference"] / sd[regulon]
        for name, source, column in (
            ("targets_log2fc", change, regulon),
            ("mrna_log2fc", mrna, factors[regulon]),
            ("relapse_position", single, regulon),
        ):
            table[name] = source[column].reindex(differences.index).to_numpy() if column in source else float("nan")
        parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=BY_MODEL[1:])


def main(snakemake) -> None:
    """Read effects, expression, regulons, gene sets; write switches, overlaps, the models' values, the dictionary."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    effects = pd.read_csv(source.effects, sep="\t", dtype={"arm": str, "regulon": str})
    table = pd.read_csv(source.differences, sep="\t", dtype={"model": str, "arm": str})
    answers = pd.read_csv(source.design, sep="\t", keep_default_na=False)
    edges = pd.read_csv(source.regulons, sep="\t")
    sets = read_sets(source.genesets)
    values, shown, samples, everywhere = read_expression(source.pseudobulk)
    factors = edges.drop_duplicates("regulon").set_index("regulon")["tf"].to_dict()

    names = design.contrasts_of(params.contrast)
    first, *rest = names
    baseline, treated = names[first]
    labels = samples[["model", "timepoint", "arm"]].astype(str)
    measured = values.loc[:, everywhere.to_numpy()]
    changes = contrasts.over_arms(contrasts.differences(measured, labels, baseline, treated))
    change = targets.target_change(changes, edges)
    mrna = targets.factor_change(changes, sorted(set(factors.values())))
    universe = targets.gene_universe(shown, samples["n_cells"], labels["model"], everywhere, params.min_cell_fraction)
    overlaps = targets.overlap(edges, sets, universe)
    overlaps = targets.judge_overlap(overlaps, edges, sets, changes, fdr=params.fdr, seed=params.seed)

    persister = differences_of(table, first)
    relapse = differences_of(table, rest[0]) if rest else persister.iloc[:0]
    positions, single = contrasts.relapse_position(persister, relapse)
    own = effects[effects["contrast"] == first]
    one = pd.Series(1.0, index=[*change.columns, *mrna.columns]).groupby(level=0).first()
    ranked = switches.build(
        own,
        overlaps,
        contrasts.summarise(change, one, params.seed),
        contrasts.summarise(mrna, one, params.seed),
        positions,
        factors,
        set(answers.loc[(answers["contrast"] == first) & (answers["confounded"] == "yes"), "arm"]),
        fdr=params.fdr,
        min_effect=params.min_effect,
    )
    sd = own.drop_duplicates("regulon").set_index("regulon")["sd"]
    models = by_model(contrasts.over_arms(persister), sd, change, mrna, single, factors).assign(contrast=first)
    for result, path in ((ranked, output.switches), (overlaps, output.overlaps), (models[BY_MODEL], output.models)):
        result.to_csv(path, sep="\t", index=False, float_format="%.6g")
    columns.dictionary().to_csv(output.columns, sep="\t", index=False)
    if ranked.empty:
        job.log.warning("no regulon to rank: see the logs of agree_over_groups and average_activity")
    counts = ranked["verdict"].value_counts()
    job.log.info("%d regulons; %s", len(ranked), ", ".join(f"{n} {verdict}" for verdict, n in counts.items()) or "none")


if __name__ == "__main__":
    job.run(main, snakemake)
