"""Score the activity of the consensus regulons that a group measures in every cell of it with AUCell."""

import anndata
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons.select_expression import LABELS
from scripts.scenic import aucell


def regulons_from(edges: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return target → weight per regulon, regulons in the order of names."""
    return {
        regulon: dict(zip(table["target"], table["weight"], strict=True))
        for regulon, table in edges.groupby("regulon", sort=True)
    }


def only_measured(genes: list[str], sets: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return the gene sets that enough of is measured; the others are named in the log.

    They get no column: AUCell's 0 in all cells would count as a measured activity that doesn't change.
    """
    kept, left_out = aucell.split_measured(genes, sets)
    if left_out:
        job.log.warning(
            "%d of %d are left out, less than %d %% of their targets are measured: %s",
            len(left_out), len(sets), 100 * aucell.MIN_OVERLAP, ", ".join(left_out),
        )  # fmt: skip
    return kept


def main(snakemake) -> None:
    """Read expression and regulons; write the cells' labels and one column of AUCs per regulon that is measured."""
    expression = anndata.read_h5ad(snakemake.input.expression)
    regulons = regulons_from(read_labelled(snakemake.input.regulons))
    labels, genes = expression.obs[LABELS].astype(str), expression.var_names.tolist()
    measured = only_measured(genes, regulons)
    if not measured:
        job.log.warning("no consensus regulon%s: labels only", " is measured" if regulons else "")
        auc = pd.DataFrame(index=labels.index)
    else:
        if snakemake.params.engine == "pyscenic":
            from scripts.regulons.pyscenic_compat import score_cells as score
        else:
            score = aucell.score
        auc = score(
            expression.X,
            genes,
            measured,
            auc_threshold=snakemake.params.auc_threshold,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
        )
        auc.index = labels.index
    table = pd.concat([labels, auc.astype("float32")], axis=1)
    table.rename_axis("cell").to_parquet(snakemake.output.activity)
    job.log.info("%d of %d regulons in %d cells", auc.shape[1], len(regulons), len(table))


if __name__ == "__main__":
    job.run(main, snakemake)
