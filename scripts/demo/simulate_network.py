"""Write a simulated literature network of factors and targets: most planted edges, wrong edges, and decoys."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.demo.plan import Plan, load_plan, stream

KNOWN = 0.8
"""Share of a factor's planted targets in the literature network."""
WRONG = 0.25
"""Wrong targets per known target."""
DECOY_TARGETS = 16
"""Number of targets of a factor without any effect; all are wrong."""


def simulate_network(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """Return source, target, mor (1; planted factors activate), with planted edges first."""
    symbols = plan.of_species("graft")["symbol"].to_numpy()
    planted = plan.edges.groupby("tf")["target"].apply(list).to_dict()
    rows = []
    for tf in plan.factors:
        own = planted.get(tf, [])
        others = np.setdiff1d(symbols, [*own, tf])
        known = [target for target in own if rng.random() < KNOWN]
        wrong = rng.choice(others, DECOY_TARGETS if not own else round(WRONG * len(known)), replace=False)
        rows += [(tf, target, 1) for target in [*known, *wrong]]
    return pd.DataFrame(rows, columns=["source", "target", "mor"])


def main(snakemake) -> None:
    """Write the network."""
    plan = load_plan(snakemake.input.network, snakemake.params.seed)
    table = simulate_network(plan, stream(plan.seed, "literature"))
    table.to_csv(snakemake.output.network, sep="\t", index=False)
    job.log.info("%d edges of %d factors", len(table), table["source"].nunique())


if __name__ == "__main__":
    job.run(main, snakemake)
