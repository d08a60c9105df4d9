"""Join what silencing does over the models."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import ALL_MODELS, read_labelled
from scripts.switches.evidence import perturbation

LEVELS = ("zero", "untreated")
SHARES = ["model", "tf", "level", "out_degree", "programme_shift", "change", "share", "targets_change"]


def shares_of(joined: pd.DataFrame) -> pd.DataFrame:
    """Return which share of the signature's change goes back, by model and level.

    Over all models it is the sum of the changes over the sum of the shifts, as in switches.tsv.

    Parameters
    ----------
    joined
        Rows of the models and of their means (:data:`perturbation.KNOCKOUT`).

    Returns
    -------
    DataFrame
        :data:`SHARES`; empty shares where the programme doesn't shift.
    """
    parts = [joined.rename(columns={f"{level}_change": "change"}).assign(level=level) for level in LEVELS]
    table = pd.concat(parts, ignore_index=True)
    key = table["tf"] + ":" + table["level"]
    single = table[table["model"] != ALL_MODELS]
    # A model that doesn't have a factor takes no part in its joint share.
    sums = single.groupby(key[single.index])[["change", "programme_shift"]].sum()
    whole = (table["model"] == ALL_MODELS).to_numpy()
    change = table["change"].where(~whole, key.map(sums["change"]))
    shift = table["programme_shift"].where(~whole, key.map(sums["programme_shift"]))
    table["share"] = -change / shift.where(shift > 0) + 0.0
    return table[SHARES]


def main(snakemake) -> None:
    """Read the models' changes; write all of them with the means over models, and shares of the signature's change."""
    parts = [read_labelled(path) for path in snakemake.input.changes]
    filled = [part for part in parts if len(part)]
    table = pd.concat(filled or parts[:1], ignore_index=True) if parts else pd.DataFrame(columns=perturbation.KNOCKOUT)
    numbers = [column for column in perturbation.KNOCKOUT if column not in ("model", "tf")]
    means = table.groupby("tf", as_index=False)[numbers].mean().assign(model=ALL_MODELS)
    both = pd.concat([part for part in (means, table) if len(part)] or [table], ignore_index=True)
    both[perturbation.KNOCKOUT].to_csv(snakemake.output.perturbation, sep="\t", index=False, float_format="%.6g")
    shares_of(both).to_csv(snakemake.output.shares, sep="\t", index=False, float_format="%.6g")
    job.log.info("%d factors silenced in %d models", table["tf"].nunique(), len(filled))


if __name__ == "__main__":
    job.run(main, snakemake)
