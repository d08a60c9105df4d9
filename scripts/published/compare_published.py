"""Compare the study with published drug-tolerance signatures and with the regulators that they point to."""

import pandas as pd

from scripts.base import job
from scripts.base.files import bare_name
from scripts.base.tables import read_labelled
from scripts.expression import differential
from scripts.perturbations import coexpression
from scripts.perturbations.compare_perturbations import targets_of
from scripts.profiles import inputs, profiles
from scripts.published import places, regulators
from scripts.published.signatures import read_ranking, read_signatures
from scripts.published.terms import AGREEMENT, REGULATORS
from scripts.stats.paired import over_arms


def rank_regulators(
    source, signatures: dict[str, pd.Series], mean: pd.Series, together: coexpression.Coexpression
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return factors by ranking and the agreement of rankings; empty tables in a study without activity."""
    if not getattr(source, "switches", None):
        return pd.DataFrame(columns=REGULATORS), pd.DataFrame(columns=AGREEMENT)
    study = regulators.score_of_study(read_labelled(source.switches))
    network = targets_of(inputs.read_edges(source.regulons))
    targets = {tf: network[tf] for tf in study.index if tf in network}
    scored = {name: regulators.score_factors(signs, targets, mean) for name, signs in signatures.items()}
    given: dict[str, pd.Series] = {}
    for path in source.rankings:
        if (name := bare_name(path)) in given:
            raise job.UserError(f"{path}: another file of published.regulators is named {name!r} too; rename one")
        given[name] = read_ranking(path)
    return regulators.compare_rankings(regulators.in_order(scored, given), study, targets, together)


def main(snakemake) -> None:
    """Read profiles, the signature and the published lists; write the study's place among them and the regulators."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    data = profiles.read(source.profiles).trusted
    names = params.contrast
    pair = differential.contrasts_of(names)[f"{names['persister']} vs {names['baseline']}"]
    changes = over_arms(differential.differences(data.values, data.samples, *pair, names["baseline"]))
    signatures, sources = read_signatures(source.shipped, source.signatures)
    mean = data.values.mean().dropna()
    own = inputs.read_signature(source.signature)
    placed, models, pairs = places.place(changes, signatures, sources, mean, own, params.fdr)
    together = coexpression.measure(data.values.dropna(axis=1), data.samples, params.seed)
    factors, agreement = rank_regulators(source, signatures, mean, together)
    for table, path in (
        (placed, output.signatures),
        (models, output.by_model),
        (pairs, output.similarity),
        (factors, output.regulators),
        (agreement, output.agreement),
    ):
        table.to_csv(path, sep="\t", index=False, float_format="%.6g")
    said = "; ".join(f"{row.signature} {row.verdict}" for row in placed.itertuples())
    job.log.info("%d models, %d signatures: %s", len(changes), len(placed), said)


if __name__ == "__main__":
    job.run(main, snakemake)
