"""Write bulk RNA-seq and microarray profiles of the models without single-cell data."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.demo.plan import Plan, load_plan, simulate_graft_cells, stream

CELLS = 400
"""Number of cells averaged for one tumour's profile."""
DEPTH = 3_000_000
"""Number of reads of a bulk library."""


def simulate_profile(plan: Plan, row: pd.Series, rng: np.random.Generator, kind: str) -> np.ndarray:
    """Return one tumour's graft profile: counts for ``bulk``, background-shifted intensities for ``array``."""
    cells = simulate_graft_cells(plan, row["model"], row["timepoint"], row["arm"], CELLS, rng)
    mean = cells.expression.mean(0) * rng.lognormal(0, 0.12, cells.expression.shape[1])
    mean /= mean.sum()
    if kind == "bulk":
        return rng.poisson(mean * DEPTH).astype(float)
    return np.round(20 + 20_000 * len(mean) / 450 * mean * rng.lognormal(0, 0.08, len(mean)), 2)


def main(snakemake) -> None:
    """Write one genes × samples table per model."""
    plan = load_plan(snakemake.input.network, snakemake.params.seed)
    rows = pd.DataFrame(snakemake.params.rows)
    rows = rows[rows["model"] == snakemake.wildcards.model]
    symbols = plan.of_species("graft")["symbol"].to_numpy()
    kind = "bulk" if snakemake.wildcards.model in snakemake.params.bulk else "array"
    table = {
        row["column"]: simulate_profile(plan, row, stream(plan.seed, "profile", row["sample"]), kind)
        for _, row in rows.iterrows()
    }
    table = pd.DataFrame(table, index=pd.Index(symbols, name="symbol"))
    if kind == "bulk":
        table = table.astype(np.int64)
    table.to_csv(snakemake.output.table, sep="\t")


if __name__ == "__main__":
    job.run(main, snakemake)
