"""Score the combined regulons of factor families, those that a group measures, in every cell of it."""

import anndata
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons.score_activity import only_measured
from scripts.regulons.select_expression import LABELS
from scripts.scenic import aucell
from scripts.switches.evidence import family


def main(snakemake) -> None:
    """Read the group's expression, regulons and families; write the cells' labels and a column of AUCs per family that
    is measured.
    """
    expression = anndata.read_h5ad(snakemake.input.expression)
    edges = read_labelled(snakemake.input.regulons)
    genes = expression.var_names.tolist()
    combined = only_measured(genes, family.combine(edges, family.read_families(snakemake.input.families)))
    table = expression.obs[LABELS].astype(str)
    if combined:
        auc = aucell.score(
            expression.X,
            genes,
            combined,
            auc_threshold=snakemake.params.auc_threshold,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
        )
        table = pd.concat([table, auc.astype("float32").set_index(table.index)], axis=1)
    table.rename_axis("cell").to_parquet(snakemake.output[0])
    job.log.info("%d families with two or more regulons are measured: %s", len(combined), ", ".join(combined) or "none")


if __name__ == "__main__":
    job.run(main, snakemake)
