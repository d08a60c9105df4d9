"""The MultiQC page: the pipeline's own tables, and one real MultiQC run without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scripts.counts import audit
from scripts.reads import report_reads

CURVE = pd.DataFrame([(f, 1e6 * f, 9e5 * f, 0.1 * f, 3 * f) for f in audit.FRACTIONS], columns=audit.CURVE_COLUMNS)
AUDITS = [
    audit.compose(
        sample="A", aligner="kb", reads=2_000_000, mapped=1_500_000, mapped_to="transcriptome", valid=1_400_000,
        unique=1_300_000, multi=100_000, reads_per_species={"graft": 1_000_000, "host": 300_000, "both": 100_000},
        umis_per_species={"graft": 90, "host": 10}, barcodes=40, curve=CURVE, cells=10, reads_in_cells=500_000,
        library={"kit": "10x 3' v3 / v3.1", "strand": "forward", "introns": False, "short_read1": 3},
    ),
    audit.of_matrix("B", {"graft": 50, "host": 0}, 12),
]  # fmt: skip
CHEMISTRY = [{
    "sample": "A",
    "name": "10x 3' v3 / v3.1",
    "units": {u: {"read1_length": {"mode": 28}, "read2_length": {"mode": n}} for u, n in (("L1", 90), ("L2", 91))},
    "whitelist_overlap": {"v2": 0.01, "v3": 0.94, "v4": 0.0},
}]  # fmt: skip
ATTRITION = pd.DataFrame(
    [("A", "empty", 1000, 900, 100), ("A", "species", 100, 20, 80), ("A", "counts", 80, 5, 75),
     ("B", "empty", 10, 4, 6), ("B", "species", 6, 0, 6), ("B", "counts", 6, 1, 5)],
    columns=["sample", "step", "barcodes_before", "removed", "remaining"],
)  # fmt: skip
QUALITY = pd.DataFrame(
    [("A", "total_counts", 900.0), ("A", "n_genes", 366.5), ("B", "n_genes", 41.0)],
    columns=["sample", "measure", "median"],
)


def test_tables_say_what_happened():
    """Percentages, lanes' lengths, and nulls for a library without reads."""
    chemistry = report_reads.tabulate_chemistry(CHEMISTRY).iloc[0]
    assert (chemistry["lanes"], chemistry["read2_bp"], chemistry["on_v3_whitelist"]) == (2, "90/91", 94.0)
    counting = report_reads.tabulate_counting(AUDITS).set_index("Sample")
    assert counting.loc["A", ["mapped", "in_genes", "in_cells", "saturation", "host_umis"]].tolist() == [
        75.0,
        50.0,
        50.0,
        10.0,
        10.0,
    ]
    assert counting.loc["A", ["strand", "introns", "short_read1"]].tolist() == ["forward", "no", 3]
    assert np.isnan(counting.loc["B", "reads"]) and counting.loc["B", "umis"] == 50
    attrition = report_reads.tabulate_attrition(ATTRITION)
    assert attrition.columns.tolist() == ["Sample", "barcodes", "empty", "species", "counts", "kept"]
    assert attrition.values.tolist() == [["A", 1000, 900, 20, 5, 75], ["B", 10, 4, 0, 1, 5]]


def test_a_suspect_library_is_named_beside_its_numbers():
    """A column that a study without one doesn't have."""
    assert "doubt" not in report_reads.tabulate_counting(AUDITS)
    audits = [*AUDITS, AUDITS[0] | {"sample": "C", "reads_in_genes_fraction": 0.06}]
    counting = report_reads.sections(pd.DataFrame(), audits, {}, ATTRITION, QUALITY)["counting"]
    assert counting["data"]["C"]["doubt"].startswith("only 6.0% of the reads") and "doubt" not in counting["data"]["A"]
    assert counting["headers"]["doubt"] == {"title": "doubt"}


def test_samples_of_digits_or_na_keep_their_names(tmp_path, make_job, monkeypatch):
    """Numbers of tumours, and what pandas takes for missing."""
    ATTRITION.replace({"sample": {"A": "007", "B": "NA"}}).to_csv(tmp_path / "a.tsv", sep="\t", index=False)
    seen = []

    def look(chemistry, audits, curves, attrition, quality):
        seen.append(report_reads.tabulate_attrition(attrition))
        raise InterruptedError

    monkeypatch.setattr(report_reads, "sections", look)
    given = {
        "chemistry": [],
        "audits": [],
        "saturation": [],
        "sequali": [],
        "attrition": tmp_path / "a.tsv",
        "quality": [],
    }
    with pytest.raises(InterruptedError):
        report_reads.main(make_job(input=given))
    assert seen[0]["Sample"].tolist() == ["007", "NA"] and seen[0]["kept"].tolist() == [75, 5]


