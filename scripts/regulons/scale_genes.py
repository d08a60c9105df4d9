"""Join the groups' variances of genes to one scale per gene, so that all cells are scored in the same unit."""

import h5py
import pandas as pd

from scripts.base import job
from scripts.regulons import scoring


def read_variances(path: str) -> pd.DataFrame:
    """Return gene and variance from a group's selected expression, without reading the counts into memory."""
    from anndata.io import read_elem

    with h5py.File(path) as file:
        variance = read_elem(file["var"])["variance"]
    return pd.DataFrame({"gene": variance.index.astype(str), "variance": variance.to_numpy()})


def main(snakemake) -> None:
    """Read the groups' genes; write their scales (:data:`~scripts.regulons.scoring.SCALES`)."""
    table = scoring.join_scales(map(read_variances, snakemake.input))
    table.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.8g")
    job.log.info("%d genes, %d of them in all groups", len(table), int(table["reference"].sum()))


if __name__ == "__main__":
    job.run(main, snakemake)
