"""Join over the models what remains with each confounder held, and say what the study may claim."""

import numpy as np
import pandas as pd

from scripts.activity import design
from scripts.base import job
from scripts.base.genesets import measured, read_sets
from scripts.base.tables import read_labelled
from scripts.cells import lineages
from scripts.confounders import shares
from scripts.confounders.measure_confounders import CLONES, NOTES, SCORE_SETS, WITHOUT
from scripts.confounders.terms import GENES, SIGNATURE
from scripts.confounders.verdicts import ALONE
from scripts.expression import left_out
from scripts.profiles import inputs
from scripts.stats.remaining import BEFORE, by_feature
from scripts.switches.evidence.perturbation import score_weights
from scripts.switches.evidence.reach import learn_signature
from scripts.switches.verdicts import SHARED

LEFT_OUT = "its genes left out"
ATTRITION = ("attrition", "at an equal share of cells kept")


def without(table: pd.DataFrame, distrusted: pd.Index) -> pd.DataFrame:
    """Return features × confounders without the genes to distrust, which no signature has."""
    return table[~((table["kind"] == "gene") & table["feature"].isin(distrusted))]


def signature_effects(before: pd.DataFrame, after: pd.DataFrame, size: int, without: set[str] = frozenset()) -> tuple:
    """Return, by model, the signature's change before and after, the signature learned from the other models'
    differences before; genes of ``without`` don't count in the score after.
    """
    common = before.columns.intersection(after.columns).sort_values()
    before, after = before[common].dropna(axis=1, how="any"), after[common]
    models = [model for model in before.index if model in after.index]
    first, second = {}, {}
    for model in models:
        rest = before.drop(index=model)
        if rest.empty:
            continue
        signature = learn_signature(rest, size)
        first[model] = float(before.loc[model] @ score_weights(signature, before.columns))
        kept = signature[~signature.index.isin(without)]
        # Weights as before, so that leaving genes out doesn't inflate those that stay.
        weights = score_weights(signature, before.columns) * before.columns.isin(kept.index)
        second[model] = float(after.loc[model, before.columns].fillna(0.0) @ weights)
    return pd.Series(first, dtype=float), pd.Series(second, dtype=float)


def attrition_gap(attrition: pd.DataFrame, contrast: dict) -> pd.Series:
    """Return, by model, the difference persister − untreated in the share of called cells that all later steps kept."""
    if attrition.empty:
        return pd.Series(dtype=float)
    cells = attrition[attrition["step"] == "empty"].groupby(["sample", "model", "timepoint"])["remaining"].sum()
    kept = attrition.groupby(["sample", "model", "timepoint"])["remaining"].min()
    share = (kept / cells.where(cells > 0)).groupby(["model", "timepoint"]).mean().unstack()
    roles = [contrast["persister"], contrast["baseline"]]
    return share[roles[0]] - share[roles[1]] if set(roles) <= set(share) else pd.Series(dtype=float)


