"""Keep a group's edges that enough of its runs share, in regulons that exchanged motifs rarely give."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.regulons import consensus, databases, null
from scripts.scenic import motif_table


def main(snakemake) -> None:
    """Read the regulons of every run and those by other motifs; write the consensus and the test."""
    params, inputs = snakemake.params, snakemake.input
    limits = {"min_runs": params.settings["min_seeds"], "min_targets": params.settings["min_targets"]}
    runs = [read_labelled(path) for path in inputs.regulons]
    candidates = [pd.read_parquet(path) for path in inputs.candidates]
    factors = set().union(*(pd.read_parquet(path, columns=["TF"])["TF"].unique() for path in inputs.adjacencies))
    if getattr(inputs, "seeds", None):
        seeds = pd.read_parquet(inputs.seeds)
        agreed = consensus.of_mean_network(runs[0], seeds, **limits)
        candidates = [null.only_stable(candidates[0], seeds, limits["min_runs"])]
    else:
        agreed = consensus.agree(runs, **limits)
    motifs = frozenset().union(*(databases.read_names(path).motifs for path in inputs.databases))
    annotations = motif_table.load_annotations(
        inputs.motifs,
        motif_similarity_fdr=params.settings["motif_similarity_fdr"],
        orthologous_identity=params.settings["orthologous_identity"],
    )
    tested = null.judge_group(
        candidates,
        annotations[annotations["motif"].isin(motifs)],
        factors,
        null.read_families(inputs.families),
        min_runs=1 if getattr(inputs, "seeds", None) else limits["min_runs"],
        min_targets=limits["min_targets"],
        max_false_share=params.settings["max_false_share"],
        repressors=params.settings["repressors"],
    )
    tested.to_csv(snakemake.output.exchanged, sep="\t", index=False, float_format="%.6g")
    kept = null.drop(agreed, tested)
    kept.to_csv(snakemake.output.regulons, sep="\t", index=False, float_format="%.6g")
    sizes = [run["regulon"].nunique() for run in runs]
    job.log.info(
        "%d regulons of %s in the runs, %d kept: %d edges",
        agreed["regulon"].nunique(), sizes, kept["regulon"].nunique(), len(kept),
    )  # fmt: skip
    if kept.empty:
        job.log.warning(
            "no regulon of %d targets in %d runs with a false share of %s at most",
            limits["min_targets"], limits["min_runs"], params.settings["max_false_share"],
        )  # fmt: skip


if __name__ == "__main__":
    job.run(main, snakemake)
