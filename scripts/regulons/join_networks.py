"""Join the chunks of one network, strongest edges first."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled


def join(networks: list[pd.DataFrame]) -> pd.DataFrame:
    """Return all edges (TF, target, importance), ties ordered by name, independent of the number of chunks."""
    joined = pd.concat(networks, ignore_index=True)
    return joined.sort_values(["importance", "TF", "target"], ascending=[False, True, True], ignore_index=True)


def main(snakemake) -> None:
    """Read the chunks; write the network and the trees per target."""
    adjacencies = join([pd.read_parquet(path) for path in snakemake.input.networks])
    if adjacencies.empty:
        raise job.UserError("no factor explains any gene; the cells may not differ (see the clusters)")
    adjacencies.to_parquet(snakemake.output.adjacencies, index=False)
    rounds = pd.concat([read_labelled(path) for path in snakemake.input.rounds]).sort_values("target")
    rounds.to_csv(snakemake.output.rounds, sep="\t", index=False)
    job.log.info("%d edges; trees per target: median %.0f", len(adjacencies), rounds["trees"].median())


if __name__ == "__main__":
    job.run(main, snakemake)