def build(
    tables: dict[str, pd.DataFrame],
    notes: pd.DataFrame,
    sets: dict,
    switches: pd.DataFrame,
    gap: pd.Series,
    contrast: str,
    *,
    size: int,
    fdr: float,
    seed: int,
) -> tuple[pd.DataFrame, dict]:
    """Return confounders.tsv and the verdict on the study.

    ``tables``: by model, features × confounders; ``switches``: tf, regulon, direction, verdict of the shared ones.
    Where no programme is shown, no share of the signature's change is given: a change that is absent has no share. Its
    changes have no interval: scores of signatures that were learned from one another's models depend on one another, so
    that intervals of t over them covered 87 to 95 % in simulation.
    """
    before = by_feature(tables, "gene", BEFORE)
    p = left_out.null_of(before.dropna(axis=1, how="any").to_numpy(dtype=float), size, seed).p
    is_shown = p <= fdr
    active = by_feature(tables, "regulon", BEFORE)
    columns = list(dict.fromkeys(c for table in tables.values() for c in table if "|" in c and c != BEFORE))
    rows = []

    def add(confounder: str, method: str, what: str, first: pd.Series, second: pd.Series, note: str = "") -> None:
        found = shares.compare(first, second)
        if what == SIGNATURE:
            found |= dict.fromkeys(("ci_low", "ci_high", "share_low", "share_high"), np.nan)
            found["share_remaining"] = found["share_remaining"] if is_shown else np.nan
        row = {"confounder": confounder, "method": method, "contrast": contrast, "what": what, **found, "note": note}
        rows.append(row)

    ways: dict[str, list[tuple[pd.Series, pd.Series]]] = {}
    for name in sorted(columns):
        confounder, method = name.split("|")
        after = by_feature(tables, "gene", name)
        said = notes[(notes["confounder"] == confounder) & (notes["method"] == method)]
        note = "; ".join(f"{row.model}: {row.note}" for row in said.itertuples())
        if len(after):
            pair = signature_effects(before, after, size)
            add(confounder, method, SIGNATURE, *pair, note)
            if confounder in ALONE:
                ways.setdefault(confounder, []).append(pair)
            both = before.index.intersection(after.index)
            one = pd.Series({"": shares.count_genes(before.loc[both], fdr)})
            other = pd.Series({"": shares.count_genes(after.loc[both], fdr)})
            add(confounder, method, GENES, one, other, f"{len(both)} model{'s' * (len(both) > 1)}" if len(both) else "")
            rows[-1]["n_models"] = len(both)
        regulons = by_feature(tables, "regulon", name)
        for switch in switches.itertuples():
            if switch.regulon in regulons and switch.regulon in active:
                add(confounder, method, switch.tf, active[switch.regulon], regulons[switch.regulon])
    by_lineage = f"composition|{WITHOUT}" in columns
    # Markers of normal lineages are a tumour's own genes where a host's genome tells its cells from others.
    used = SCORE_SETS | ({"composition": list(lineages.NORMAL)} if by_lineage else {})
    for confounder, names in used.items():
        if before.empty:
            continue
        genes = {gene for name in names for gene in measured(sets.get(name, {}), before.columns)}
        pair = signature_effects(before, before, size, genes)
        add(confounder, LEFT_OUT, SIGNATURE, *pair, f"{len(genes)} genes")
        ways.setdefault(confounder, []).append(pair)
    told = {(row["confounder"], row["method"]) for row in rows}
    for (confounder, method), own in notes.groupby(["confounder", "method"], sort=True):
        if (confounder, method) not in told:
            empty = pd.Series(dtype=float)
            add(
                confounder, method, SIGNATURE, empty, empty, "; ".join(f"{r.model}: {r.note}" for r in own.itertuples())
            )
    effect = signature_effects(before, before, size)[0] if len(before) else pd.Series(dtype=float)
    if len(gap):
        at_zero, _, _, n = shares.extrapolate(effect, gap)
        note = "" if np.isfinite(at_zero) else "needs four models whose samples differ"
        mean = effect[gap.reindex(effect.index).notna()].mean()
        found = {"effect_before": mean, "effect_after": at_zero, "n_models": n}
        if is_shown:
            found["share_remaining"] = at_zero / mean
        labels = dict(zip(shares.CONFOUNDERS[:4], [*ATTRITION, contrast, SIGNATURE], strict=True))
        rows.append(labels | found | {"note": note})
    table = pd.DataFrame(rows, columns=shares.CONFOUNDERS)
    return table, shares.judge(effect, p, shares.remaining_of(ways), fdr=fdr, contrast=contrast)


def main(snakemake) -> None:
    """Read the models' differences; write confounders, the study's verdict, clones, and notes by model."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    tables = dict(zip(params.models, map(pd.read_parquet, source.differences), strict=True))
    distrusted = inputs.read_distrusted(getattr(source, "profiles", None))
    tables = {model: without(table, distrusted) for model, table in tables.items() if len(table)}
    parts = [pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False) for path in source.notes]
    notes = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=NOTES)
    clones = [read_labelled(path) for path in source.clones]
    clones = [part for part in clones if len(part)]
    switches = read_labelled(source.switches)
    switches = switches[switches["verdict"] == SHARED.name].head(params.regulons)
    attrition = read_labelled(source.attrition) if getattr(source, "attrition", None) else pd.DataFrame()
    contrast = next(iter(design.contrasts_of(params.contrast)))
    table, found = build(
        tables,
        notes,
        read_sets(source.genesets),
        switches,
        attrition_gap(attrition, params.contrast),
        contrast,
        size=params.size,
        fdr=params.fdr,
        seed=params.seed,
    )
    table.to_csv(output.confounders, sep="\t", index=False, float_format="%.6g")
    pd.DataFrame([found], columns=shares.VERDICT).to_csv(output.verdict, sep="\t", index=False, float_format="%.6g")
    notes.sort_values(["confounder", "method"], kind="stable").to_csv(output.notes, sep="\t", index=False)
    joined = pd.concat(clones, ignore_index=True) if clones else pd.DataFrame(columns=CLONES)
    joined.to_csv(output.clones, sep="\t", index=False, float_format="%.6g")
    job.log.info("%s: %s", found["verdict"], found["note"] or found["remaining"])


if __name__ == "__main__":
    job.run(main, snakemake)
