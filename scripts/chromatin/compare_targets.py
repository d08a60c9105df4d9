"""Compare targets of regulons, and genes that change in persisters, with similar genes: how many lie near peaks."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import ALL_ARMS, read_labelled
from scripts.chromatin import changes, enrichment
from scripts.chromatin.link_peaks import name_of
from scripts.profiles import inputs

LABELS = ("peak_set", "factor", "mark", "peak_sample", "state", "subject", "change", "note")


def read_change(path: str, contrast: dict) -> pd.Series:
    """Return the moderated t of each gene's change in persisters over all arms."""
    table = read_labelled(path)
    own = table[
        (table["contrast"] == f"{contrast['persister']} vs {contrast['baseline']}") & (table["arm"] == ALL_ARMS)
    ]
    return own.set_index("gene")["t"].astype(float)


def measured(table: pd.DataFrame, expression: pd.Series, t: pd.Series) -> pd.DataFrame:
    """Return genes with a position and an expression, in the order of the genome, with expression and t."""
    known = table[table["gene"].isin(expression.index)].reset_index(drop=True)
    return known.assign(expression=known["gene"].map(expression), t=known["gene"].map(t))


def main(snakemake) -> None:
    """Read distances, profiles, regulons and changes; write both tables of targets and both of changes."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    values, _, _ = inputs.read_profiles(source.profiles)
    genes = measured(pd.read_parquet(source.genes), values.mean(), read_change(source.expression, params.contrast))
    sets = read_labelled(source.sets, *LABELS).rename(columns={"peak_sample": "sample"})
    edges = inputs.read_edges(source.regulons)
    known = len(set(edges["target"]) & set(genes["gene"])) / max(edges["target"].nunique(), 1)
    job.log.info("%d measured genes have a position; so have %.0f %% of all targets", len(genes), 100 * known)
    if not known and len(edges):
        raise job.UserError(
            f"{source.genes}: none of the targets ({', '.join(edges['target'].head(3))} …) has a position "
            f"({', '.join(pd.read_parquet(source.genes, columns=['gene'])['gene'].head(3))} …); give promoters of the "
            "study's own gene names (chromatin.promoters)"
        )
    distances = pd.DataFrame({name: genes[name_of("set", name)] for name in sets["peak_set"]})
    windows = {"promoter": params.promoter, "distal": params.distal}
    told = sets.set_index("peak_set")[["factor", "mark", "sample", "state"]].to_dict("index")
    tested = enrichment.compare_regulons(genes, distances, edges, told, **windows)
    support = enrichment.judge(tested, edges, params.fdr, params.circular)
    peaks = read_labelled(source.changes, *LABELS, "peak_sample")
    keys = [tuple(row) for row in peaks[["subject", "peak_sample", "change"]].to_numpy()]
    near = {key: (genes[name_of("change", *key)] <= params.distal).to_numpy() for key in keys}
    trends, deciles = changes.compare_deciles(genes, near, dict(zip(keys, peaks["peaks"], strict=True)))
    results = (
        (tested[enrichment.ENRICHMENT], output.enrichment), (support, output.support),
        (trends, output.trends), (deciles, output.deciles),
    )  # fmt: skip
    for table, path in results:
        # An infinite upper limit is written as an empty field: JSON and spreadsheets have no infinity.
        table.replace(np.inf, np.nan).to_csv(path, sep="\t", index=False, float_format="%.6g")
    counts = support["verdict"].value_counts()
    job.log.info("%s", ", ".join(f"{n} {name}" for name, n in counts.items()) or "no regulon")


if __name__ == "__main__":
    job.run(main, snakemake)
