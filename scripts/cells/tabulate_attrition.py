"""Combine the libraries' summaries: barcodes removed by step, sample and arm, calls of each species rule, and one row
per library from reads to cells.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.cells import losses
from scripts.cells.qc import POOL, STEPS

LABELS = ["sample", "model", "timepoint", "arm"]
NUMBERS = ["barcodes_before", "removed", "remaining"]
LIBRARY_COLUMNS = [
    *LABELS, "chemistry", "lanes", "reads", "mapped", "valid_barcode", "in_genes", "saturation", "umis", "host_umis",
    "droplets", "tumour", "host", "host_kept", "mixed", "normal", "unsure", "malignant_by", "kept", "ambient",
    "doublets", "doublets_found", "doublets_left", "expected_cells", "knee", "ambient_limit", "note",
]  # fmt: skip
WHOLE = [
    "lanes",
    "reads",
    "umis",
    "droplets",
    "tumour",
    "host",
    "host_kept",
    "mixed",
    "normal",
    "unsure",
    "kept",
    "doublets_found",
    "expected_cells",
    "knee",
    "ambient_limit",
]


def attrition_by_sample(summaries: list[dict]) -> pd.DataFrame:
    """Return sample, model, timepoint, arm, step, barcodes before the step, removed and remaining, and a warning.

    ``lost_share`` is of the sample's cells (see :mod:`scripts.cells.losses`); ``warning`` is empty if there is none.
    """
    rows = [{**{name: s[name] for name in LABELS}, **step} for s in summaries for step in s["attrition"]]
    table = pd.DataFrame(rows, columns=[*LABELS, "step", *NUMBERS])
    if table.empty:
        return table.assign(lost_share=pd.Series(dtype=float), warning=pd.Series(dtype=str))
    table["lost_share"] = losses.lost_shares(table)
    table["warning"] = losses.warn(table)
    return table


def attrition_by_arm(table: pd.DataFrame) -> pd.DataFrame:
    """Return the same summed over the samples of an arm and timepoint, with the share of its cells that a step removed.

    ``removed_share`` is relative to the droplets left after removal of empty droplets. It is blank for that step, as
    its barcodes aren't cells, and for a pool's cells of other samples. Samples of one pool share these barcodes, which
    are counted once for each sample.
    """
    columns = ["arm", "timepoint", "step", "samples", *NUMBERS, "removed_share"]
    if table.empty:
        return pd.DataFrame(columns=columns)
    groups = table.groupby(["arm", "timepoint", "step"], sort=False)
    summed = groups[NUMBERS].sum().assign(samples=groups.size()).reset_index()
    cells = summed[summed["step"] == "empty"].set_index(["arm", "timepoint"])["remaining"]
    of_group = pd.Series(pd.MultiIndex.from_frame(summed[["arm", "timepoint"]]).map(cells), dtype=float)
    own = ~summed["step"].isin([*POOL, "empty"])
    summed["removed_share"] = (summed["removed"] / of_group.where(of_group > 0)).where(own)
    return summed[columns]


def species_rules(summaries: list[dict]) -> pd.DataFrame:
    """Return per sample and rule the droplets called graft, host and mixed; ``used`` marks the rule applied."""
    rows = [
        {**{name: s[name] for name in LABELS}, **rule, "used": int(rule["rule"] == s["species_method"])}
        for s in summaries
        for rule in s["species_rules"]
    ]
    columns = [*LABELS, "rule", "used", "droplets", "graft", "host", "mixed", "ambient_alone", "note"]
    return pd.DataFrame(rows, columns=columns)


def percent(value: float | None) -> float | None:
    """Return a fraction in percent."""
    return None if value is None else 100 * value


def tabulate_libraries(summaries: list[dict], audits: dict[str, dict], chemistries: dict[str, dict]) -> pd.DataFrame:
    """Return one row per sample: sequencing, counts, droplets, ambient RNA, and the limits of its library's rank curve.

    ``audits`` and ``chemistries`` are by library; a library given as counts has no chemistry. A pooled sample's row has
    the reads and UMIs of its pool (``library`` of its summary).
    """
    rows = []
    for summary in summaries:
        library = summary.get("library", summary["sample"])
        audit, chemistry = audits[library], chemistries.get(library, {})
        rows.append({
            **{name: summary[name] for name in LABELS},
            "chemistry": chemistry.get("name", "counts given"),
            "lanes": len(chemistry["units"]) if chemistry else None,
            "reads": audit["reads"],
            "mapped": percent(audit["reads_mapped_fraction"]),
            "valid_barcode": percent(audit["valid_barcode_fraction_of_mapped"]),
            "in_genes": percent(audit["reads_in_genes_fraction"]),
            "saturation": percent(audit["sequencing_saturation"]),
            "umis": audit["umis"],
            "host_umis": percent(audit["host_fraction_of_umis"]),
            "droplets": summary["cells"],
            "tumour": summary["cells_graft"],
            "host": summary["cells_host"],
            "host_kept": summary["cells_host_kept"],
            "mixed": summary["cells_mixed"],
            # Without malignancy calls, the number of normal cells is unknown.
            "normal": summary["cells_normal"] if summary["malignant_evidence"] else None,
            "unsure": summary["cells_unsure"] if summary["malignant_evidence"] else None,
            "malignant_by": summary["malignant_evidence"] or None,
            "kept": summary["cells_kept"],
            "ambient": percent(summary.get("ambient_fraction")),
            "doublets": percent((summary.get("doublet_rate") or {}).get("per_droplet")),
            "doublets_found": summary["doublets_flagged"],
            "doublets_left": summary["doublets_left"],
            "expected_cells": summary.get("expected_cells"),
            "knee": summary["knee_counts"],
            "ambient_limit": summary.get("ambient_limit"),
            "note": summary.get("droplets_note") or None,
        })  # fmt: skip
    # Integers stay integers if a library has none.
    return pd.DataFrame(rows, columns=LIBRARY_COLUMNS).astype(dict.fromkeys(WHOLE, "Int64"))


def read_json(paths: Iterable[str]) -> list[dict]:
    """Return the content of JSON files."""
    return [json.loads(Path(path).read_text()) for path in paths]


def by_sample(reports: list[dict]) -> dict[str, dict]:
    """Return reports by their sample."""
    return {report["sample"]: report for report in reports}


def main(snakemake) -> None:
    """Read summaries, audits and chemistries of all libraries; write the four tables."""
    summaries = read_json(snakemake.input.summaries)
    audits = by_sample(read_json(snakemake.input.audits))
    chemistries = by_sample(read_json(snakemake.input.chemistries))
    table = attrition_by_sample(summaries)
    if table.empty:
        job.log.warning("no single-cell library in the study: tables without rows")
    for row in table[table["warning"] != ""].itertuples():
        job.log.warning("%s, %s: %s", row.sample, row.step, row.warning)
    for frame, path in (
        (table, snakemake.output.attrition),
        (attrition_by_arm(table), snakemake.output.by_arm),
        (species_rules(summaries), snakemake.output.rules),
        (tabulate_libraries(summaries, audits, chemistries), snakemake.output.libraries),
    ):
        frame.to_csv(path, sep="\t", index=False, float_format="%.6g")
    job.log.info("%d libraries, %d steps", len(summaries), len(STEPS))


if __name__ == "__main__":
    job.run(main, snakemake)