def test_sections_without_data_are_left_out():
    """A study of matrices alone has no chemistry and no saturation."""
    made = report_reads.sections(pd.DataFrame(), AUDITS[1:], {"B": audit.empty_curve()}, ATTRITION, QUALITY)
    assert set(made) == {"counting", "species", "attrition", "general"}
    assert "reads" not in made["counting"]["data"]["B"]


def test_one_page_is_made_offline(tmp_path, make_job, monkeypatch):
    """Sequali's lanes go by sample and unit; the tables hold our numbers; the data folder is the same twice and names
    no temporary path.
    """
    reads = tmp_path / "reads.fastq"
    reads.write_text("".join(f"@r{i}\n{'ACGGT' * 18}\n+\n{'F' * 90}\n" for i in range(100)))
    (tmp_path / "sequali").mkdir()
    sequali = tmp_path / "sequali" / "A.L1.R2.json"
    command = [Path(sys.executable).with_name("sequali"), "--json", sequali, "--html", tmp_path / "a.html", reads]
    subprocess.run(command, check=True, capture_output=True)
    for name, content in (("chemistry.json", CHEMISTRY[0]), ("A.audit.json", AUDITS[0]), ("B.audit.json", AUDITS[1])):
        (tmp_path / name).write_text(json.dumps(content))
    CURVE.to_csv(tmp_path / "A.tsv", sep="\t", index=False)
    audit.empty_curve().to_csv(tmp_path / "B.tsv", sep="\t", index=False)
    ATTRITION.to_csv(tmp_path / "attrition.tsv", sep="\t", index=False)
    QUALITY.to_csv(tmp_path / "quality.tsv", sep="\t", index=False)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    # A network call would wait for a proxy that nobody answers, and fail.
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    contents = []
    for run in ("one", "two"):
        report_reads.main(
            make_job(
                input={
                    "sequali": [sequali],
                    "chemistry": [tmp_path / "chemistry.json"],
                    "audits": [tmp_path / "A.audit.json", tmp_path / "B.audit.json"],
                    "saturation": [tmp_path / "A.tsv", tmp_path / "B.tsv"],
                    "attrition": tmp_path / "attrition.tsv",
                    "quality": [tmp_path / "quality.tsv"],
                },
                output={"html": tmp_path / f"{run}.html", "data": tmp_path / run},
            )
        )
        contents.append({path.name: path.read_text() for path in (tmp_path / run).iterdir()})
    data = tmp_path / "one"
    species = pd.read_csv(data / "multiqc_pr_species_plot.txt", sep="\t", index_col=0)
    assert species.loc["A"].to_dict() == {"graft": 90, "host": 10}
    verdicts = pd.read_csv(data / "multiqc_pr_attrition_plot.txt", sep="\t", index_col=0)
    assert verdicts.loc["A"].to_dict() == {"kept": 75, "empty": 900, "species": 20, "counts": 5}
    general = pd.read_csv(data / "multiqc_general_stats.txt", sep="\t", index_col=0)
    own = {name.split("-")[-1]: value for name, value in general.loc["A"].dropna().items()}
    assert own == {"cells": 75, "genes": 366.5, "host": 10, "saturation": 10}
    assert "saturation" not in {name.split("-")[-1] for name in general.loc["B"].dropna().index}
    versions = (data / "multiqc_software_versions.txt").read_text().lower()
    assert all(tool in versions for tool in ("kb-python", "scanpy", "multiqc", "sequali", "pyscenic"))
    assert pd.read_csv(data / "multiqc_sequali.txt", sep="\t")["Sample"].tolist() == ["A.L1"]
    page = (tmp_path / "one.html").read_text()
    for section in ("pr_chemistry", "pr_counting", "pr_species", "pr_saturation", "pr_attrition", "sequali"):
        assert f'id="{section}' in page, section
    assert contents[0] == contents[1]
    assert not any(str(tmp_path) in text for text in contents[0].values())
