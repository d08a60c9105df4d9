"""Score the combined regulons of factor families, those that a group measures, in every cell of it."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons import scoring
from scripts.regulons.select_expression import LABELS
from scripts.switches.evidence import family


def main(snakemake) -> None:
    """Read the group's counts, regulons and families; write the cells' labels and a column of scores per family that is
    measured.
    """
    import anndata

    expression = anndata.read_h5ad(snakemake.input.expression)
    edges = read_labelled(snakemake.input.regulons)
    genes = expression.var_names.tolist()
    settings = snakemake.params.settings
    combined = family.combine(edges, family.read_families(snakemake.input.families))
    combined = scoring.only_measured(genes, scoring.capped_sets(combined, settings["max_target_share"]))
    table = expression.obs[LABELS].astype(str)
    if combined:
        scores = scoring.score(
            expression.layers["counts"], genes, combined, settings,
            scales=read_labelled(snakemake.input.scales), seed=snakemake.params.seed, threads=snakemake.threads,
        )  # fmt: skip
        table = pd.concat([table, scores.astype("float32").set_index(table.index)], axis=1)
    table.rename_axis("cell").to_parquet(snakemake.output[0])
    job.log.info("%d families with two or more regulons are measured: %s", len(combined), ", ".join(combined) or "none")


if __name__ == "__main__":
    job.run(main, snakemake)
