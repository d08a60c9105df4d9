"""Infer one chunk of a group's network with GRNBoost2: the factors that explain each target's expression."""

import time

from scripts.base import job
from scripts.scenic import grnboost


def chunk_of(targets: list[str], chunk: int, chunks: int) -> list[str]:
    """Return the ``chunk``-th (from 1) of ``chunks`` interleaved parts, so that slow targets are spread evenly."""
    return targets[chunk - 1 :: chunks]


def make_progress(every: float = 60.0, unit: str = "targets"):
    """Return a callback that logs how many targets (``unit``) are finished, at most once every ``every`` seconds."""
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= every or done == total:
            last = time.monotonic()
            job.log.info("%d of %d %s", done, total, unit)

    return progress


def main(snakemake) -> None:
    """Read the group's expression; write the chunk's adjacencies and the trees grown per target."""
    import anndata

    expression = anndata.read_h5ad(snakemake.input.expression)
    genes, tfs = expression.var_names.tolist(), expression.var_names[expression.var["tf"]].tolist()
    settings, wildcards = snakemake.params.settings, snakemake.wildcards
    targets = chunk_of(genes, int(wildcards.chunk), int(wildcards.chunks))
    job.log.info("%d cells, %d factors, %d targets", expression.n_obs, len(tfs), len(targets))
    network = grnboost.infer_network(
        expression.X,
        genes,
        tfs,
        targets,
        seed=int(wildcards.seed),
        importance=settings["importance"],
        max_rounds=settings["max_rounds"],
        threads=snakemake.threads,
        progress=make_progress(),
    )
    network.adjacencies.to_parquet(snakemake.output.network, index=False)
    network.rounds.rename("trees").rename_axis("target").to_csv(snakemake.output.rounds, sep="\t")


if __name__ == "__main__":
    job.run(main, snakemake)
