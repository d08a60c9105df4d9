"""rules/clusters.smk on two small models: the wiring, what a changed setting repeats, and the report's figures."""

from __future__ import annotations

import html
import shutil
from pathlib import Path

import in_process
import numpy as np
import pandas as pd
import pytest
import yaml

from scripts.figure import words

ROOT = Path(__file__).parents[2]
SNAKEFILE = """
configfile: "config.yaml"

pathvars:
    results="results",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",

include: "rules/common.smk"
include: "rules/clusters.smk"
"""
LIBRARIES = [
    ("A1", "A", "untreated", [("a", 60), ("b", 50)]),
    ("A3", "A", "relapse", [("a", 60), ("b", 50)]),
    ("A2", "A", "persister", [("a", 30), ("c", 30)]),
    ("A2b", "A", "persister", [("a", 20), ("c", 20)]),
    ("B1", "B", "untreated", [("a", 4)]),
]
"""Sample, model, timepoint, and cells of each state; timepoints aren't in order."""
MODELS = {"A": ["untreated", "persister", "relapse"], "B": ["untreated"]}


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake in the folder; return what it said."""
    said = in_process.snakemake(folder, "--cores", "1", "clusters", *arguments)
    assert said.code == 0, said.text
    return said.text


@pytest.fixture(scope="module")
def study(simulator, settings, tmp_path_factory):
    """Return a folder in which the stage has run on two models, one of them of four cells."""
    folder = tmp_path_factory.mktemp("clusters")
    (folder / "Snakefile").write_text(SNAKEFILE)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "resources").mkdir()
    shutil.copy(ROOT / "resources" / "columns.tsv", folder / "resources")
    for name in ("captions", "genesets", "words"):
        shutil.copytree(ROOT / "resources" / name, folder / "resources" / name)
    shutil.copytree(ROOT / "config" / "schemas", folder / "config" / "schemas")
    (folder / "rules").mkdir()
    for name in ("common", "clusters"):
        shutil.copy(ROOT / "rules" / f"{name}.smk", folder / "rules")
    (folder / "envs").mkdir()
    for name in ("python", "figures"):
        (folder / "envs" / f"{name}.yaml").write_text("dependencies: []\n")
    config = {
        "samples": "samples.tsv",
        "check_files": False,
        "timepoints": MODELS["A"],
        "contrast": {"baseline": "untreated", "persister": "persister", "relapse": "relapse"},
        "arms": [{"arm": "untreated", "drugs": []}, {"arm": "AC", "drugs": ["doxorubicin"]}],
        "models": [{"model": model, "arms": ["untreated", "AC"]} for model in MODELS],
        "clusters": settings,
        "regulons": {"min_groups": 1},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    (folder / "results" / "cells").mkdir(parents=True)
    rng, rows = np.random.default_rng(0), []
    for number, (sample, model, timepoint, groups) in enumerate(LIBRARIES):
        arm = "untreated" if timepoint == "untreated" else "AC"
        cells = simulator.cells(groups, rng, sample=sample, model=model, timepoint=timepoint, arm=arm)
        cells.write_h5ad(folder / "results" / "cells" / f"{sample}.h5ad")
        row = {"sample": sample, "model": model, "timepoint": timepoint, "arm": arm, "replicate": number}
        rows.append(row | {"assay": "scrna", "matrix": f"{sample}.h5", "column": ""})
    pd.DataFrame(rows).to_csv(folder / "samples.tsv", sep="\t", index=False)
    snakemake(folder)
    return folder


def test_every_promised_file_is_there(study):
    results = study / "results" / "clusters"
    for model, timepoints in MODELS.items():
        for name in ("cells.tsv.gz", "clusters.tsv", "links.tsv", "similarity.tsv"):
            assert (results / model / name).stat().st_size
        for timepoint in timepoints:
            for name in ("h5ad", "markers.tsv", "stability.tsv"):
                assert (results / model / f"{timepoint}.{name}").stat().st_size
    for rule, wildcards in (("cluster_cells", "A_relapse"), ("embed_model", "B"), ("link_clusters", "A")):
        assert (study / "results" / "logs" / rule / f"{wildcards}.log").exists()
        assert (study / "results" / "benchmarks" / rule / f"{wildcards}.tsv").exists()
    for figure in ("umap", "stability", "flow"):
        assert all((results / "figures" / f"{figure}.{end}").stat().st_size for end in ("json", "png", "svg"))


def test_samples_of_a_timepoint_are_together_and_timepoints_in_the_order_of_the_config(study):
    cells = pd.read_csv(study / "results" / "clusters" / "A" / "cells.tsv.gz", sep="\t")
    assert cells["timepoint"].unique().tolist() == MODELS["A"]
    assert cells.groupby("timepoint")["sample"].unique().map(sorted).to_dict()["persister"] == ["A2", "A2b"]
    links = pd.read_csv(study / "results" / "clusters" / "A" / "links.tsv", sep="\t")
    steps = links[["timepoint_from", "timepoint_to"]].drop_duplicates().to_numpy().tolist()
    assert steps == [["untreated", "persister"], ["persister", "relapse"]]


def test_logs_say_why_there_is_one_cluster(study):
    log = (study / "results" / "logs" / "cluster_cells" / "B_untreated.log").read_text()
    assert "one cluster: 4 cells, fewer than clusters/min_cells (50)" in log
    assert "no markers: one cluster" in log
    assert "two are needed" in (study / "results" / "logs" / "link_clusters" / "B.log").read_text()
    assert "A2" in (study / "results" / "logs" / "cluster_cells" / "A_persister.log").read_text()


def test_nothing_is_left_to_do(study):
    assert "Nothing to be done" in snakemake(study, "--dry-run")


@pytest.mark.parametrize(
    ("change", "repeated", "spared"),
    [
        ("resolutions: [0.5]", ["cluster_cells", "link_clusters", "draw_clusters"], ["embed_model"]),
        ("links: {min_score: 0.7}", ["link_clusters", "draw_clusters"], ["embed_model", "cluster_cells"]),
        ("n_pcs: 10", ["embed_model", "cluster_cells", "link_clusters", "draw_clusters"], []),
    ],
)
def test_a_changed_setting_repeats_what_hangs_on_it(study, change, repeated, spared):
    said = snakemake(study, "--dry-run", "--config", f"clusters={{{change}}}")
    assert all(f"rule {name}:" in said for name in repeated)
    assert not any(f"rule {name}:" in said for name in spared)


def test_figures_come_into_the_report_with_their_captions(study):
    snakemake(study, "--report", "report.html")
    report = html.unescape((study / "report.html").read_text()).replace("’", "'")
    figures = words.read("clusters")["figures"]
    assert set(figures) == {"umap", "stability", "flow"}
    for name, told in figures.items():
        assert told["title"] in report and told["question"] in report, name
    assert "clusterings of random 80% of them" in report and "dashed line (0.6)" in report


def test_rules_run_on_one_thread(study):
    # results must not depend on the number of threads; BLAS and UMAP may otherwise add up in another order
    text = (study / "rules" / "clusters.smk").read_text()
    assert "threads:" not in text and text.count("    script:\n") == 4
