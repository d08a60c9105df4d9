"""Extract one sample's cells from its pool: counts, calls, and the pool's ambient profile."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.cells.fates import TWO, UNASSIGNED
from scripts.cells.qc import POOL


def count_elsewhere(cells: pd.DataFrame, n_empty: int, sample: str) -> dict[str, int]:
    """Return the number of a pool's other barcodes, by reason (:data:`scripts.cells.qc.POOL`, and empty).

    ``cells``: sample and fate of each cell. A cell with a tag that isn't in the sheet counts as another sample's.
    """
    fate, own = cells["fate"], cells["sample"] == sample
    reason = np.select([own, fate == UNASSIGNED, fate == TWO], ["", "untagged", "two_tags"], "other_sample")
    return {"empty": n_empty, **{name: int((reason == name).sum()) for name in POOL}}


def main(snakemake) -> None:
    """Read the pool's counts, calls and assignments; write those of the sample's cells.

    Empty droplets belong to the whole pool and aren't split. Their ambient profile is also that of the sample. The
    summary gives the number of the pool's other barcodes, for the sample's attrition.
    """
    import anndata

    sample, source = snakemake.wildcards.sample, snakemake.input
    cells = pd.read_parquet(source.cells)
    calls = pd.read_parquet(source.calls)
    own = set(cells.loc[cells["sample"] == sample, "barcode"])
    rows = np.flatnonzero(calls["barcode"].astype(str).isin(own).to_numpy())
    backed = anndata.read_h5ad(source.counts, backed="r")
    counts = backed[rows].to_memory()
    backed.file.close()
    counts.write_h5ad(snakemake.output.counts, compression="gzip")
    calls.iloc[rows].reset_index(drop=True).to_parquet(snakemake.output.calls, index=False)
    shutil.copyfile(source.soup, snakemake.output.soup)
    summary = json.loads(Path(source.summary).read_text())
    pool = Path(source.counts).stem
    elsewhere = count_elsewhere(cells, int((~calls["cell_call"]).sum()), sample)
    told = {**summary, "library": pool, "elsewhere": elsewhere}
    Path(snakemake.output.summary).write_text(json.dumps(told, indent=2) + "\n")
    job.log.info("%d of the %d cells of %s", len(rows), len(cells), pool)


if __name__ == "__main__":
    job.run(main, snakemake)
