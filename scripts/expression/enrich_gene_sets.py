"""Test gene sets and published persister signatures for enrichment among the changes of every contrast."""

import pandas as pd

from scripts.base import job
from scripts.base.files import bare_name
from scripts.base.names import check_shared
from scripts.expression import differential, enrichment
from scripts.expression.terms import with_level
from scripts.profiles import networks, profiles
from scripts.stats.paired import ALL_ARMS, over_arms


def main(snakemake) -> None:
    """Read profiles, genes, signature and sets; write one row per contrast and set."""
    params = snakemake.params
    data = profiles.read(snakemake.input.profiles).trusted
    expression = differential.trusted(differential.read(snakemake.input.expression))
    signature = pd.read_csv(snakemake.input.signature, sep="\t", dtype={"gene": str}, keep_default_na=False)
    paths = {bare_name(path): path for path in [*snakemake.input.gene_sets, *snakemake.input.signatures]}
    collections = {name: networks.read_sets(path) for name, path in paths.items()}
    for name, sets in collections.items():
        genes = [gene for own in sets.values() for gene in own]
        check_shared(genes, data.values.columns, str(paths[name]), "the study")
    parts = []
    for name, pair in differential.contrasts_of(params.contrast).items():
        rows = with_level(expression[(expression["contrast"] == name) & (expression["arm"] == ALL_ARMS)])
        if rows["t"].notna().any():
            found = differential.differences(data.values, data.samples, *pair, params.contrast["baseline"])
            parts.append(
                enrichment.table_of(
                    name, rows, collections, over_arms(found), signature,
                    permutations=params.permutations, seed=params.seed,
                )
            )  # fmt: skip
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=enrichment.GENE_SETS)
    table.to_csv(snakemake.output.table, sep="\t", index=False, float_format="%.6g")
    for (name, collection), own in table.groupby(["contrast", "collection"], sort=False):
        counts = ((own["fdr"] <= 0.05).sum(), len(own))
        job.log.info("%s, %s: %d of %d sets over patients at an FDR of 5 %%", name, collection, *counts)


if __name__ == "__main__":
    job.run(main, snakemake)
