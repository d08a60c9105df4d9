"""Regulons of the user's: read, checked against the study, and scored without any inference."""

from __future__ import annotations

import shutil
from pathlib import Path

import anndata
import in_process
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import sparse

from scripts.base import job
from scripts.regulons import take_regulons

ROOT = Path(__file__).parents[2]
GENES = ["FOSL1", "JUN", "MYC", *(f"G{i}" for i in range(197))]
SETS = {"FOSL1(+)": ["FOSL1", *GENES[3:23]], "JUN_targets": GENES[23:43], "hypoxia response": GENES[43:63]}


def write_gmt(path: Path, sets: dict[str, list[str]]) -> Path:
    path.write_text("".join("\t".join([name, "", *genes]) + "\n" for name, genes in sets.items()))
    return path


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("FOSL1(+)", "FOSL1"),
        ("FOSL1(-)", "FOSL1"),
        ("FOSL1 (+)", "FOSL1"),
        ("FOSL1", "FOSL1"),
        ("FOSL1_targets", "FOSL1"),
        ("AP1_targets", "AP1_targets"),
        ("HLA-DRA_up", "HLA-DRA_up"),
    ],
)
def test_a_factor_by_its_regulon_s_name(name, factor):
    assert take_regulons.factor_of(name, {"FOSL1", "JUN"}) == factor


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no regulon in the file"),
        ("A(+)\tx\tG1\nB(+)\tx\n", "row 2: no name or no target"),
        ("A(+)\tx\tG1\n\nA(+)\tx\tG2\n", r"row 3: regulon 'A\(\+\)' is given twice"),
        ("A(+) x G1 G2\n", "row 1: no name or no target"),
    ],
)
def test_what_is_no_gmt_is_refused_with_its_row(tmp_path, text, words):
    (tmp_path / "own.gmt").write_text(text)
    with pytest.raises(job.UserError, match=words):
        take_regulons.read_gmt(tmp_path / "own.gmt")


def test_targets_of_another_naming_are_refused_and_few_unknown_ones_told(caplog):
    known = set(GENES)
    with pytest.raises(job.UserError, match=r"knows 33% of 15 targets; unknown: ENSG0, ENSG1"):
        take_regulons.take({"A": [*GENES[:5], *(f"ENSG{i}" for i in range(10))]}, known, set(), 3, "own.gmt")
    edges = take_regulons.take({"A": [*GENES[:7], "x", "y", "z"], "B": GENES[:2]}, known, set(), 3, "own.gmt")
    assert edges["regulon"].unique().tolist() == ["A"] and len(edges) == 7 and (edges["weight"] == 1).all()
    assert "knows 70% of 10 targets" in caplog.text and "1 of 2 regulons have fewer than 3 known targets" in caplog.text
    with pytest.raises(job.UserError, match="no regulon has 20 known targets"):
        take_regulons.take({"A": GENES[:7]}, known, set(), 20, "own.gmt")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A study of two models whose cells are kept and clustered; FOSL1's targets rise in persisters. No database."""
    folder = tmp_path_factory.mktemp("given")
    for name in ("config", "resources"):
        shutil.copytree(ROOT / name, folder / name)
    rng = np.random.default_rng(0)
    sheet, results = [], folder / "results"
    (results / "cells").mkdir(parents=True)
    for model in ("P1", "P2"):
        clusters = []
        for timepoint in ("untreated", "persister"):
            sample = f"{model}_{timepoint}"
            rate = np.full(len(GENES), 2.0)
            if timepoint == "persister":
                rate[3:23] *= 2
            counts = sparse.csr_matrix(rng.poisson(rate, (60, len(GENES))).astype(np.int32))
            labels = {"sample": sample, "model": model, "timepoint": timepoint, "replicate": "1"}
            labels["arm"] = "untreated" if timepoint == "untreated" else "drug"
            obs = pd.DataFrame(labels, index=[f"{sample}:{i}" for i in range(60)])
            cells = anndata.AnnData(counts, obs=obs, var=pd.DataFrame({"gene_id": GENES}, index=GENES))
            cells.write_h5ad(results / "cells" / f"{sample}.h5ad")
            cells.write_h5ad(folder / f"{sample}.h5ad")
            sheet.append(labels | {"assay": "scrna", "matrix": f"{sample}.h5ad"})
            clusters.append(pd.DataFrame({"cell": obs.index, "cluster": "0"}))
        (results / "clusters" / model).mkdir(parents=True)
        pd.concat(clusters).to_csv(results / "clusters" / model / "cells.tsv.gz", sep="\t", index=False)
    pd.DataFrame(sheet).to_csv(folder / "samples.tsv", sep="\t", index=False)
    write_gmt(folder / "own.gmt", SETS)
    (folder / "tfs.txt").write_text("FOSL1\nJUN\nMYC\n")
    arms = [{"arm": "untreated", "drugs": []}, {"arm": "drug", "drugs": ["drug"]}]
    config = {
        "samples": "samples.tsv",
        "units": None,
        "references": None,
        "timepoints": ["untreated", "persister"],
        "contrast": {"baseline": "untreated", "persister": "persister", "relapse": None},
        "arms": arms,
        "models": [{"model": model, "arms": ["untreated", "drug"]} for model in ("P1", "P2")],
        "regulons": {"given": {"path": "own.gmt"}, "tfs": {"path": "tfs.txt"}},
    }
    (folder / "own.yaml").write_text(yaml.safe_dump(config))
    return folder


def snakemake(folder: Path, *arguments: str) -> str:
    given = ["--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder), "--configfile", "own.yaml"]
    given += ["--rerun-triggers", "mtime", "--cores", "1"]
    said = in_process.snakemake(folder, *given, *arguments)
    assert said.code == 0, said.text
    return said.text


ALLOWED = ["provide_gene_list", "provide_tfs", "take_regulons", "select_expression", "scale_genes", "score_activity"]
ALLOWED += ["describe_activity", "tabulate_activity", "draw_regulons"]
"""What runs on kept and clustered cells."""
ASKED = ["results/regulons/thresholds.tsv", "results/regulons/samples.tsv", "results/regulons/figures"]


def test_nothing_is_inferred_and_no_database_asked_for(study):
    text = snakemake(study, "--dry-run", "programme")
    assert "take_regulons" in text and "score_activity" in text and "rank_switches" in text
    for rule in ("infer_network", "prune_modules", "check_databases", "consensus_over_models", "provide_database"):
        assert rule not in text, rule


def test_given_regulons_are_scored_and_told(study):
    snakemake(study, *ASKED, "--allowed-rules", *ALLOWED)
    edges = pd.read_csv(study / "results" / "regulons" / "consensus.tsv", sep="\t")
    assert edges.columns.tolist() == ["regulon", "tf", "target", "weight", "seeds", "groups"]
    factors = dict(zip(edges["regulon"], edges["tf"], strict=True))
    assert factors == {"FOSL1(+)": "FOSL1", "JUN_targets": "JUN", "hypoxia response": "hypoxia response"}
    samples = pd.read_csv(study / "results" / "regulons" / "samples.tsv", sep="\t")
    means = samples.pivot_table(index="regulon", columns="timepoint", values="activity")
    change = means["persister"] / means["untreated"]
    assert change["FOSL1(+)"] > 1.5 and change["JUN_targets"] < 1.1 and len(samples) == 12
    own = pd.read_csv(study / "results" / "regulons" / "thresholds.tsv", sep="\t").set_index("regulon")["mrna_r"]
    assert own["FOSL1(+)"].abs().max() < 0.3 and own["hypoxia response"].isna().all()
