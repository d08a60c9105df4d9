"""Average the networks of a group's seeds, and count the networks in which an edge is in one of a factor's modules."""

import pandas as pd

from scripts.base import job
from scripts.regulons.prune_modules import load_engine


def average(networks: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the mean network (TF, target, importance), strongest edges first, ties ordered by name.

    The importance of an edge is 0 in networks that lack it.
    """
    joined = pd.concat(networks, ignore_index=True)
    mean = joined.groupby(["TF", "target"], sort=False)["importance"].sum() / len(networks)
    return mean.reset_index().sort_values(
        ["importance", "TF", "target"], ascending=[False, True, True], ignore_index=True
    )


def edges_of(modules: list) -> pd.DataFrame:
    """Return the distinct edges (TF, target) of all modules."""
    frames = [pd.DataFrame({"TF": module.tf, "target": module.genes}) for module in modules]
    return pd.concat(frames).drop_duplicates() if frames else pd.DataFrame(columns=["TF", "target"], dtype=object)


def main(snakemake) -> None:
    """Read the networks of all seeds and the expression; write the mean network with the number of seeds."""
    import anndata

    settings = snakemake.params.settings
    make_modules, _, _ = load_engine(settings["engine"])
    expression = anndata.read_h5ad(snakemake.input.expression)
    genes = expression.var_names.tolist()
    networks, modules = [], []
    for path in snakemake.input.adjacencies:
        networks.append(pd.read_parquet(path))
        found = make_modules(
            networks[-1],
            expression.X,
            genes,
            min_genes=settings["min_module_genes"],
            only_activating=not settings["repressors"],
        )
        modules.append(edges_of(found))
    mean = average(networks)
    seeds = pd.concat(modules).groupby(["TF", "target"]).size().rename("seeds").reset_index()
    mean.to_parquet(snakemake.output.adjacencies, index=False)
    seeds.to_parquet(snakemake.output.seeds, index=False)
    job.log.info(
        "%d edges in %d networks; %d in modules of some, %d in those of all",
        len(mean), len(networks), len(seeds), (seeds["seeds"] == len(networks)).sum(),
    )  # fmt: skip


if __name__ == "__main__":
    job.run(main, snakemake)
