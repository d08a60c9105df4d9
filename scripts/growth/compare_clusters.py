"""Cluster the cells of all models together, and compare the clusters' shares over timepoints, the model the replicate.

Libraries are read one after the other; of a large one some cells are drawn at random.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import expression, job
from scripts.base.tables import GZIP, read_labelled
from scripts.growth import common, states, terms
from scripts.stats.composition import LABELS

MOST = 20_000
"""Cells that are clustered: the time of finding neighbours grows with the square of their number."""


def read_samples(paths: list[str], most: int, seed: int) -> common.Sampled:
    """Return the cells of all libraries: at most ``most`` of each, drawn at random and in their order."""
    drawn = (expression.read_cells(path, most, [seed, number])[0] for number, path in enumerate(paths))
    parts = [cells for cells in drawn if cells.n_obs]
    if not parts:
        empty = pd.DataFrame(columns=LABELS, dtype=str)
        return common.Sampled(sparse.csr_matrix((0, 0)), pd.Index([]), np.zeros(0, dtype=bool), empty)
    expression.check_common_genes(parts)
    cells = expression.join_samples(parts)
    labels = cells.obs[LABELS].astype(str)
    return common.Sampled(sparse.csr_matrix(cells.X), cells.var_names, cells.var["everywhere"].to_numpy(), labels)


def read_phases(paths: list[str]) -> pd.Series:
    """Return whether each cell cycles (1, 0; NaN without a phase), by cell, from clusters/{model}/cells.tsv.gz."""
    tables = [read_labelled(path, "phase", usecols=["cell", "phase"]).set_index("cell")["phase"] for path in paths]
    return pd.concat(tables).map({"G1": 0.0, "S": 1.0, "G2M": 1.0})


def main(snakemake) -> None:
    """Read the cells of each library, their phases and scores; write common clusters, their shares and changes."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    settings = params.settings
    most = min(settings["cluster_cells"], max(MOST // max(len(source.cells), 1), 1))
    cells = read_samples(list(source.cells), most, params.clusters["seed"])
    found, _ = common.find(cells, params.contrast["baseline"], params.clusters)
    job.log.info("%d cells of %d libraries, at most %d of each", len(cells.labels), len(source.cells), most)
    if found.note:
        job.log.warning("one cluster: %s", found.note)
    labels = cells.labels
    table = labels.assign(cell=labels.index, cluster=common.join_rare(found.labels, labels, common.LEAST))
    table[terms.COMMON_CELLS].to_csv(output.cells, sep="\t", index=False, compression=GZIP)
    scores = pd.read_parquet(source.scores).set_index("cell")["score"]
    told = table.assign(score=scores.reindex(labels.index), cycling=read_phases(source.phases).reindex(labels.index))
    like = states.call_programme(told, params.contrast["baseline"], settings["programme_quantile"])
    described = common.describe(cells, told.assign(persister_like=like))
    shares = common.count(table, settings["min_cells"])
    changes = common.compare(shares, params.contrast, params.fdr)
    for result, path in ((described, output.clusters), (shares, output.shares), (changes, output.changes)):
        result.to_csv(path, sep="\t", index=False, float_format="%.6g")
    for row in changes.itertuples():
        job.log.info("%s, cluster %s: %s (%+.2f, p %.2g)", row.contrast, row.cluster, row.verdict, row.effect, row.p)


if __name__ == "__main__":
    job.run(main, snakemake)
