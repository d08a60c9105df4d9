"""Gather the libraries' summaries: barcodes lost by step, sample and arm, and what each species rule would keep."""

import json
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.cells.qc import STEPS

LABELS = ["sample", "model", "timepoint", "arm"]
NUMBERS = ["barcodes_before", "removed", "remaining"]


def attrition_by_sample(summaries: list[dict]) -> pd.DataFrame:
    """Return sample, model, timepoint, arm, step and the barcodes before it, removed by it and remaining."""
    rows = [{**{name: s[name] for name in LABELS}, **step} for s in summaries for step in s["attrition"]]
    return pd.DataFrame(rows, columns=[*LABELS, "step", *NUMBERS])


def attrition_by_arm(table: pd.DataFrame) -> pd.DataFrame:
    """Return the same summed over the samples of an arm and timepoint, with the share of its cells that a step removed.

    ``removed_share`` is relative to what is left once empty droplets are gone; it is blank for that step, whose
    barcodes are not cells.
    """
    columns = ["arm", "timepoint", "step", "samples", *NUMBERS, "removed_share"]
    if table.empty:
        return pd.DataFrame(columns=columns)
    groups = table.groupby(["arm", "timepoint", "step"], sort=False)
    summed = groups[NUMBERS].sum().assign(samples=groups.size()).reset_index()
    cells = summed[summed["step"] == "empty"].set_index(["arm", "timepoint"])["remaining"]
    of_group = pd.Series(pd.MultiIndex.from_frame(summed[["arm", "timepoint"]]).map(cells), dtype=float)
    summed["removed_share"] = (summed["removed"] / of_group.where(of_group > 0)).where(summed["step"] != "empty")
    return summed[columns]


def species_rules(summaries: list[dict]) -> pd.DataFrame:
    """Return per sample and rule the droplets called graft, host and mixed; ``used`` marks the rule in force."""
    rows = [
        {**{name: s[name] for name in LABELS}, **rule, "used": int(rule["rule"] == s["species_method"])}
        for s in summaries
        for rule in s["species_rules"]
    ]
    columns = [*LABELS, "rule", "used", "droplets", "graft", "host", "mixed", "ambient_alone", "note"]
    return pd.DataFrame(rows, columns=columns)


def main(snakemake) -> None:
    """Read cells/{sample}.summary.json of all libraries; write the three tables."""
    summaries = [json.loads(Path(path).read_text()) for path in snakemake.input]
    table = attrition_by_sample(summaries)
    if table.empty:
        job.log.warning("no single-cell library in the study: tables without rows")
    for frame, path in (
        (table, snakemake.output.attrition),
        (attrition_by_arm(table), snakemake.output.by_arm),
        (species_rules(summaries), snakemake.output.rules),
    ):
        frame.to_csv(path, sep="\t", index=False, float_format="%.6g")
    job.log.info("%d libraries, %d steps", len(summaries), len(STEPS))


if __name__ == "__main__":
    job.run(main, snakemake)
