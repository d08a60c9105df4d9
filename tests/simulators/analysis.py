"""What the stages after the regulons find in a simulated study (:mod:`simulators.studies`), by their own functions."""

from __future__ import annotations

from dataclasses import dataclass

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from scripts.activity import depth as depths
from scripts.activity.score_at_equal_depth import mean_activity
from scripts.base.expression import normalise
from scripts.base.genesets import read_sets
from scripts.cells import lineages
from scripts.clusters.scores import score_cells
from scripts.confounders import clones, measure_confounders, tabulate_confounders
from scripts.profiles import pseudobulk
from scripts.regulons import activity as act
from scripts.regulons import scoring
from scripts.scenic import scaled_mean
from scripts.stats import flips, paired
from scripts.switches import checks, switches, targets, verdicts
from scripts.switches.evidence import assemble, perturbation, reach
from simulators.studies import LABELS, LINEAGES, ROOT, Study

GENESETS = sorted((ROOT / "resources" / "genesets").glob("*.tsv"))
ACTIVITY = {
    "engine": "native", "activity_score": "scaled_mean", "activity_auc_threshold": 0.2, "activity_own_gene": False,
    "max_target_share": 0.1,
}  # fmt: skip


def scales_of(study: Study) -> pd.DataFrame:
    """Return the scale of each gene, as the stage regulons has it (regulons/genes.tsv)."""
    groups = []
    for _, own in study.sheet.groupby("model", sort=False):
        counts = sparse.vstack([study.counts[sample] for sample in own.index]).tocsr()
        of_cell = np.repeat(own.index.to_numpy(dtype=str), [study.counts[sample].shape[0] for sample in own.index])
        groups.append(pd.DataFrame({"gene": study.genes, "variance": scaled_mean.variances(counts, of_cell)}))
    return scoring.join_scales(groups)


def score(study: Study) -> dict[str, pd.DataFrame]:
    """Return, per model, activity per cell as activity.parquet holds it."""
    regulons, scales = scoring.sets_from(study.edges, ACTIVITY), scales_of(study)
    found = {}
    for model, own in study.sheet.groupby("model", sort=False):
        counts = sparse.vstack([study.counts[sample] for sample in own.index]).tocsr()
        found_here = scoring.score(counts, study.genes, regulons, ACTIVITY, scales=scales, seed=1).astype("float32")
        labels = pd.DataFrame(
            [(sample, *row[LABELS]) for sample, row in own.iterrows() for _ in range(study.counts[sample].shape[0])],
            columns=["sample", *LABELS],
        )
        table = pd.concat([labels, found_here], axis=1)
        table.index = pd.Index([f"{s}_{i}" for i, s in enumerate(labels["sample"])], name="cell")
        found[model] = table
    return found


def score_at_equal_depth(study: Study) -> pd.DataFrame:
    """Return activity at equal depth as the stage activity's script makes it; empty where depth doesn't differ."""
    totals = np.array([counts.sum() for counts in study.counts.values()])[:, None]
    cells = [counts.shape[0] for counts in study.counts.values()]
    known = pd.Series(depths.depth_of(totals, cells), index=list(study.counts))
    pair = (study.sheet, "untreated", "persister")
    if not depths.differs(depths.gaps(known, *pair)):
        return pd.DataFrame(columns=depths.AT_EQUAL_DEPTH)
    regulons, scales, parts = scoring.sets_from(study.edges, ACTIVITY), scales_of(study), []
    for number, (sample, share) in enumerate(depths.shares(known, *pair).items()):
        rng = np.random.default_rng([1, number])
        found = mean_activity(
            study.counts[sample], study.genes, regulons, share, ACTIVITY, scales=scales, seed=1, rng=rng
        )
        labels = {"sample": sample, **study.sheet.loc[sample, LABELS]}
        parts.append(pd.DataFrame({"regulon": list(regulons), "activity": found}).assign(**labels))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=depths.AT_EQUAL_DEPTH)


def pseudobulk_of(study: Study) -> pd.DataFrame:
    """Return log2 expression of the libraries, samples × genes."""
    counts = pd.DataFrame({s: np.asarray(c.sum(axis=0)).ravel() for s, c in study.counts.items()}, index=study.genes).T
    return pseudobulk.log_cpm(counts, pseudobulk.size_factors(counts))


def cells_of(study: Study, model: str) -> tuple[sparse.csr_matrix, np.ndarray, np.ndarray]:
    """Return a model's counts (cells × genes), and each cell's sample and timepoint."""
    own = study.sheet[study.sheet["model"] == model]
    counts = sparse.vstack([study.counts[sample] for sample in own.index]).tocsr()
    sizes = [study.counts[sample].shape[0] for sample in own.index]
    return (
        counts,
        np.repeat(own.index.to_numpy(dtype=str), sizes),
        np.repeat(own["timepoint"].to_numpy(dtype=str), sizes),
    )


@dataclass(frozen=True)
class Findings:
    """What the stage finds: ``switches`` (as switches.tsv), ``sources`` (of the evidence), ``logs`` (samples × genes),
    ``changes`` (models × genes).
    """

    switches: pd.DataFrame
    sources: assemble.Sources
    logs: pd.DataFrame
    changes: pd.DataFrame


