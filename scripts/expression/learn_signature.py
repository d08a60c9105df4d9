"""Learn the persister signature, score every profile with it, and test it in models not used for learning."""

from scripts.base import job
from scripts.expression import differential, signature
from scripts.expression.terms import IN_TUMOURS
from scripts.profiles import profiles


def main(snakemake) -> None:
    """Read profiles and the table of genes; write signature, signatures learned without a model, scores by sample,
    signatures of several sizes, and the expression of the signature's first genes.
    """
    params = snakemake.params
    whole = profiles.read(snakemake.input.profiles)
    data = whole.trusted
    if left := whole.values.shape[1] - data.values.shape[1]:
        job.log.info("%d genes are distrusted and excluded from the signature", left)
    table = differential.trusted(differential.read(snakemake.input.expression))
    found = signature.learn(signature.persister_rows(table, params.contrast), params.size)
    if found.empty:
        job.log.warning("no signature: the persister contrast has no t-values (see expression_design.tsv)")
    elif found["level"].iloc[0] == IN_TUMOURS:
        job.log.warning("fewer than three models: the signature describes these tumours only")
    sizes = sorted({*params.sizes, params.size})
    left_out = signature.leave_one_out(data, params.contrast, sizes, params.platforms, params.seed)
    table = signature.score_table(data, found, left_out.scores[params.size], params.contrast["baseline"])
    output = snakemake.output
    for result, path in (
        (found, output.signature), (table, output.scores), (left_out.tried, output.sizes),
        (left_out.signatures[params.size], output.left_out),
        (signature.heatmap(data, found), output.heatmap),
    ):  # fmt: skip
        result.to_csv(path, sep="\t", index=False, float_format="%.6g")
    tried = left_out.tried
    for row in tried[tried["left_out"] == signature.ALL_MODELS].itertuples():
        job.log.info(
            "size %d: rises in %d of %d models left out, AUC %.3f, p %.3g (%s)",
            *(row.size, row.models_agreeing, row.n_models, row.auc, row.p, row.null),
        )


if __name__ == "__main__":
    job.run(main, snakemake)
