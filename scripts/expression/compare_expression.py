"""Compare expression between timepoints over all models, and say what the design can't answer."""

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
    answers.to_csv(snakemake.output.design, sep="\t", index=False)
    for (contrast, arm), own in table.groupby(["contrast", "arm"], sort=False):
        counts = ((own["fdr"] <= 0.05).sum(), (own["voom_fdr"] <= 0.05).sum(), len(own))
        job.log.info("%s, %s: %d genes over patients, %d in these tumours, of %d (FDR 5 %%)", contrast, arm, *counts)
    if table.empty:
        job.log.warning("nothing is compared: no model has two of the contrast's timepoints")


if __name__ == "__main__":
    job.run(main, snakemake)
