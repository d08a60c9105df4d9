"""Rank the regulons as switches of persistence, with the evidence for and against each in separate columns."""

import numpy as np
import pandas as pd

from scripts.activity import design
from scripts.base import job
from scripts.base.genesets import read_sets
from scripts.base.tables import ALL_MODELS, read_labelled
from scripts.counts.distrust import marked
from scripts.profiles import inputs
from scripts.profiles.pseudobulk import wide
from scripts.stats import paired
from scripts.switches import checks, switches, targets, verdicts
from scripts.switches.evidence import assemble, chromatin, family, kinds, on_off, terms

BY_MODEL = [
    "contrast", "model", "tf", "regulon", "difference", "activity_change_sd", "targets_log2fc", "mrna_log2fc",
    "relapse_position",
]  # fmt: skip


def read_expression(path: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return log2 CPM and cells that show a gene (samples × genes), the samples' table, and the genes' (whether all
    samples measured them, whether they are distrusted).
    """
    import anndata

    data = anndata.read_h5ad(path)
    values = pd.DataFrame(data.X, index=data.obs_names, columns=data.var_names).astype("float64")
    shown = pd.DataFrame(data.layers["shown"], index=data.obs_names, columns=data.var_names)
    return values, shown, data.obs, data.var


def differences_of(table: pd.DataFrame, contrast: str) -> pd.DataFrame:
    """Return the differences of one contrast, model and arm × regulon."""
    own = table[table["contrast"] == contrast]
    pairs = list(dict.fromkeys(zip(own["model"], own["arm"], strict=True)))
    wide = own.pivot(index=["model", "arm"], columns="regulon", values="difference")
    return wide.reindex(pd.MultiIndex.from_tuples(pairs, names=["model", "arm"])) if pairs else wide


def models_without(differences: pd.DataFrame) -> dict[str, list[str]]:
    """Return, by regulon, the models that are compared but have no difference of it.

    ``differences``: models × regulons.
    """
    return {regulon: list(own.index[own.isna()]) for regulon, own in differences.items() if own.isna().any()}


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
        table["activity_change_sd"] = table["difference"] / sd[regulon]
        for name, source, column in (
            ("targets_log2fc", change, regulon),
            ("mrna_log2fc", mrna, factors[regulon]),
            ("relapse_position", single, regulon),
        ):
            table[name] = source[column].reindex(differences.index).to_numpy() if column in source else float("nan")
        parts.append(table)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=BY_MODEL[1:])


def read_shares(path: str | None, samples: list[str]) -> pd.DataFrame:
    """Return the share of each sample's cells that have a regulon on, samples × regulons; nothing without cells."""
    if not path:
        return pd.DataFrame()
    return wide(read_labelled(path), "on", samples)


def read_knockouts(path: str) -> pd.DataFrame:
    """Return the changes by model and factor."""
    table = read_labelled(path)
    return table[table["model"] != ALL_MODELS]


def read_tested(path: str | None) -> dict[str, str]:
    """Return what perturbations show of each factor that was tested; nothing without perturbations."""
    return dict(read_labelled(path)[["tf", "tested"]].to_numpy()) if path else {}


def ranks_knockout(path: str | None) -> bool:
    """Return whether silencing in silico plays a part in the rank: unless perturbations show it no better than its
    baseline.
    """
    return not path or read_labelled(path)["verdict"].iloc[0] != verdicts.NOT_BETTER.name


def read_universe(source, min_share: float) -> tuple[pd.DataFrame, pd.DataFrame, pd.Index, pd.Index]:
    """Return log2 expression (samples × genes that all measured), the samples' labels, the genes that could be
    targets (in pseudobulk those seen in enough cells, in profiles all), and the genes to distrust, which aren't among
    these.
    """
    if not getattr(source, "pseudobulk", None):
        values, labels, distrusted = inputs.read_profiles(source.profiles)
        return values, labels, values.columns.difference(distrusted, sort=False), distrusted
    values, shown, samples, var = read_expression(source.pseudobulk)
    everywhere, distrusted = var["everywhere"], marked(var)
    labels = samples[["model", "timepoint", "arm"]].astype(str)
    genes = targets.gene_universe(shown, samples["n_cells"], labels["model"], everywhere, min_share)
    return values.loc[:, everywhere.to_numpy()], labels, genes.difference(distrusted, sort=False), distrusted


def gather(
    source, params, persister, sd, edges, factors, values, labels, universe, changes
) -> tuple[assemble.Sources, pd.DataFrame]:
    """Return the inputs of the evidence, and the share of cells on by regulon and timepoint."""
    names = params.contrast
    roles = dict(zip(terms.ON[:3], (names["baseline"], names["persister"], names.get("relapse")), strict=True))
    on, shares = read_shares(getattr(source, "shares", None), list(labels.index)), pd.DataFrame()
    if len(on) and not on_off.is_comparable(labels.loc[on.index], params.groups):
        job.log.warning("shares of cells on aren't compared: untreated and treated were scored in different groups")
        on = pd.DataFrame()
    if len(on):
        shares = pd.DataFrame({name: on_off.shares(on, labels, role) for name, role in roles.items() if role})
        on = paired.differences(on, labels, names["baseline"], names["persister"])
    known = edges[edges["regulon"].isin(persister.columns)]
    sources = assemble.Sources(
        differences=persister,
        sd=sd,
        edges=known,
        factors=factors,
        on=on,
        changes=changes,
        signature=inputs.read_signature(source.signature),
        mean=values[universe].mean(),
        knockout=read_knockouts(source.knockouts),
        seed=params.seed,
        ranks_knockout=ranks_knockout(getattr(source, "judged", None)),
    )
    return sources, shares


def with_least(effects: pd.DataFrame, persister: pd.DataFrame, sd: pd.Series, min_effect: float) -> pd.DataFrame:
    """Return the effects by arm and regulon with the false discovery rate of a change beyond the least one."""
    if persister.empty:
        return effects.assign(fdr_least=np.nan)
    found = paired.summarise_arms(persister, sd, min_effect).rename(columns={"feature": "regulon"})
    return effects.merge(found[["arm", "regulon", "fdr_least"]], on=["arm", "regulon"], how="left")


def check(source, persister: pd.DataFrame, effect: pd.Series, sd: pd.Series, labels, pair) -> pd.DataFrame:
    """Return :data:`checks.COLUMNS` by regulon: the change at equal depth (of cells), and by platform (of profiles)."""
    path = getattr(source, "equal_depth", None)
    parts = [checks.at_equal_depth(read_labelled(path), effect, sd, *pair)] if path else []
    if "platform" in labels and len(persister):
        parts.append(checks.by_platform(paired.over_arms(persister), checks.platform_of_models(labels), sd))
    return pd.concat(parts, axis=1) if parts else pd.DataFrame()


def main(snakemake) -> None:
    """Read effects, expression, regulons, gene sets, evidence; write switches, overlaps, values by model, ranks."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    effects = read_labelled(source.effects)
    table = read_labelled(source.differences)
    flipped = read_labelled(source.permutations)
    edges = inputs.read_edges(source.regulons)
    sets = read_sets(source.genesets)
    values, labels, universe, distrusted = read_universe(source, params.min_cell_fraction)
    names = design.contrasts_of(params.contrast)
    first, *rest = names
    own = effects[effects["contrast"] == first]
    # A network has factors of whose targets too few are measured.
    edges = edges[edges["regulon"].isin(own["regulon"])] if len(own) else edges
    factors = edges.drop_duplicates("regulon").set_index("regulon")["tf"].to_dict()
    baseline, treated = names[first]
    changes = paired.over_arms(paired.differences(values, labels, baseline, treated))
    mrna = targets.factor_change(changes, sorted(set(factors.values())))
    changes = changes.drop(columns=distrusted, errors="ignore")
    change = targets.target_change(changes, edges)
    overlaps = targets.overlap(edges, sets, universe)
    overlaps = targets.judge_overlap(overlaps, edges, sets, changes, fdr=params.fdr)

    persister = differences_of(table, first)
    relapse = differences_of(table, rest[0]) if rest else persister.iloc[:0]
    positions, single = paired.relapse_position(persister, relapse)
    sd = own.drop_duplicates("regulon").set_index("regulon")["sd"]
    effect = own[own["arm"] == paired.ALL_ARMS].set_index("regulon")["effect"]
    evidence = None
    if len(persister):
        sources, shares = gather(source, params, persister, sd, edges, factors, values, labels, universe, changes)
        stability = [read_labelled(path) for path in source.stability]
        evidence = assemble.assemble(
            sources,
            flipped[flipped["contrast"] == first].set_index("regulon"),
            shares,
            pd.concat(stability, ignore_index=True) if stability else pd.DataFrame(),
            family.read_families(source.families),
        )
    one = pd.Series(1.0, index=[*change.columns, *mrna.columns]).groupby(level=0).first()
    ranked = switches.build(
        with_least(own, persister, sd, params.min_effect),
        overlaps,
        paired.summarise(change, one),
        paired.summarise(mrna, one),
        positions,
        factors,
        fdr=params.fdr,
        min_effect=params.min_effect,
        between=switches.compare_arms(persister, sd),
        evidence=evidence,
        unmeasured=models_without(paired.over_arms(persister)),
        checked=check(source, persister, effect, sd, labels, names[first]),
        distrusted=targets.distrusted_shares(edges, distrusted),
        untrusted_factors=frozenset(distrusted),
        tested=read_tested(getattr(source, "tested", None)),
    )
    models = by_model(paired.over_arms(persister), sd, change, mrna, single, factors).assign(contrast=first)
    ranked = chromatin.join(ranked, getattr(source, "chromatin", None))
    results = (
        (ranked, output.switches),
        (overlaps, output.overlaps),
        (models[BY_MODEL], output.models),
        (kinds.rank_evidence(ranked), output.evidence),
    )
    for result, path in results:
        result.to_csv(path, sep="\t", index=False, float_format="%.6g")
    if ranked.empty:
        job.log.warning("no regulon to rank: see the logs of consensus_over_models and summarise_activity")
    counts = ranked["verdict"].value_counts()
    job.log.info("%d regulons; %s", len(ranked), ", ".join(f"{n} {verdict}" for verdict, n in counts.items()) or "none")


if __name__ == "__main__":
    job.run(main, snakemake)
