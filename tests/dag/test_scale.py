"""How long a thousand libraries take to be asked about."""

import pandas as pd
import pytest
import yaml
from dry import dry_run_as_a_user

PATIENTS = 250
TUMOURS = (("untreated", "untreated"), ("persister", "AC"), ("persister", "capecitabine"), ("relapse", "AC"))
BOUND = 120
"""Processor time of a whole dry run (s): twice what it takes on a quiet machine, since others may be at work."""


@pytest.mark.full
def test_a_thousand_libraries_are_asked_about_in_a_minute_or_two(shipped):
    """250 patients, untreated, under two treatments and regrown, from reads; a network each over five seeds."""
    patients = [f"P{number:03}" for number in range(PATIENTS)]
    samples = [
        {
            "sample": f"{patient}_{timepoint}_{arm}",
            "model": patient,
            "timepoint": timepoint,
            "arm": arm,
            "replicate": "1",
        }
        | {"assay": "scrna", "matrix": "", "column": ""}
        for patient in patients
        for timepoint, arm in TUMOURS
    ]
    units = [
        {"sample": row["sample"], "unit": "L001"}
        | {f"fq{mate}": f"data/reads/{row['sample']}_R{mate}.fastq.gz" for mate in (1, 2)}
        for row in samples
    ]
    for name, rows in (("samples", samples), ("units", units)):
        pd.DataFrame(rows).to_csv(shipped.folder / "config" / f"{name}.tsv", sep="\t", index=False)
    config = shipped.config | {
        "models": [{"model": patient, "arms": ["untreated", "AC", "capecitabine"]} for patient in patients]
    }
    config["regulons"] |= {"chunks": 1}
    (shipped.folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    shipped.touch()
    asked = dry_run_as_a_user(shipped.folder, "--quiet", "rules")
    assert asked.jobs["count_kb"] == len(TUMOURS) * PATIENTS and asked.jobs["cluster_cells"] == 3 * PATIENTS
    assert asked.jobs["infer_network"] == 5 * PATIENTS
    print(f"{sum(asked.jobs.values())} jobs, {asked.seconds:.0f} s")
    assert asked.seconds < BOUND
