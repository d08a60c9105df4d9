"""Score a group's regulons again at equal depth, if depth differs between the compared timepoints."""

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.activity import depth, design
from scripts.base import job
from scripts.base.expression import thin
from scripts.base.tables import read_labelled
from scripts.profiles.pseudobulk import LABELS
from scripts.regulons import scoring


def mean_activity(
    counts: sparse.csr_matrix, genes: list[str], regulons: dict, share: float, settings: dict, *, scales: pd.DataFrame,
    seed: int, rng: np.random.Generator, threads: int = 1,
) -> np.ndarray:  # fmt: skip
    """Return each regulon's mean activity over a sample's cells, from counts thinned to ``share``, scored as in the
    stage regulons (:func:`scripts.regulons.scoring.score`).

    Several thinnings (:data:`depth.DRAWS`) are averaged; with a share of 1 the counts are unchanged.
    """
    draws = depth.DRAWS if share < 1 else 1
    found = np.zeros(len(regulons))
    for _ in range(draws):
        own = thin(counts, share, rng) if share < 1 else counts
        found += (
            scoring.score(own, genes, regulons, settings, scales=scales, seed=seed, threads=threads)
            .mean(axis=0)
            .to_numpy()
        )
    return found / draws


def main(snakemake) -> None:
    """Read the group's counts, the regulons and all libraries' sums; write mean activity by sample and regulon. The
    table is empty if depth does not differ between the samples of any model.
    """
    import anndata

    source, params = snakemake.input, snakemake.params
    sums = anndata.read_h5ad(source.pseudobulk)
    samples = sums.obs[LABELS].astype(str)
    known = pd.Series(depth.depth_of(sums.layers["counts"], sums.obs["n_cells"]), index=samples.index)
    baseline, treated = next(iter(design.contrasts_of(params.contrast).values()))
    gap = depth.gaps(known, samples, baseline, treated)
    tables = []
    if depth.differs(gap):
        data = anndata.read_h5ad(source.expression)
        counts, of_cell = sparse.csr_matrix(data.layers["counts"]), data.obs["sample"].astype(str).to_numpy()
        genes = data.var_names.tolist()
        measured = scoring.only_measured(genes, scoring.sets_from(read_labelled(source.regulons), params.settings))
        scales = read_labelled(source.scales)
        share = depth.shares(known, samples, baseline, treated)
        order = list(samples.index)
        for sample in [name for name in share.index if measured and (of_cell == name).any()]:
            rng = np.random.default_rng([params.seed, order.index(sample)])
            found = mean_activity(
                counts[of_cell == sample], genes, measured, share[sample], params.settings, scales=scales,
                seed=params.seed, rng=rng, threads=snakemake.threads,
            )  # fmt: skip
            table = pd.DataFrame({"regulon": list(measured), "activity": found}).assign(sample=sample)
            labels = {"depth": known[sample], "depth_matched": known[sample] * share[sample], **samples.loc[sample]}
            tables.append(table.assign(**labels)[depth.AT_EQUAL_DEPTH])
            job.log.info("%s: %.0f UMIs per cell, thinned to %.0f %%", sample, known[sample], 100 * share[sample])
    else:
        job.log.info("depth doesn't differ between %s and %s: nothing is thinned", baseline, treated)
    filled = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=depth.AT_EQUAL_DEPTH)
    filled.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.8g")


if __name__ == "__main__":
    job.run(main, snakemake)
