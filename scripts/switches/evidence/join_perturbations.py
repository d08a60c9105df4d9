"""Join what silencing does over the models, against the same in random networks."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import ALL_MODELS, read_labelled
from scripts.switches.evidence import perturbation
from scripts.switches.evidence.simulate_perturbations import LEVELS

JOINED = [*perturbation.KNOCKOUT, "p_zero", "p_untreated"]


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
    both[JOINED].to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    job.log.info("%d factors silenced in %d models", table["tf"].nunique(), len(nulls))


if __name__ == "__main__":
    job.run(main, snakemake)
