"""Compare the arms: similarity of their effects, and drugs within models that received several."""

import pandas as pd

from scripts.base import job
from scripts.expression import differential, treatment
from scripts.profiles import profiles


def main(snakemake) -> None:
    """Read profiles, genes and signature; write the table of treatments."""
    params = snakemake.params
    data = profiles.read(snakemake.input.profiles)
    expression = differential.read(snakemake.input.expression)
    signature = pd.read_csv(snakemake.input.signature, sep="\t", dtype={"gene": str}, keep_default_na=False)
    table = treatment.table_of(
        expression, data, params.contrast, list(signature["gene"]),
        fdr=params.fdr, permutations=params.permutations, seed=params.seed,
    )  # fmt: skip
    table.to_csv(snakemake.output.treatment, sep="\t", index=False, float_format="%.6g")
    effects = treatment.unit_effects(data, params.contrast)
    genes = [gene for gene in signature["gene"] if gene in effects.columns]
    matrix = pd.DataFrame(treatment.correlations(effects, list(effects.columns)))
    names = [f"{model} {arm}" for model, arm in effects.index]
    matrix.set_axis(names, axis=0).set_axis(names, axis=1).to_csv(
        snakemake.output.likeness, sep="\t", index_label="unit", float_format="%.6g"
    )
    job.log.info("%d pairs of model and arm, %d genes, %d of the signature", len(effects), effects.shape[1], len(genes))
    for row in table[table["note"].str.startswith("confounded")].itertuples():
        job.log.info("%s, %s and %s: %s", row.question, row.subject, row.other, row.note)


if __name__ == "__main__":
    job.run(main, snakemake)
