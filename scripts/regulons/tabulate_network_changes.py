"""Compare each model's edges and factors with exchanged cells; join the models, which are the replicates."""

import pandas as pd

from scripts.base import job
from scripts.regulons import network_changes as changes


def main(snakemake) -> None:
    """Read the chunks of all models; write the edges that changed, and the factors over models."""
    params = snakemake.params
    paths = iter(snakemake.input)
    edges, shifts = [], {}
    for model in params.models:
        table = pd.concat([pd.read_parquet(next(paths)) for _ in range(params.chunks)], ignore_index=True)
        if table.empty:
            continue
        edges.append(changes.judge_edges(table, model))
        shifts[model] = changes.shift_factors(table)
        counts = edges[-1]["change"].value_counts()
        job.log.info("%s: %s", model, ", ".join(f"{n} {name}" for name, n in counts.items()))
    joined = changes.join_models(edges)
    joined.to_csv(snakemake.output.edges, sep="\t", index=False, float_format="%.6g")
    factors = changes.over_models(shifts, joined, params.fdr)
    factors.to_csv(snakemake.output.factors, sep="\t", index=False, float_format="%.6g")


if __name__ == "__main__":
    job.run(main, snakemake)
