"""Join what silencing does over the models, against the same in random networks."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import ALL_MODELS, read_labelled
from scripts.switches.evidence import perturbation
from scripts.switches.evidence.simulate_perturbations import LEVELS

JOINED = [*perturbation.KNOCKOUT, "p_zero", "p_untreated"]
SHARES = [
    "model", "tf", "level", "out_degree", "programme_shift", "change", "share", "p", "random_low", "random_median",
    "random_high",
]  # fmt: skip
QUANTILES = (0.05, 0.5, 0.95)
"""Of the share that goes back in random networks."""


def p_values(changes: pd.DataFrame, nulls: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the p-values (p_zero, p_untreated) by model and tf, and of the means over the models.

    ``changes``: model, tf, zero_change, untreated_change; ``nulls``: by model, networks × "tf:level". One-sided: as far
    towards untreated as in the random networks or farther; the observed network is one of them.
    """
    rows = []
    for tf, own in changes.groupby("tf"):
        found = {}
        for level in LEVELS:
            name, column = f"{level}_change", f"{tf}:{level}"
            known = own[[column in nulls[model] for model in own["model"]]]
            null = pd.DataFrame({model: nulls[model][column] for model in known["model"]})
            for model, observed in zip(known["model"], known[name], strict=True):
                p = (1 + (null[model] <= observed).sum()) / (1 + len(null))
                found.setdefault(model, {})[f"p_{level}"] = p
            joint = (1 + (null.mean(axis=1) <= known[name].mean()).sum()) / (1 + len(null))
            found.setdefault(ALL_MODELS, {})[f"p_{level}"] = joint if len(known) else float("nan")
        rows += [{"model": model, "tf": tf, **values} for model, values in found.items()]
    return pd.DataFrame(rows, columns=["model", "tf", "p_zero", "p_untreated"])


def quantiles_of(null: pd.DataFrame, shift: pd.Series) -> pd.DataFrame:
    """Return the :data:`QUANTILES` of the share of the shift that goes back in random networks.

    Parameters
    ----------
    null
        Changes of the score, networks × "tf:level".
    shift
        By the same columns, what the changes are a share of; only where it is above zero.
    """
    names = SHARES[-len(QUANTILES) :]
    shift = shift[shift > 0]
    if null.empty or shift.empty:
        return pd.DataFrame(columns=names, dtype=float)
    shares = -null[shift.index].to_numpy(dtype=float) / shift.to_numpy()
    return pd.DataFrame(np.quantile(shares, QUANTILES, axis=0).T, index=shift.index, columns=names)


def shares_of(joined: pd.DataFrame, nulls: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return which share of the signature's change goes back, observed and in random networks, by model and level.

    Over all models it is the sum of the changes over the sum of the shifts, as in switches.tsv.

    Parameters
    ----------
    joined
        Rows of the models and of their means (:data:`JOINED`).
    nulls
        By model, changes in random networks, networks × "tf:level".

    Returns
    -------
    DataFrame
        :data:`SHARES`; empty shares where the programme doesn't shift.
    """
    parts = []
    for level in LEVELS:
        names = {f"{level}_change": "change", f"p_{level}": "p"}
        parts.append(joined.rename(columns=names).assign(level=level))
    table = pd.concat(parts, ignore_index=True)
    table["column"] = table["tf"] + ":" + table["level"]
    single = table[table["model"] != ALL_MODELS]
    sums = single.groupby("column")[["change", "programme_shift"]].sum()
    whole = (table["model"] == ALL_MODELS).to_numpy()
    change = table["change"].where(~whole, table["column"].map(sums["change"]))
    shift = table["programme_shift"].where(~whole, table["column"].map(sums["programme_shift"]))
    table["share"] = -change / shift.where(shift > 0) + 0.0
    quantiles, null, total = {}, pd.DataFrame(), pd.Series(dtype=float)
    for model, own in single.groupby("model"):
        shifts = own.set_index("column")["programme_shift"]
        shifts = shifts[shifts.index.isin(nulls[model].columns)]
        changes = nulls[model][shifts.index].astype(float)
        quantiles[model] = quantiles_of(changes, shifts)
        # A model that doesn't have a factor takes no part in its joint share.
        null, total = null.add(changes, fill_value=0.0), total.add(shifts, fill_value=0.0)
    quantiles[ALL_MODELS] = quantiles_of(null, total)
    random = pd.concat(quantiles, names=["model", "column"]).reset_index()
    return table.merge(random, on=["model", "column"], how="left")[SHARES]


def main(snakemake) -> None:
    """Read the models' changes and those of their random networks; write all of them, and the means over models."""
    parts = [read_labelled(path) for path in snakemake.input.changes]
    filled = [part for part in parts if len(part)]
    table = pd.concat(filled or parts[:1], ignore_index=True) if parts else pd.DataFrame(columns=perturbation.KNOCKOUT)
    nulls = {}
    for part, path in zip(parts, snakemake.input.nulls, strict=True):
        if len(part):
            nulls[part["model"].iloc[0]] = pd.read_parquet(path)
    numbers = [column for column in perturbation.KNOCKOUT if column not in ("model", "tf")]
    means = table.groupby("tf", as_index=False)[numbers].mean().assign(model=ALL_MODELS)
    both = pd.concat([part for part in (means, table) if len(part)] or [table], ignore_index=True)
    both = both.merge(p_values(table, nulls), on=["model", "tf"], how="left")
    both[JOINED].to_csv(snakemake.output.perturbation, sep="\t", index=False, float_format="%.6g")
    shares_of(both, nulls).to_csv(snakemake.output.shares, sep="\t", index=False, float_format="%.6g")
    job.log.info("%d factors silenced in %d models", table["tf"].nunique(), len(nulls))


if __name__ == "__main__":
    job.run(main, snakemake)
