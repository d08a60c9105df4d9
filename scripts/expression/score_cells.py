"""Score every kept tumour cell with the persister signature; the libraries of a model are scored together."""

import numpy as np
import pandas as pd

from scripts.base import expression, job
from scripts.clusters.scores import score_set

CELLS = ["cell", "sample", "model", "timepoint", "arm", "score"]


def score(cells, signature: pd.DataFrame, seed: int) -> np.ndarray:
    """Return, by cell, the score of the up genes minus that of the down genes.

    Each is the genes' mean log expression minus that of control genes of similar expression (Tirosh et al. 2016). This
    removes most of the effect of depth. NaN if neither direction has a gene in these cells.
    """
    import anndata

    log = anndata.AnnData(
        expression.normalise(cells.X), obs=pd.DataFrame(index=cells.obs_names), var=pd.DataFrame(index=cells.var_names)
    )
    seen = set(cells.var_names[np.asarray((cells.X > 0).sum(axis=0)).ravel() > 0])
    parts = []
    for direction, sign in (("up", 1.0), ("down", -1.0)):
        genes = [g for g in signature.loc[signature["direction"] == direction, "gene"] if g in seen]
        if genes:
            parts.append(sign * score_set(log, genes, seed=seed))
    return np.sum(parts, axis=0) if parts else np.full(cells.n_obs, np.nan)


def main(snakemake) -> None:
    """Read the cells of one model at a time; write one row per cell."""
    import anndata

    params = snakemake.params
    signature = pd.read_csv(snakemake.input.signature, sep="\t", dtype={"gene": str}, keep_default_na=False)
    paths = dict(zip(params.libraries, snakemake.input.cells, strict=True))
    models = pd.DataFrame(params.samples).set_index("sample")["model"]
    parts = []
    for model in dict.fromkeys(models[name] for name in paths):
        cells = [anndata.read_h5ad(path) for name, path in paths.items() if models[name] == model]
        joined = expression.join_samples(cells)
        if joined.n_obs:
            table = joined.obs[["sample", "model", "timepoint", "arm"]].astype(str).rename_axis("cell").reset_index()
            parts.append(table.assign(score=score(joined, signature, params.seed).astype(np.float32)))
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=CELLS)
    table[CELLS].to_parquet(snakemake.output.cells, index=False)
    job.log.info("%d cells of %d libraries", len(table), table["sample"].nunique())


if __name__ == "__main__":
    job.run(main, snakemake)
