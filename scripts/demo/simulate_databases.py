"""Write a ranking database in cisTarget format, motif annotations and factor list: the planted network plus decoys."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.demo.plan import Plan, load_plan, stream

MOTIFS_PER_FACTOR = 2
UNANNOTATED = 90
"""Number of motifs without a factor: the null distribution of normalised enrichment scores."""
FURTHER_GENES = 60
"""Number of genes that the database ranks but the study doesn't measure."""
FOLLOWED = 0.6
"""Share of the persister programme that the related published signature lists."""
UNRELATED = 25
"""Genes outside the programme in each list of a published signature."""
SEPARATION = 3.0
"""Mean shift, in sd, of a true target's motif score."""
MISSED = 0.1
"""Share of true targets without a recognisable site."""
ANNOTATION_COLUMNS = [
    "#motif_id", "motif_name", "motif_description", "source_name", "source_version", "gene_name",
    "motif_similarity_qvalue", "similar_motif_id", "similar_motif_description", "orthologous_identity",
    "orthologous_gene_name", "orthologous_species", "description",
]  # fmt: skip


def simulate_rankings(plan: Plan, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return rankings (motifs × genes, 0 = best) and annotations (one row per motif × factor)."""
    symbols = plan.of_species("graft")["symbol"].tolist()
    genes = sorted([*symbols, *(f"UNMEASURED{i + 1}" for i in range(FURTHER_GENES))])
    column = {gene: i for i, gene in enumerate(genes)}
    targets = plan.edges.groupby("tf")["target"].apply(list).to_dict()
    names, scores, annotations = [], [], []
    for tf in plan.factors:
        for number in range(MOTIFS_PER_FACTOR):
            name = f"demo__{tf}_{number + 1}"
            score = rng.normal(0, 1, len(genes))
            bound = [column[t] for t in targets.get(tf, []) if rng.random() >= MISSED]
            score[bound] += SEPARATION
            names.append(name)
            scores.append(score)
            annotations.append((name, tf))
    for number in range(UNANNOTATED):
        names.append(f"demo__unknown_{number + 1}")
        scores.append(rng.normal(0, 1, len(genes)))
    ranks = np.argsort(np.argsort(-np.array(scores), axis=1, kind="stable"), axis=1, kind="stable").astype(np.int16)
    table = pd.DataFrame(annotations, columns=["#motif_id", "gene_name"])
    table["motif_name"] = table["motif_description"] = table["#motif_id"]
    table["source_name"], table["source_version"] = "demo", "1"
    table["motif_similarity_qvalue"], table["orthologous_identity"] = 0.0, 1.0
    table["description"] = "gene is directly annotated"
    return pd.DataFrame(ranks, index=names, columns=genes), table.reindex(columns=ANNOTATION_COLUMNS).fillna("None")


def publish(plan: Plan, persister: pd.DataFrame, rng: np.random.Generator) -> dict[str, list[str]]:
    """Return genes by list of two published signatures: one follows the programme, and one has none of its genes.

    Both have :data:`UNRELATED` genes from outside of the programme in either direction.
    """
    others = plan.of_species("graft")["symbol"]
    others = rng.permutation(others[~others.isin(persister["gene"])].to_numpy())[: 4 * UNRELATED]
    parts = dict(zip(("a_up", "a_down", "b_up", "b_down"), np.split(others, 4), strict=True))
    lists = {}
    for side in ("up", "down"):
        own = persister.loc[persister["direction"] == side, "gene"].to_numpy()
        follow = rng.choice(own, round(FOLLOWED * len(own)), replace=False)
        lists[f"related_{side}"] = sorted([*follow, *parts[f"a_{side}"]])
        lists[f"unrelated_{side}"] = sorted(parts[f"b_{side}"])
    return lists


def main(snakemake) -> None:
    """Write the database (Feather V2), the motif table, the factor list and the ground truth."""
    import pyarrow as pa
    from pyarrow import feather

    plan = load_plan(snakemake.input.network, snakemake.params.seed)
    rankings, annotations = simulate_rankings(plan, stream(plan.seed, "motifs"))
    table = pa.table({**{gene: rankings[gene].to_numpy() for gene in rankings}, "motifs": rankings.index.to_list()})
    feather.write_feather(table, snakemake.output.database, version=2, compression="zstd")
    annotations.to_csv(snakemake.output.motifs, sep="\t", index=False)
    with open(snakemake.output.tfs, "w") as handle:
        handle.writelines(f"{tf}\n" for tf in sorted(plan.factors))
    role = {tf: r["role"] for tf, r in plan.network["regulons"].items()}
    edges = plan.edges.assign(role=plan.edges["tf"].map(role))
    edges.to_csv(snakemake.output.regulons, sep="\t", index=False, float_format="%.4g")
    factors = pd.DataFrame({"tf": plan.factors})
    factors["role"] = factors["tf"].map(role).fillna("decoy")
    factors["mrna"] = factors["tf"].map({tf: r["mrna"] for tf, r in plan.network["regulons"].items()}).fillna("none")
    factors.to_csv(snakemake.output.factors, sep="\t", index=False)
    up, down = (edges.loc[edges["role"] == f"persister_{d}", "target"].unique() for d in ("up", "down"))
    persister = pd.DataFrame(
        [(g, "up") for g in up] + [(g, "down") for g in down if g not in up], columns=["gene", "direction"]
    )
    persister.to_csv(snakemake.output.persister, sep="\t", index=False)
    clusters = pd.DataFrame({name: cluster["share"] for name, cluster in plan.network["clusters"].items()}).T
    clusters.rename_axis("cluster").add_prefix("share_").to_csv(snakemake.output.clusters, sep="\t")
    lists = publish(plan, persister, stream(plan.seed, "published"))
    with open(snakemake.output.published, "w") as handle:
        handle.writelines("\t".join([name, "simulated", *genes]) + "\n" for name, genes in lists.items())
    truth = [("related", "agrees"), ("unrelated", "not shown")]
    pd.DataFrame(truth, columns=["signature", "verdict"]).to_csv(snakemake.output.signatures, sep="\t", index=False)


if __name__ == "__main__":
    job.run(main, snakemake)
