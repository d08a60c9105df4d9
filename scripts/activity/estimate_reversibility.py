"""Position relapse between untreated and persister: genes, signature, network factors, regulons of single cells."""

import numpy as np
import pandas as pd

from scripts.activity import reversibility
from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.profiles import profiles

LEARNED_ELSEWHERE = "signature of the other models"


def wide(path: str, samples: pd.DataFrame) -> pd.DataFrame:
    """Return activity (samples × regulons, in the order of ``samples``); NaN for regulons that a group does not
    measure.
    """
    values = read_labelled(path).pivot(index="sample", columns="regulon", values="activity")
    return values.reindex([sample for sample in samples.index if sample in values.index])


def main(snakemake) -> None:
    """Read profiles, genes, scores and activity; write one row per feature that shifts, and features by position."""
    params, source = snakemake.params, snakemake.input
    contrast = params.contrast
    data = profiles.read(source.profiles)
    parts = []
    if contrast.get("relapse") and len(reversibility.with_relapse(data.samples, contrast)):
        scores = read_labelled(source.scores).set_index("sample")
        # If learned on the same samples, a signature's shift is overestimated: relapse appears closer to baseline.
        scores = scores[["score", "left_out"]].rename(columns={"score": "signature", "left_out": LEARNED_ELSEWHERE})
        scores = scores.dropna(axis=1, how="all")
        scored = reversibility.positions(scores, data.samples, contrast, reversibility.SIGNATURE)
        genes = reversibility.positions(data.values, data.samples, contrast, reversibility.GENE)
        parts += [
            reversibility.shifted(scored, params.fdr),
            reversibility.shifted(genes, params.fdr, params.min_log_fc),
        ]
        for path in source.activity:
            values = wide(path, data.samples)
            own = data.samples.loc[values.index]
            kind = reversibility.FACTOR if str(path).endswith("profile_activity.tsv") else reversibility.REGULON
            found = reversibility.positions(values, own, contrast, kind)
            parts.append(reversibility.shifted(found, params.fdr))
    filled = [part for part in parts if len(part)]
    table = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=reversibility.REVERSIBILITY)
    table[reversibility.REVERSIBILITY].to_csv(snakemake.output.table, sep="\t", index=False, float_format="%.6g")
    bins = reversibility.bin_positions(table)
    bins.to_csv(snakemake.output.bins, sep="\t", index=False, float_format="%.6g")
    if table.empty:
        job.log.warning(
            "no model has baseline, persisters and relapse of one arm, or no feature changes in these models: no "
            "positions"
        )
    for kind, own in table.groupby("kind", sort=False):
        counts = own["verdict"].value_counts()
        middle = np.median(own["position"])
        told = ", ".join(f"{n} {verdict}" for verdict, n in counts.items())
        job.log.info("%s: %d shift, median position %.2f; %s", kind, len(own), middle, told)


if __name__ == "__main__":
    job.run(main, snakemake)
