"""Keep the edges shared by groups of enough models: the consensus regulons, as a table and a gene-set file."""

from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons import consensus


def to_gmt(edges: pd.DataFrame, note: str) -> str:
    """Return the regulons in the GMT format: name, description, targets. A note on the databases is part of the
    description.
    """
    lines = []
    for regulon, table in edges.groupby("regulon", sort=True):
        description = f"{len(table)} targets, found in up to {table['groups'].max()} groups" + (
            f"; {note}" if note else ""
        )
        lines.append("\t".join([regulon, description, *table["target"]]) + "\n")
    return "".join(lines)


def main(snakemake) -> None:
    """Read every group's regulons; write the consensus and its support in each group."""
    tables = [read_labelled(path) for path in snakemake.input.regulons]
    groups = dict(zip(snakemake.params.groups, tables, strict=True))
    params = snakemake.params
    models = dict(zip(params.groups, params.models, strict=True))
    edges = consensus.consensus_over_models(
        groups, models, min_groups=params.min_groups, min_targets=params.min_targets
    )
    if edges.empty:
        found = ", ".join(f"{name}: {table['regulon'].nunique()}" for name, table in groups.items())
        job.log.warning(
            "no regulon of %d targets in groups of %d models (regulons per group: %s); exchanged.tsv of a group "
            "lists what was found and why it was not kept; to keep more, lower regulons.min_groups or min_seeds in "
            "the config",
            params.min_targets, params.min_groups, found,
        )  # fmt: skip
    edges.to_csv(snakemake.output.regulons, sep="\t", index=False, float_format="%.6g")
    exchanged = [read_labelled(path) for path in snakemake.input.exchanged]
    support = consensus.support(groups, edges, dict(zip(params.groups, exchanged, strict=True)))
    support.to_csv(snakemake.output.support, sep="\t", index=False, float_format="%.6g")
    summary = consensus.summarise(edges, support, params.seeds)
    summary.to_csv(snakemake.output.summary, sep="\t", index=False, float_format="%.6g")
    Path(snakemake.output.gmt).write_text(to_gmt(edges, params.note))
    job.log.info("%d regulons, %d edges over %d groups", edges["regulon"].nunique(), len(edges), len(groups))


if __name__ == "__main__":
    job.run(main, snakemake)
