"""rules/cells.smk on two small libraries: the wiring, what a changed setting repeats, and the report's figures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import in_process
import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SNAKEFILE = """
configfile: "config.yaml"

pathvars:
    results="results",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",

include: "rules/common.smk"
include: "rules/cells.smk"
"""
SAMPLES = """\
sample	model	timepoint	arm	replicate	assay	matrix
A1	A	untreated	untreated	1	scrna	A1.h5
B1	A	persister	cisplatin	1	scrna	B1.h5
"""
AUDIT = ["reads", "reads_mapped_fraction", "valid_barcode_fraction_of_mapped", "reads_in_genes_fraction"]
AUDIT += ["sequencing_saturation", "umis", "host_fraction_of_umis"]
"""What is told of counting, and isn't known of counts that are given."""


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake in the folder; return what it said."""
    said = in_process.snakemake(folder, "--cores", "1", "cells", *arguments)
    assert said.code == 0, said.text
    return said.text


@pytest.fixture(scope="module")
def study(simulate, droplet_settings, tmp_path_factory):
    """Return a folder in which the stage has run on two libraries."""
    folder = tmp_path_factory.mktemp("cells")
    # A copy of what the stage needs and a study of two samples around it.
    (folder / "Snakefile").write_text(SNAKEFILE)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "resources" / "captions", folder / "resources" / "captions")
    for name in ("envs", "resources/words", "config/schemas"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "resources" / "columns.tsv", folder / "resources")
    (folder / "rules").mkdir()
    for name in ("common", "cells"):
        shutil.copy(ROOT / "rules" / f"{name}.smk", folder / "rules")
    options = dict(droplet_settings)
    cells = {key: options.pop(key) for key in ("expected_cells", "seed")}
    cells |= {"empty_drops": options, "species": {"method": "ambient", "graft_min": 0.75, "host_max": 0.25}}
    cells |= {"ambient": {"subtract": False}}
    cells["doublets"] = {"enabled": False, "rate": "auto", "rate_per_1000_cells": 0.008}
    cells["doublets"] |= {"min_cells": 50, "min_species_fraction": 0.03}
    cells["qc"] = {"method": "fixed", "min_counts": 250, "max_counts": 100_000, "min_genes": 100, "max_genes": 9_000}
    cells["qc"] |= {"max_pct_mt": 25, "mads": 5}
    config = {
        "samples": "samples.tsv",
        "check_files": False,
        "timepoints": ["untreated", "persister"],
        "contrast": {"baseline": "untreated", "persister": "persister", "relapse": None},
        "arms": [{"arm": "untreated", "drugs": []}, {"arm": "cisplatin", "drugs": ["cisplatin"]}],
        "models": [{"model": "A", "arms": ["untreated", "cisplatin"]}],
        "cells": cells,
        "regulons": {"min_groups": 1},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "samples.tsv").write_text(SAMPLES)
    (folder / "results" / "counts").mkdir(parents=True)
    for number, sample in enumerate(["A1", "B1"]):
        library = simulate.simulate_library(seed=number, cells=120, empties=300)
        library.adata().write_h5ad(folder / "results" / "counts" / f"{sample}.h5ad")
        audit = {"sample": sample, **dict.fromkeys(AUDIT)}
        (folder / "results" / "counts" / f"{sample}.audit.json").write_text(json.dumps(audit))
    snakemake(folder)
    return folder


def test_every_promised_file_is_there(study):
    results = study / "results" / "cells"
    parts = ["h5ad", "host.h5ad", "droplets.parquet", "summary.json", "barnyard.tsv"]
    assert all((results / f"{sample}.{part}").stat().st_size for sample in ("A1", "B1") for part in parts)
    table = pd.read_csv(results / "attrition.tsv", sep="\t")
    assert list(table.columns) == [
        "sample",
        "model",
        "timepoint",
        "arm",
        "step",
        "barcodes_before",
        "removed",
        "remaining",
        "lost_share",
        "warning",
    ]
    assert set(table["arm"]) == {"untreated", "cisplatin"}
    for name in ("attrition_by_arm.tsv", "species_rules.tsv", "libraries.tsv", "figures/attrition.png"):
        assert (results / name).stat().st_size
    assert (study / "results" / "logs" / "filter_cells" / "A1.log").read_text()
    assert (study / "results" / "benchmarks" / "call_cells" / "B1.tsv").exists()


def test_nothing_is_left_to_do(study):
    assert "Nothing to be done" in snakemake(study, "--dry-run")


def test_changed_quality_cut_doesnt_repeat_the_costly_test(study):
    said = snakemake(study, "--dry-run", "--config", "cells={qc: {min_counts: 300}}")
    assert "rule filter_cells:" in said and "rule draw_cells:" in said
    assert "rule call_cells:" not in said


def test_changed_ambient_pool_repeats_all(study):
    said = snakemake(study, "--dry-run", "--config", "cells={empty_drops: {ambient_max_counts: 90}}")
    assert "rule call_cells:" in said and "rule filter_cells:" in said


def test_figures_come_into_the_report_with_their_captions(study):
    snakemake(study, "--report", "report.html")
    report = (study / "report.html").read_text()
    assert "Droplets with cells by their UMIs of graft and host" in report
