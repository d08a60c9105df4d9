"""Make a ranking database and motif table from a known network: a stand-in where no sequence-based database is at
hand.
"""

import gzip

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.demo.simulate_databases import ANNOTATION_COLUMNS, MISSED, SEPARATION


def read_genes(path: str) -> list[str]:
    """Return the first column of a gzipped genes × barcodes table, without its header."""
    with gzip.open(path, "rt") as handle:
        next(handle)
        return [line.split("\t", 1)[0].strip('"') for line in handle]


def rank(
    edges: pd.DataFrame, genes: list[str], random_motifs: int, rng: np.random.Generator
) -> tuple[np.ndarray, list[str]]:
    """Return ranks (motifs × genes, 0 = best) and motif names; ``edges``: source, target."""
    column = {gene: i for i, gene in enumerate(genes)}
    factors = {tf: [column[t] for t in targets] for tf, targets in edges.groupby("source")["target"]}
    names = [f"standin__{tf}" for tf in factors] + [f"standin__random_{i + 1}" for i in range(random_motifs)]
    ranks = np.empty((len(names), len(genes)), np.int16 if len(genes) < 2**15 else np.int32)
    for row, bound in enumerate([*factors.values(), *[[]] * random_motifs]):
        score = rng.normal(0, 1, len(genes))
        sites = np.array(bound, dtype=int)
        score[sites[rng.random(len(sites)) >= MISSED]] += SEPARATION
        ranks[row, np.argsort(-score, kind="stable")] = np.arange(len(genes))
    return ranks, names


def main(snakemake) -> None:
    """Write the database (Feather V2) over all measured genes, and which motif is whose."""
    import pyarrow as pa
    from pyarrow import feather

    genes = sorted(set().union(*(read_genes(path) for path in snakemake.input.matrices)))
    edges = pd.read_csv(snakemake.input.network)[["source", "target"]].drop_duplicates()
    edges = edges[edges["target"].isin(genes)].sort_values(["source", "target"])
    edges = edges[edges.groupby("source")["target"].transform("size") >= snakemake.params.min_targets]
    ranks, names = rank(edges, genes, snakemake.params.random_motifs, np.random.default_rng(snakemake.params.seed))
    table = pa.table({**{gene: ranks[:, i] for i, gene in enumerate(genes)}, "motifs": names})
    feather.write_feather(table, snakemake.output.database, version=2, compression="zstd")
    factors = edges["source"].unique()
    motifs = pd.DataFrame({"#motif_id": [f"standin__{tf}" for tf in factors], "gene_name": factors})
    motifs["motif_name"] = motifs["motif_description"] = motifs["#motif_id"]
    motifs["source_name"], motifs["source_version"], motifs["description"] = (
        "stand-in",
        "1",
        "gene is directly annotated",
    )
    motifs["motif_similarity_qvalue"], motifs["orthologous_identity"] = 0.0, 1.0
    motifs.reindex(columns=ANNOTATION_COLUMNS).fillna("None").to_csv(snakemake.output.motifs, sep="\t", index=False)
    job.log.info("%d factors, %d genes, %d motifs", len(factors), len(genes), len(names))


if __name__ == "__main__":
    job.run(main, snakemake)
