"""Select the genes for a model's networks, and a group's cells; reject data with which SCENIC would fail later."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.base.expression import join_samples, normalise
from scripts.regulons import databases
from scripts.scenic import scaled_mean

LABELS = ["sample", "model", "timepoint", "arm", "replicate"]


def select(parts: list, samples: list[str], offer: dict, settings: dict, group: str):
    """Return an AnnData of cells × selected genes: X log-normalised (float32 CSR), ``layers["counts"]``, ``var["tf"]``,
    ``var["variance"]`` (of a gene's share of a cell's counts, within samples).

    A gene is selected under three conditions: enough of the *model's* cells express it, all samples measured it, and it
    is a factor or ranked by a database. All groups of a model thus rank the same genes in their cells, and activities
    can be compared between them. If regulons are given and nothing is inferred, all expressed genes are selected.
    Counts are scaled to the median total of the model's cells over *all* genes.

    Parameters
    ----------
    parts
        The kept cells of all samples of the group's model.
    samples
        The samples of the group itself; their cells are returned.
    offer
        The contents of the databases (:func:`scripts.regulons.check_databases.check`).
    settings, group
        The config's limits; the group's name in messages.

    Raises
    ------
    UserError
        If there are too few cells or genes.
    """
    import anndata

    cells = join_samples(parts)
    own = cells.obs["sample"].astype(str).isin(samples).to_numpy()
    if own.sum() < settings["min_cells"]:
        raise job.UserError(
            f"group {group}: {own.sum()} cells, regulons.min_cells is {settings['min_cells']}; relax the "
            "quality cuts (see cells/attrition.tsv), or remove the model's libraries from the samples sheet"
        )
    counts = sparse.csr_matrix(cells.X)
    shown = np.asarray((counts > 0).sum(axis=0)).ravel() / cells.n_obs
    detected = (shown >= settings["min_cell_fraction"]) & (shown > 0) & cells.var["everywhere"].to_numpy()
    symbols, tfs = cells.var_names, set(offer["tfs"])
    given = offer["genes"] is None
    known = set(symbols if given else offer["genes"])
    coding = set(offer["coding"]) if offer.get("coding") else None
    share = databases.check_overlap(
        symbols[detected].tolist(), known, coding, settings["min_database_overlap"], where=f"group {group}"
    )
    is_tf = symbols.isin(tfs)
    selected = detected & (symbols.isin(known) | is_tf)
    if not (given or (selected & is_tf).any()):
        raise job.UserError(
            f"group {group}: no factor among {int(detected.sum())} genes seen in {settings['min_cell_fraction']:.1%} "
            "of cells; do config regulons.tfs and the genes agree in species and naming?"
        )
    job.log.info(
        "%d cells, %d of %d genes detected often enough, %.1f %% of them in the databases; %d genes and %d factors "
        "selected",
        own.sum(), detected.sum(), cells.n_vars, 100 * share, selected.sum(), (selected & is_tf).sum(),
    )  # fmt: skip
    out = anndata.AnnData(
        normalise(counts)[own][:, selected].tocsr(),
        obs=cells.obs.loc[own, LABELS].astype(str),
        var=pd.DataFrame({"tf": is_tf[selected]}, index=symbols[selected]),
    )
    out.layers["counts"] = counts[own][:, selected].tocsr()
    out.var["variance"] = scaled_mean.variances(out.layers["counts"], out.obs["sample"])
    return out


def main(snakemake) -> None:
    """Read the cells of the group's model and the databases' contents; write the selected expression."""
    offer = json.loads(Path(snakemake.input.databases).read_text())
    import anndata

    parts = [anndata.read_h5ad(path) for path in snakemake.input.cells]
    params = snakemake.params
    expression = select(parts, list(params.samples), offer, params.settings, snakemake.wildcards.group)
    expression.write_h5ad(snakemake.output[0], compression="gzip")


if __name__ == "__main__":
    job.run(main, snakemake)
