"""Simulate the droplets of one library: cells of both species, doublets, ambient RNA and empty droplets, with the
ground truth.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.demo.plan import Cells, Plan, load_plan, simulate_graft_cells, simulate_host_cells, stream
from scripts.references.barcodes import unpack

EMPTY_SHARE = 0.4
"""Ambient RNA in an empty droplet relative to a droplet with a cell (empty droplets capture less; after CellBender's
droplet efficiency).
"""
CELL_SIZE = {"graft": (1_000, 0.33), "host": (620, 0.35)}
"""Molecules per cell: median and log-s.d."""


def simulate_tumour(plan: Plan, library: pd.Series, rng: np.random.Generator) -> Cells:
    """Return the library's graft cells: of its timepoint or, if ``persister`` is given, a mixture of both states.

    ``persister`` is the fraction of persister cells among untreated cells, as in a biopsy on treatment.
    """
    n, share = int(library["graft_cells"]), library.get("persister", float("nan"))
    if np.isnan(share):
        return simulate_graft_cells(plan, library["model"], library["timepoint"], library["arm"], n, rng)
    many = {"untreated": n - round(n * share), "persister": round(n * share)}
    parts = [
        simulate_graft_cells(plan, library["model"], state, library["arm"], number, rng).labelled(timepoint=state)
        for state, number in many.items()
    ]
    return Cells(np.concatenate([part.expression for part in parts]), pd.concat([part.states for part in parts]))


def simulate_droplets(
    plan: Plan, library: pd.Series, rng: np.random.Generator
) -> tuple[sparse.csr_matrix, pd.DataFrame]:
    """Return molecules (droplets × genes) and one truth row per droplet.

    ``library`` has model, timepoint, arm, graft_cells, host_cells, ambient (share of a graft cell's molecules),
    doublet_rate (share of droplets with cells that have two), empty_droplets, and optionally persister (see
    :func:`simulate_tumour`). Both cells of a doublet are drawn at random, independently of species.
    """
    graft = simulate_tumour(plan, library, rng)
    host = simulate_host_cells(plan, "", int(library["host_cells"]), rng)
    n_graft, n_host = len(graft.states), len(host.states)
    n_graft_genes = graft.expression.shape[1]
    n_genes = n_graft_genes + host.expression.shape[1]
    own = np.zeros((n_graft + n_host, n_genes))
    for rows, columns, cells, species in (
        (slice(0, n_graft), slice(0, n_graft_genes), graft, "graft"),
        (slice(n_graft, None), slice(n_graft_genes, None), host, "host"),
    ):
        median, spread = CELL_SIZE[species]
        size = median * rng.lognormal(0, spread, len(cells.states))
        own[rows, columns] = rng.poisson(cells.expression * size[:, None])
    soup = own.sum(0) / own.sum()
    if library["timepoint"] in plan.network["host_changes"]:
        # Drawn from a stream of its own: tumour cells and ambient RNA are those of the unchanged stroma.
        apart = rng.spawn(1)[0]
        host = simulate_host_cells(plan, library["timepoint"], n_host, apart)
        own[n_graft:, n_graft_genes:] = apart.poisson(host.expression * size[:, None])

    order = rng.permutation(n_graft + n_host)
    n_doublets = round(library["doublet_rate"] * len(order) / (1 + library["doublet_rate"]))
    pairs, singles = order[: 2 * n_doublets].reshape(-1, 2), order[2 * n_doublets :]
    contents = [tuple(p) for p in pairs] + [(c,) for c in singles] + [()] * int(library["empty_droplets"])

    ambient_per_cell = library["ambient"] / (1 - library["ambient"]) * CELL_SIZE["graft"][0]
    counts = np.zeros((len(contents), n_genes), np.int64)
    rows = []
    for number, cells in enumerate(contents):
        volume = ambient_per_cell * (1 if cells else EMPTY_SHARE) * rng.lognormal(0, 0.25)
        ambient = rng.poisson(soup * volume)
        inside = own[list(cells)].sum(0).astype(np.int64) if cells else np.zeros(n_genes, np.int64)
        counts[number] = inside + ambient
        species = "".join(sorted({"g" if c < n_graft else "h" for c in cells}))
        kind = (
            "empty"
            if not cells
            else "cell"
            if len(cells) == 1
            else {"g": "doublet_graft", "h": "doublet_host", "gh": "doublet_mixed"}[species]
        )
        first = cells[0] if len(cells) == 1 else None
        is_graft = first is not None and first < n_graft
        rows.append(
            {
                "kind": kind,
                "stroma": host.states["kind"].iloc[first - n_graft] if first is not None and not is_graft else "",
                "species": {"g": "graft", "h": "host", "gh": "mixed", "": ""}[species],
                "umis_graft": counts[number, :n_graft_genes].sum(),
                "umis_host": counts[number, n_graft_genes:].sum(),
                "umis_ambient": ambient.sum(),
                "phase": graft.states["phase"].iloc[first] if is_graft else "",
                **(
                    {"timepoint": graft.states["timepoint"].iloc[first]}
                    if is_graft and "timepoint" in graft.states
                    else {}
                ),
                **(
                    {f"activity_{tf}": graft.states[tf].iloc[first] for tf in plan.network["regulons"]}
                    | {
                        f"cluster_{name}": graft.states[f"cluster_{name}"].iloc[first]
                        for name in plan.network["clusters"]
                    }
                    if is_graft
                    else {}
                ),
            }
        )
    truth = pd.DataFrame(rows)
    truth["ambient_fraction"] = truth["umis_ambient"] / (truth["umis_graft"] + truth["umis_host"]).clip(lower=1)
    return sparse.csr_matrix(counts), truth


def main(snakemake) -> None:
    """Write molecules (npz), true counts (h5ad) and the truth tables of one library."""
    import anndata

    plan = load_plan(snakemake.input.network, snakemake.params.seed)
    sample = snakemake.wildcards.sample
    libraries = pd.read_csv(snakemake.input.libraries, sep="\t", index_col="sample")
    if sample not in libraries.index:
        raise job.UserError(f"{snakemake.input.libraries}: no row for sample {sample}; add one")
    library = pd.concat([pd.Series(snakemake.params.sample), libraries.loc[sample]])
    rng = stream(plan.seed, "library", sample)
    counts, truth = simulate_droplets(plan, library, rng)
    barcodes = unpack(rng.choice(np.load(snakemake.input.whitelist), counts.shape[0], replace=False))
    truth.insert(0, "barcode", barcodes.astype(str))
    truth.to_csv(snakemake.output.cells, sep="\t", index=False, float_format="%.4g")
    genes = plan.genes[["symbol", "species"]]
    # Ids are those of the joined genome, so that the table can be used as a count matrix of a library.
    genes = genes.assign(gene_ids=genes["species"].map(snakemake.params.prefixes) + genes.index)
    adata = anndata.AnnData(counts.astype(np.int32), obs=pd.DataFrame(index=truth["barcode"]), var=genes)
    adata.write_h5ad(snakemake.output.counts, compression="gzip")
    entries = counts.tocoo()
    copies = entries.data
    np.savez(
        snakemake.output.molecules,
        droplet=np.repeat(entries.row, copies).astype(np.int32),
        gene=np.repeat(entries.col, copies).astype(np.int32),
        barcodes=barcodes,
    )
    single = truth[(truth["kind"] == "cell") & (truth["species"] == "graft")]
    cells = truth[truth["kind"] != "empty"]
    pd.DataFrame(
        [
            {
                "sample": sample,
                "cells": len(cells),
                "graft_cells": len(single),
                "ambient_fraction": single["umis_ambient"].sum() / (single["umis_graft"] + single["umis_host"]).sum(),
                "host_cell_share": (cells["species"] == "host").mean(),
                "doublet_rate": cells["kind"].str.startswith("doublet").mean(),
                "mixed_rate": (cells["kind"] == "doublet_mixed").mean(),
                "empty_droplets": (truth["kind"] == "empty").sum(),
            }
        ]
    ).to_csv(snakemake.output.library, sep="\t", index=False, float_format="%.4g")


if __name__ == "__main__":
    job.run(main, snakemake)
