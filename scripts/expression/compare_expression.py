"""Compare expression between timepoints over all models, and report the questions that the design cannot answer."""

from scripts.base import job
from scripts.expression import design, differential
from scripts.profiles import profiles


def main(snakemake) -> None:
    """Read the profiles; write the table of genes and the table of answers."""
    params = snakemake.params
    data = profiles.read(snakemake.input.profiles)
    answers = design.answers(data.samples, params.contrast)
    for row in answers[answers["note"] != ""].itertuples():
        job.log.info("%s, %s: %s", row.contrast, row.arm, row.note)
    table = differential.compare(data, params.contrast, platforms=params.platforms)
    table.to_csv(snakemake.output.expression, sep="\t", index=False, float_format="%.6g")
    answers = design.with_counts(answers, table, params.fdr)
    answers.to_csv(snakemake.output.design, sep="\t", index=False)
    for row in answers.dropna(subset=["genes"]).itertuples():
        counts = (row.contrast, row.arm, row.changed, row.voom_changed, row.genes, params.fdr)
        job.log.info("%s, %s: %d genes change over patients, %d in these tumours, of %d (FDR %g)", *counts)
    if table.empty:
        job.log.warning("nothing is compared: no model has two of the contrast's timepoints")


if __name__ == "__main__":
    job.run(main, snakemake)