def analyse(study: Study, *, evidence: bool = True, signature_size: int = 100) -> Findings:
    """Return the table of switches as the stage's scripts make it of activity, expression and regulons."""
    sheet, edges = study.sheet, study.edges
    logs = pseudobulk_of(study)
    changes = paired.over_arms(paired.differences(logs, sheet, "untreated", "persister"))
    cells = score(study)
    regulons = sorted(edges["regulon"].unique())
    every = pd.concat(cells.values())
    groups = every.groupby("sample")[regulons]
    activity, sd = groups.mean().reindex(sheet.index), paired.pooled_sd(groups.std())
    persister = paired.differences(activity, sheet, "untreated", "persister")
    relapse = paired.differences(activity, sheet, "untreated", "relapse")
    factors = dict(zip(edges["regulon"], edges["tf"], strict=True))
    sources = assemble.Sources(persister, sd, edges, factors)
    added = None
    if evidence and len(persister):
        signature = reach.learn_signature(changes, signature_size)
        cuts = {
            model: act.thresholds(own[regulons], 1).set_index("regulon")["threshold"] for model, own in cells.items()
        }
        on = pd.concat([(own[regulons] > cuts[m]).groupby(own["sample"]).mean() for m, own in cells.items()])
        silenced = []
        for model in cells:
            counts, sample, timepoint = cells_of(study, model)
            table = perturbation.silence(
                normalise(counts), pd.Index(study.genes), timepoint == "persister", timepoint == "untreated", edges,
                signature, alpha=10.0, steps=3, strata=sample,
            )  # fmt: skip
            silenced.append(table.assign(model=model))
        filled = [table for table in silenced if len(table)]
        sources = assemble.Sources(
            persister, sd, edges, factors,
            on=paired.differences(on.reindex(sheet.index), sheet, "untreated", "persister"),
            changes=changes, signature=signature, mean=logs.mean(),
            knockout=pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(),
        )  # fmt: skip
        added = assemble.assemble(
            sources,
            flips.family_wise(paired.over_arms(persister) / sd, 0),
            pd.DataFrame(), pd.DataFrame(), pd.Series(dtype=object),
        )  # fmt: skip
    sets = read_sets(GENESETS)
    unit = pd.Series(1.0, index=[*regulons, *sorted(set(edges["tf"]))])
    overlaps = targets.overlap(edges, sets, pd.Index(study.genes))
    overlaps = targets.judge_overlap(overlaps, edges, sets, changes, fdr=0.05)
    effects = paired.summarise_arms(persister, sd, 0.5).rename(columns={"feature": "regulon"})
    thinned = score_at_equal_depth(study)
    effect = effects[effects["arm"] == paired.ALL_ARMS].set_index("regulon")["effect"]
    table = switches.build(
        effects.assign(sd=effects["regulon"].map(sd)),
        overlaps,
        paired.summarise(targets.target_change(changes, edges), unit),
        paired.summarise(targets.factor_change(changes, sorted(set(edges["tf"]))), unit),
        paired.relapse_position(persister, relapse)[0],
        factors, fdr=0.05, min_effect=0.5, between=switches.compare_arms(persister, sd), evidence=added,
        checked=checks.at_equal_depth(thinned, effect, sd, "untreated", "persister"),
    )  # fmt: skip
    return Findings(table, sources, logs, changes)


def confounded(study: Study, found: Findings, size: int = 100) -> tuple[pd.DataFrame, dict]:
    """Return confounders.tsv and the study's verdict, as the stage's scripts make them of the cells."""
    sets, cells = read_sets(GENESETS), score(study)
    tables, notes = {}, []
    for model, own in cells.items():
        counts, sample, timepoint = cells_of(study, model)
        masks = [timepoint == role for role in ("persister", "untreated")]
        if min(mask.sum() for mask in masks) == 0:
            continue
        obs = pd.DataFrame({"sample": sample, "timepoint": timepoint}, index=own.index)
        data = anndata.AnnData(normalise(counts), obs=obs, var=pd.DataFrame(index=study.genes))
        data.layers["counts"] = counts
        scores, _ = score_cells(data.copy(), sets, min_genes=5, seed=0)
        lineage = None
        if set(LINEAGES.values()) <= set(study.genes):
            rule = {"composition": "tumour", "min_genes": 5, "seed": 0}
            others = measure_confounders.composition_scores(data, pd.Series(1.0, index=data.obs_names), sets, **rule)
            scores, lineage = scores.join(others), lineages.call(counts, data.var_names)
        clone = clones.Clones(np.zeros(0, dtype=int), "not asked")
        regulons = own[sorted(study.edges["regulon"].unique())]
        results = measure_confounders.of_cells(data, scores, clone, masks, regulons, 0, lineage)
        notes += [(model, *key, note) for key, (_, note) in results[0].items() if note]
        tables[model] = measure_confounders.tabulate(results, [data.var_names, regulons.columns])
    shared = found.switches[found.switches["verdict"] == verdicts.SHARED.name]
    return tabulate_confounders.build(
        tables, pd.DataFrame(notes, columns=measure_confounders.NOTES), sets, shared, pd.Series(dtype=float),
        "persister vs untreated", size=size, fdr=0.05, seed=0,
    )  # fmt: skip
