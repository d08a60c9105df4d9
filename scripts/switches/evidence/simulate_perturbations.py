"""Silence each factor in one model's persisters and measure the change of the signature."""

from scripts.base import job
from scripts.profiles import inputs
from scripts.switches.evidence import perturbation


def main(snakemake) -> None:
    """Read the model's cells (or its profiles), regulons and signature; write the changes."""
    source, params, model = snakemake.input, snakemake.params, snakemake.wildcards.model
    edges, signature = inputs.read_edges(source.regulons), inputs.read_signature(source.signature)
    if getattr(source, "cells", None):
        cells = inputs.read_cells(list(source.cells), params.min_cell_fraction)
        values, genes, timepoint = cells.X, cells.var_names, cells.obs["timepoint"].astype(str).to_numpy()
        strata = cells.obs["sample"].astype(str).to_numpy()
    else:
        table, labels, _ = inputs.read_profiles(source.profiles)
        own = labels["model"] == model
        values, genes, timepoint = table[own].to_numpy(), table.columns, labels.loc[own, "timepoint"].to_numpy()
        # Profiles are too few for a slope of persisters alone: those of all timepoints, each around its own mean.
        strata = None
    names = params.contrast
    result = perturbation.silence(
        values,
        genes,
        timepoint == names["persister"],
        timepoint == names["baseline"],
        edges,
        signature,
        strata=strata,
        timepoint=timepoint if strata is None else None,
        alpha=params.alpha,
        steps=params.steps,
        min_cells=perturbation.MIN_CELLS if strata is not None else perturbation.MIN_PROFILES,
    )
    result.assign(model=model)[perturbation.KNOCKOUT].to_csv(
        snakemake.output.changes, sep="\t", index=False, float_format="%.6g"
    )
    if result.empty:
        job.log.warning("%s: nothing silenced: too few persisters, no baseline, or no factor measured", model)
    job.log.info(
        "%s: %d factors in %d of %d rows", model, len(result), (timepoint == names["persister"]).sum(), len(timepoint)
    )


if __name__ == "__main__":
    job.run(main, snakemake)
