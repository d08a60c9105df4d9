"""Describe a group's regulon activity: specificity to timepoints and clusters, on/off thresholds, means per sample."""

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons import activity as act
from scripts.regulons import specificity
from scripts.regulons.select_expression import LABELS


def own_mrna(activity: pd.DataFrame, expression, factors: dict[str, str]) -> pd.Series:
    """Return, by regulon, the correlation over cells of its activity with its factor's mRNA. NaN if either does not
    vary or the mRNA is not measured.

    ``activity``: cells × regulons; ``expression``: AnnData, log-normalised, the same cells; ``factors``: by regulon.
    """
    measured = [tf for tf in dict.fromkeys(factors.values()) if tf in expression.var_names]
    rows = expression.obs_names.get_indexer(activity.index)
    columns = sparse.csc_matrix(expression.X[:, expression.var_names.get_indexer(measured)])[rows]
    place = {tf: number for number, tf in enumerate(measured)}
    found = dict.fromkeys(activity.columns, np.nan)
    for regulon in activity.columns:
        if factors.get(regulon) in place:
            mrna = columns[:, place[factors[regulon]]].toarray().ravel().astype(np.float64)
            score = activity[regulon].to_numpy(dtype=np.float64)
            if mrna.std() > 0 and score.std() > 0:
                found[regulon] = np.corrcoef(mrna, score)[0, 1]
    return pd.Series(found, dtype=float)


def main(snakemake) -> None:
    """Read the group's activity, expression and clusters; write scores, thresholds, sample means and histograms."""
    import anndata

    table = pd.read_parquet(snakemake.input.activity)
    regulons = [column for column in table.columns if column not in LABELS]
    clusters = pd.read_csv(snakemake.input.clusters, sep="\t", usecols=["cell", "cluster"], dtype=str).set_index("cell")
    cluster = table["timepoint"].astype(str) + ":" + clusters["cluster"].reindex(table.index).fillna("none")
    group = snakemake.wildcards.group
    scores = []
    for kind, labels in (("timepoint", table["timepoint"].astype(str)), ("cluster", cluster)):
        scores.append(specificity.score(table[regulons], labels).assign(group=group, kind=kind))
    rss = pd.concat(scores)[["group", "kind", *specificity.SPECIFICITY]]
    cuts = act.thresholds(table[regulons], snakemake.params.seed)
    edges = read_labelled(snakemake.input.regulons)
    factors = dict(zip(edges["regulon"], edges["tf"], strict=True))
    expression = anndata.read_h5ad(snakemake.input.expression)
    cuts["mrna_r"] = cuts["regulon"].map(own_mrna(table[regulons], expression, factors)).astype(float)
    rss.to_csv(snakemake.output.rss, sep="\t", index=False, float_format="%.6g")
    cuts.assign(group=group).to_csv(snakemake.output.thresholds, sep="\t", index=False, float_format="%.6g")
    means = act.by_sample(table, regulons, cuts.set_index("regulon")["threshold"])
    means.assign(group=group).to_csv(snakemake.output.samples, sep="\t", index=False, float_format="%.6g")
    bins = act.histograms(table, regulons).assign(group=group)
    bins.to_csv(snakemake.output.histograms, sep="\t", index=False, float_format="%.6g")
    job.log.info("%d regulons, %d with two modes", len(regulons), int(cuts["bimodal"].sum()))


if __name__ == "__main__":
    job.run(main, snakemake)
