"""Sum each sample's counts over its cells and say which samples have enough of them; profiles are named, not summed."""

import h5py
import pandas as pd

from scripts.base import job
from scripts.counts.distrust import read_distrusted
from scripts.profiles import pseudobulk


def read_sums(path: str) -> tuple[pd.DataFrame, int]:
    """Return, by gene (symbol), its counts, the cells that show it and its identifier, and how many cells there are;
    the matrix is read by parts.
    """
    import anndata

    with h5py.File(path) as file:
        matrix = file["X"]
        is_sparse = isinstance(matrix, h5py.Group)
        matrix = anndata.io.sparse_dataset(matrix) if is_sparse else anndata.read_h5ad(path).X
        var = anndata.io.read_elem(file["var"])
        total, shown = pseudobulk.sum_cells(matrix)
        table = pd.DataFrame({"counts": total, "shown": shown}, index=var.index.astype(str))
        return table.assign(gene_id=var["gene_id"].astype(str).to_numpy() if "gene_id" in var else ""), matrix.shape[0]


def main(snakemake) -> None:
    """Read the cells of one library after the other; write samples × genes and the table of samples."""
    import anndata

    params = snakemake.params
    sheet = pd.DataFrame(params.samples).set_index("sample")
    sums, n_cells = {}, {}
    for sample, path in zip(params.libraries, snakemake.input.cells, strict=True):
        sums[sample], n_cells[sample] = read_sums(path)
    table = pseudobulk.decide_samples(sheet, n_cells, params.min_cells)
    table.to_csv(snakemake.output.samples, sep="\t", index=False)
    for row in table[(table["used"] == "no") & (table["assay"] == "scrna")].itertuples():
        job.log.warning("%s is left out: %s", row.sample, row.reason)
    used = table.loc[table["used"] == "yes", "sample"].tolist()
    names = used or params.libraries
    counts, everywhere = pseudobulk.join_counts({sample: sums[sample]["counts"] for sample in names})
    shown, _ = pseudobulk.join_counts({sample: sums[sample]["shown"] for sample in names})
    counts, shown = counts.loc[used], shown.loc[used]
    gene_id = pd.concat([sums[sample]["gene_id"] for sample in names])
    size = pseudobulk.size_factors(counts) if used else pd.Series(dtype=float)
    distrusted = counts.columns.isin(read_distrusted(getattr(snakemake.input, "other_species", None)))
    if distrusted.any():
        job.log.info("%d genes are distrusted: %s", distrusted.sum(), ", ".join(counts.columns[distrusted]))
    obs = table.set_index("sample").loc[used, [*pseudobulk.LABELS, "n_cells"]].assign(effective_size=size)
    out = anndata.AnnData(
        pseudobulk.log_cpm(counts, size).to_numpy(dtype="float32"),
        obs=obs,
        var=pd.DataFrame({"everywhere": everywhere.to_numpy(), "distrusted": distrusted}, index=counts.columns).assign(
            gene_id=gene_id[~gene_id.index.duplicated()].reindex(counts.columns).to_numpy()
        ),
    )
    out.layers["counts"] = counts.to_numpy(dtype="int64")
    out.layers["shown"] = shown.to_numpy(dtype="int64")
    out.write_h5ad(snakemake.output.pseudobulk, compression="gzip")
    job.log.info("%d of %d libraries have enough cells; %d genes", len(used), len(sums), out.n_vars)


if __name__ == "__main__":
    job.run(main, snakemake)
