"""Score the activity of consensus regulons in every cell of a group, for regulons that the group measures."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons import scoring
from scripts.regulons.select_expression import LABELS


def main(snakemake) -> None:
    """Read counts, regulons and gene scales; write the cells' labels and a column of scores per measured regulon."""
    import anndata

    expression = anndata.read_h5ad(snakemake.input.expression)
    settings = snakemake.params.settings
    regulons = scoring.sets_from(read_labelled(snakemake.input.regulons), settings)
    labels, genes = expression.obs[LABELS].astype(str), expression.var_names.tolist()
    measured = scoring.only_measured(genes, regulons)
    if not measured:
        job.log.warning("no consensus regulon%s: labels only", " is measured" if regulons else "")
        scores = pd.DataFrame(index=labels.index)
    else:
        scores = scoring.score(
            expression.layers["counts"], genes, measured, settings,
            scales=read_labelled(snakemake.input.scales), seed=snakemake.params.seed, threads=snakemake.threads,
        )  # fmt: skip
        scores.index = labels.index
    table = pd.concat([labels, scores.astype("float32")], axis=1)
    table.rename_axis("cell").to_parquet(snakemake.output.activity)
    job.log.info("%d of %d regulons in %d cells", scores.shape[1], len(regulons), len(table))


if __name__ == "__main__":
    job.run(main, snakemake)
