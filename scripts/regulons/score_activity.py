"""Score every consensus regulon's activity in every cell of a group with AUCell."""

import anndata
import pandas as pd

from scripts import job
from scripts.regulons.select_expression import LABELS


def regulons_from(edges: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Return target → weight per regulon, regulons in the order of names."""
    return {
        regulon: dict(zip(table["target"], table["weight"], strict=True))
        for regulon, table in edges.groupby("regulon", sort=True)
    }


def main(snakemake) -> None:
    """Read expression and regulons; write the cells' labels and one column of AUCs per regulon."""
    expression = anndata.read_h5ad(snakemake.input.expression)
    regulons = regulons_from(pd.read_csv(snakemake.input.regulons, sep="\t"))
    labels = expression.obs[LABELS].astype(str)
    if not regulons:
        job.log.warning("no consensus regulon: labels only")
        auc = pd.DataFrame(index=labels.index)
    else:
        if snakemake.params.engine == "pyscenic":
            from scripts.regulons.pyscenic_compat import score_cells as score
        else:
            from scripts.scenic.aucell import score
        auc = score(
            expression.X,
            expression.var_names.tolist(),
            regulons,
            auc_threshold=snakemake.params.auc_threshold,
            seed=snakemake.params.seed,
            threads=snakemake.threads,
        )
        auc.index = labels.index
    table = pd.concat([labels, auc.astype("float32")], axis=1)
    table.rename_axis("cell").to_parquet(snakemake.output.activity)
    job.log.info("%d regulons in %d cells", auc.shape[1], len(table))


if __name__ == "__main__":
    job.run(main, snakemake)
