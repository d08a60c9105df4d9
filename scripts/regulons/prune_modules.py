"""Turn a network into regulons: modules per factor, pruned to the targets that share the factor's motif (cisTarget)."""

import pandas as pd

from scripts.base import job
from scripts.scenic import cistarget, exchange, motif_table


def load_engine(name: str):
    """Return (modules_from_adjacencies, prune, regulons_from_motifs) of our kernels or of pySCENIC."""
    if name == "pyscenic":
        from scripts.regulons import pyscenic_compat as reference

        return reference.modules_from_adjacencies, reference.prune_modules, reference.regulons_from_motifs
    from scripts.scenic import modules

    return modules.modules_from_adjacencies, cistarget.prune, cistarget.regulons_from_motifs


def main(snakemake) -> None:
    """Read network, expression, databases and motif table; write enriched motifs, the run's regulons, and the regulons
    by the motifs of other factors.
    """
    import anndata

    settings = snakemake.params.settings
    make_modules, prune, make_regulons = load_engine(settings["engine"])
    expression = anndata.read_h5ad(snakemake.input.expression)
    genes = expression.var_names.tolist()
    adjacencies = pd.read_parquet(snakemake.input.adjacencies)
    modules = make_modules(
        adjacencies,
        expression.X,
        genes,
        min_genes=settings["min_module_genes"],
        only_activating=not settings["repressors"],
    )
    job.log.info("%d modules of %d factors", len(modules), len({module.tf for module in modules}))
    databases = [cistarget.Database.load(path, genes, min_overlap=0.0) for path in snakemake.input.databases]
    annotations = motif_table.load_annotations(
        snakemake.input.motifs,
        motif_similarity_fdr=settings["motif_similarity_fdr"],
        orthologous_identity=settings["orthologous_identity"],
    )
    thresholds = {name: settings[name] for name in ("rank_threshold", "auc_threshold", "nes_threshold")}
    thresholds["threads"] = snakemake.threads
    motifs = prune(modules, databases, annotations, leading_edge=settings["leading_edge"], **thresholds)
    # From our kernel with either engine: each motif has the leading edge of its own curve.
    candidates = exchange.find_candidates(modules, databases, annotations, **thresholds)
    candidates.to_parquet(snakemake.output.candidates, index=False)
    regulons = make_regulons(motifs, min_targets=settings["min_targets"])
    motifs.to_parquet(snakemake.output.motifs, index=False)
    regulons.to_csv(snakemake.output.regulons, sep="\t", index=False, float_format="%.6g")
    job.log.info("%d enriched motifs, %d regulons, %d edges", len(motifs), regulons["regulon"].nunique(), len(regulons))
    if regulons.empty:
        job.log.warning(
            "no regulon: no factor's motif is enriched in its module (nes_threshold %s)", settings["nes_threshold"]
        )


if __name__ == "__main__":
    job.run(main, snakemake)
