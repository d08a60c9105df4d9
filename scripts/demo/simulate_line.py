"""Simulate activation of factors in a cell line: write log2 fold changes and the ground truth."""

import copy
from dataclasses import replace

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.demo.plan import Plan, load_plan, stream
from scripts.demo.simulate_profiles import simulate_profile

LINE, STATE = "line", "untreated"
REPLICATES = 3
RAISED = 4.0
"""Fold increase of the factor's own mRNA."""
ACTIVE = 0.95
"""Share of cells in which an activated factor is active."""
PLANTED = ["perturbation", "factor", "gain"]


def switched(plan: Plan, factor: str, gain: float) -> Plan:
    """Return the plan of a line in which a factor is active in nearly all cells; unchanged without a ``gain``."""
    if not gain:
        return plan
    network = copy.deepcopy(plan.network)
    network["regulons"][factor]["active"][STATE], network["regulons"][factor]["gain"][STATE] = ACTIVE, gain
    return replace(plan, network=network)


def log_expression(plan: Plan, name: str, raised: str = "") -> pd.Series:
    """Return the mean log2 expression (counts per million, plus one) of replicates, by gene."""
    symbols = plan.of_species("graft")["symbol"].to_numpy()
    row = pd.Series({"model": LINE, "timepoint": STATE, "arm": STATE})
    found = []
    for number in range(REPLICATES):
        counts = simulate_profile(plan, row, stream(plan.seed, "line", name, str(number)), "bulk")
        counts = counts * np.where(symbols == raised, RAISED, 1.0)
        found.append(np.log2(counts / counts.sum() * 1e6 + 1))
    return pd.Series(np.mean(found, axis=0), index=pd.Index(symbols, name="gene"))


def main(snakemake) -> None:
    """Write a column of log2 fold changes for each perturbation, and the truth."""
    plan = load_plan(snakemake.input.network, snakemake.params.seed)
    control, columns, planted = log_expression(plan, "control"), {}, []
    for name, entry in plan.network["perturbations"].items():
        own = switched(plan, entry["factor"], entry["gain"])
        change = log_expression(own, name, raised=entry["factor"]) - control
        # Normalisation corrects for the share of counts that a strong module takes from other genes.
        columns[name] = change - change.median()
        planted.append((name, entry["factor"], entry["gain"]))
    pd.DataFrame(columns).to_csv(snakemake.output.table, sep="\t", float_format="%.5f")
    pd.DataFrame(planted, columns=PLANTED).to_csv(snakemake.output.truth, sep="\t", index=False)
    job.log.info("%d perturbations of %d genes", len(columns), len(control))


if __name__ == "__main__":
    job.run(main, snakemake)
