"""Genes that lose reads to the other species, estimated from UMIs beyond ambient RNA in droplets of one species.

A read of a conserved gene may be assigned to its counterpart. In droplets of one species, such UMIs are on few genes of
the other species, whereas ambient UMIs follow the profile of empty droplets.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.counts import audit
from scripts.counts.distrust import is_distrusted

OF_ONE_SPECIES = 0.9
"""Minimum share of UMIs of a species in a droplet of that species, as in species mixtures (Macosko et al. 2015)."""
COLUMNS = [
    "species", "symbol", "gene_id", "other_symbol", "other_gene_id", "droplets", "umis_own", "umis_other",
    "umis_ambient", "umis_taken", "share_taken", "distrusted",
]  # fmt: skip


def ambient_scale(seen: np.ndarray, ambient: np.ndarray) -> float:
    """Return the amount of the ambient profile in cells: the median of ``seen`` / ``ambient`` over genes, weighted by
    ``ambient``. The few genes that gain reads don't affect it.
    """
    there = np.flatnonzero(ambient > 0)
    if not len(there):
        return 0.0
    ratio = seen[there] / ambient[there]
    order = np.argsort(ratio, kind="stable")
    weight = np.cumsum(ambient[there][order])
    return float(ratio[order][np.searchsorted(weight, weight[-1] / 2)])


def tally(
    counts: sparse.csr_matrix, genes: pd.DataFrame, expected_cells: int, ambient_max: int
) -> dict[str, pd.DataFrame]:
    """Return, by the species of the droplets, their UMIs of each gene of the other species (indexed by its id).

    ``counts`` are droplets × genes; ``genes`` has symbol and species. Columns: droplets, umis_other, umis_ambient
    (expected from ambient RNA). The key ``own`` has the UMIs of each gene in the droplets of its species. A library
    without empty droplets (up to ``ambient_max`` UMIs) has no estimate of ambient RNA and no rows.
    """
    totals = np.asarray(counts.sum(axis=1)).ravel()
    host = (genes["species"] == "host").to_numpy()
    host_share = np.asarray(counts[:, host].sum(axis=1)).ravel() / np.maximum(totals, 1)
    is_cell = np.zeros(len(totals), bool)
    is_cell[audit.cell_rows(totals, expected_cells)] = True
    empty = np.asarray(counts[~is_cell & (totals <= ambient_max)].sum(axis=0)).ravel()
    found, own = {}, np.zeros(counts.shape[1])
    for species, share in (("graft", 1 - host_share), ("host", host_share)):
        droplets = is_cell & (share >= OF_ONE_SPECIES)
        sums = np.asarray(counts[droplets].sum(axis=0)).ravel()
        others = host if species == "graft" else ~host
        own[~others] = sums[~others]
        if droplets.any() and empty[others].any():
            seen, ambient = sums[others].astype(float), empty[others].astype(float)
            found[species] = pd.DataFrame(
                {
                    "droplets": int(droplets.sum()),
                    "umis_other": seen,
                    "umis_ambient": ambient_scale(seen, ambient) * ambient,
                },
                index=genes.index[others],
            )
    return found | {"own": pd.DataFrame({"umis_own": own}, index=genes.index)}


def tabulate(tallies: list[dict[str, pd.DataFrame]], genes: pd.DataFrame, least_share: float | None) -> pd.DataFrame:
    """Return one row per gene and species that loses reads, over all libraries, with the largest share first.

    The counterpart is the gene with the same symbol, ignoring case. ``umis_taken`` is the other species' UMIs beyond
    ambient RNA. ``share_taken`` is ``umis_taken`` divided by the sum of ``umis_taken`` and the gene's own UMIs. With a
    share of ``least_share`` or more, the gene is distrusted (:func:`~scripts.counts.distrust.is_distrusted`).
    """
    key = genes["symbol"].str.upper()
    parts = []
    for species, other in (("graft", "host"), ("host", "graft")):
        with_rows = [found for found in tallies if species in found]
        if not with_rows:
            continue
        taken = sum(found[species] for found in with_rows)
        own = sum(found["own"]["umis_own"] for found in with_rows)
        mine = genes[genes["species"] == species].assign(key=key).drop_duplicates("key").reset_index(names="gene_id")
        theirs = genes[genes["species"] == other].assign(key=key)[["key", "symbol"]]
        theirs = theirs.rename(columns={"symbol": "other_symbol"}).reset_index(names="other_gene_id")
        pairs = theirs.merge(mine[["key", "gene_id", "symbol"]], on="key")
        pairs = pairs.join(taken, on="other_gene_id").join(own, on="gene_id").assign(species=species)
        parts.append(pairs)
    if not parts:
        return pd.DataFrame(columns=COLUMNS)
    table = pd.concat(parts, ignore_index=True)
    table["umis_taken"] = (table["umis_other"] - table["umis_ambient"]).clip(lower=0)
    table = table[table["umis_taken"] > 0]
    table["share_taken"] = table["umis_taken"] / (table["umis_taken"] + table["umis_own"])
    table["distrusted"] = is_distrusted(table, least_share).map({True: "yes", False: "no"})
    return table.sort_values(["share_taken", "other_gene_id"], ascending=[False, True])[COLUMNS].reset_index(drop=True)


def main(snakemake) -> None:
    """Write counts/other_species.tsv."""
    import anndata

    tallies, parts = [], []
    for path, expected in zip(snakemake.input.counts, snakemake.params.expected_cells, strict=True):
        library = anndata.read_h5ad(path)
        parts.append(library.var[["symbol", "species"]].astype(str))
        tallies.append(tally(library.X, parts[-1], expected, snakemake.params.ambient_max))
    genes = pd.concat(parts)
    genes = genes[~genes.index.duplicated()]
    least_share = snakemake.params.distrust_share
    table = tabulate([align(found, genes) for found in tallies], genes, least_share)
    table.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    job.log.info("%d genes lose reads; %d of them are distrusted", len(table), (table["distrusted"] == "yes").sum())


def align(found: dict[str, pd.DataFrame], genes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return a library's tally over the genes of all libraries; genes that it lacks have zero counts."""
    keep = {"own": genes.index, "graft": genes.index[genes["species"] == "host"]}
    keep["host"] = genes.index[genes["species"] == "graft"]
    aligned = {name: part.reindex(keep[name], fill_value=0) for name, part in found.items()}
    for species in set(found) - {"own"}:
        aligned[species]["droplets"] = found[species]["droplets"].iloc[0]
    return aligned


if __name__ == "__main__":
    job.run(main, snakemake)
