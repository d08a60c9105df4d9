"""How long a thousand libraries take to be asked about."""

import pandas as pd
import yaml

PATIENTS = 500
BOUND = 60
"""Processor time of a whole dry run (s)."""


def test_a_thousand_libraries_are_asked_about_within_a_minute(shipped):
    """500 patients, untreated and under treatment, from reads; a network each over five seeds, in one piece."""
    patients = [f"P{number:03}" for number in range(PATIENTS)]
    samples = [
        {"sample": f"{patient}_{timepoint}", "model": patient, "timepoint": timepoint, "arm": arm, "replicate": "1"}
        | {"assay": "scrna", "matrix": "", "column": ""}
        for patient in patients
        for timepoint, arm in (("untreated", "untreated"), ("persister", "AC"))
    ]
    units = [
        {"sample": row["sample"], "unit": "L001"}
        | {f"fq{mate}": f"data/reads/{row['sample']}_R{mate}.fastq.gz" for mate in (1, 2)}
        for row in samples
    ]
    for name, rows in (("samples", samples), ("units", units)):
        pd.DataFrame(rows).to_csv(shipped.folder / "config" / f"{name}.tsv", sep="\t", index=False)
    config = shipped.config | {"models": [{"model": patient, "arms": ["untreated", "AC"]} for patient in patients]}
    config["regulons"] |= {"chunks": 1}
    (shipped.folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    shipped.touch()
    asked = shipped.dry_run("--quiet", "rules")
    assert asked.jobs["count_kb"] == asked.jobs["cluster_cells"] == 2 * PATIENTS
    assert asked.jobs["infer_network"] == 5 * PATIENTS
    print(f"{sum(asked.jobs.values())} jobs, {asked.seconds:.0f} s")
    assert asked.seconds < BOUND
