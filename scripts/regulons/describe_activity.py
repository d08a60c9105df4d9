"""Describe a group's regulon activity: specificity to timepoints and clusters, on/off thresholds, means per sample."""

import pandas as pd

from scripts.base import job
from scripts.regulons import activity as act
from scripts.regulons import specificity
from scripts.regulons.select_expression import LABELS


def main(snakemake) -> None:
    """Read the group's activity and clusters; write scores, thresholds, sample means and histograms."""
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
    rss.to_csv(snakemake.output.rss, sep="\t", index=False, float_format="%.6g")
    cuts.assign(group=group).to_csv(snakemake.output.thresholds, sep="\t", index=False, float_format="%.6g")
    means = act.by_sample(table, regulons, cuts.set_index("regulon")["threshold"])
    means.assign(group=group).to_csv(snakemake.output.samples, sep="\t", index=False, float_format="%.6g")
    bins = act.histograms(table, regulons).assign(group=group)
    bins.to_csv(snakemake.output.histograms, sep="\t", index=False, float_format="%.6g")
    job.log.info("%d regulons, %d with two modes", len(regulons), int(cuts["bimodal"].sum()))


if __name__ == "__main__":
    job.run(main, snakemake)
