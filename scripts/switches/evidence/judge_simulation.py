"""Hold silencing in silico against perturbations, beside a trivial baseline: the mean change of a factor's targets."""

from itertools import product

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import ALL_MODELS, read_labelled
from scripts.base.verdicts import decide
from scripts.perturbations.terms import NOT_SHOWN
from scripts.switches.verdicts import MIN_PERTURBED, SIMULATIONS, Simulation

JUDGED = ["n_factors", "simulated", "baseline", "p", "verdict"]
MOST_FLIPPED = 14
"""Factors up to which all sign flips are made; beyond, :data:`FLIPS` drawn ones."""
FLIPS = 9999


def flips_of(n: int) -> np.ndarray:
    """Return signs, flips × n: all there are, or the observed signs and drawn ones with a fixed seed."""
    if n <= MOST_FLIPPED:
        return np.array(list(product((1.0, -1.0), repeat=n)))
    drawn = np.random.default_rng(n).choice((1.0, -1.0), (FLIPS, n))
    return np.vstack([np.ones(n), drawn])


def judge(simulated: pd.Series, baseline: pd.Series, measured: pd.Series) -> dict:
    """Return how near both predictions come to what perturbations do (:data:`JUDGED`).

    Parameters
    ----------
    simulated, baseline
        By factor: change of the signature's score that more of the factor brings, by silencing; mean change of its
        targets in persisters.
    measured
        By factor: share of the programme that more of it brought.

    Returns
    -------
    dict
        Rank correlations of both with what was measured; the p-value of the silencing being no nearer, by exchanging
        the two predictions' ranks of single factors (one-sided). NaN below :data:`MIN_PERTURBED` factors.
    """
    table = pd.DataFrame({"simulated": simulated, "baseline": baseline, "measured": measured}).dropna()
    n, ranks = len(table), table.rank()
    found = {"n_factors": n, "simulated": np.nan, "baseline": np.nan, "p": np.nan}
    if n >= MIN_PERTURBED:
        found |= {name: float(ranks[name].corr(ranks["measured"])) for name in ("simulated", "baseline")}
        far = {name: (ranks[name] - ranks["measured"]).abs().to_numpy() for name in ("simulated", "baseline")}
        gain = far["baseline"] - far["simulated"]
        sums = flips_of(n) @ gain
        found["p"] = float((sums >= gain.sum() - 1e-9).mean())
    return found | {"verdict": decide(SIMULATIONS, Simulation(n, found["p"])).name}


def shares_of(perturbations: pd.DataFrame) -> pd.Series:
    """Return, by factor, the mean share of the programme over its perturbations (perturbations/perturbations.tsv).

    Those that are not shown to have changed the factor tell nothing of it and are left out.
    """
    shown = perturbations["factor_changed"] != NOT_SHOWN
    return perturbations[shown].groupby("tf")["programme_share"].mean()


def main(snakemake) -> None:
    """Read silencing and perturbations by factor; write what comes of the comparison."""
    silenced = read_labelled(snakemake.input.simulated)
    silenced = silenced[silenced["model"] == ALL_MODELS].set_index("tf")
    measured = shares_of(read_labelled(snakemake.input.perturbations))
    # Setting a factor to zero is less of it; perturbations are told as more of it.
    row = judge(-silenced["zero_change"], silenced["targets_change"], measured)
    pd.DataFrame([row])[JUDGED].to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    job.log.info("%d factors perturbed and silenced: %s", row["n_factors"], row["verdict"])


if __name__ == "__main__":
    job.run(main, snakemake)
