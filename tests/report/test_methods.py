"""The methods text: what it says of the steps is what they did in this study, and a package that isn't here is no
error.
"""

import dataclasses
import json
from importlib.metadata import PackageNotFoundError

import pandas as pd
import pytest
from made_up import ROOT, Results
from made_up_evidence import everything

from scripts.cells.assign_pool import assign, summarise
from scripts.report import methods
from scripts.report.source import Source

NETWORK = {"network": {"path": "network.tsv"}}


def summary(host: bool, *, rate: str = "mixed droplets", method: str = "knee and test") -> dict:
    """Return of a library's summary what methods are told by."""
    known = 0.05 if host else None
    return {
        "mixed_rate": known, "ambient_fraction": known, "droplets_method": method,
        "doublet_rate": {"per_droplet": 0.05, "source": rate},
    }  # fmt: skip


def with_cells(source: Source, *summaries: dict, **cells) -> Source:
    """Return a study of as many libraries as there are summaries; ``cells`` changes that stage's settings."""
    samples = source.samples.iloc[: len(summaries)]
    files = {f"cells/{sample}.summary.json": one for sample, one in zip(samples["sample"], summaries, strict=True)}
    for path, content in files.items():
        (source.root / path).parent.mkdir(exist_ok=True)
        (source.root / path).write_text(json.dumps(content))
    config = source.config | {"cells": source.config["cells"] | cells}
    return dataclasses.replace(source, samples=samples, files=source.files | set(files), config=config)


def paragraph(source: Source, name: str) -> str:
    """Return the paragraph with a name; empty if there is none."""
    found = [text for text in methods.write(source)[0] if text.startswith(f"**{name}.**")]
    return found[0] if found else ""


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Source:
    """Return made-up results of three models with libraries."""
    return Results(tmp_path_factory.mktemp("cells"), settings=NETWORK, tables=everything()).write()


@pytest.fixture(scope="module")
def profiles(tmp_path_factory) -> Source:
    """Return made-up results of three models with profiles alone."""
    tables = everything()
    tables["profile_activity.tsv"] = tables["activity.tsv"]
    return Results(tmp_path_factory.mktemp("profiles"), "profile", NETWORK, tables=tables).write()


# --- Versions ---


@pytest.fixture
def nothing_installed(monkeypatch):
    """Leave no package in this environment."""

    def version(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(methods, "version", version)


def test_a_package_of_another_environment_has_the_version_pinned_there(nothing_installed, tmp_path):
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "qc.yaml").write_text("dependencies:\n  - multiqc=1.35\n  - sequali=1.0.2  # reads\n")
    (tmp_path / "requirements.lock").write_text("multiqc==9 \\\n    --hash=sha256:0\nkb-python==0.30.2 \\\n")
    assert methods.named("sequali", "Sequali", tmp_path) == "Sequali 1.0.2"
    assert methods.named("multiqc", root=tmp_path) == "multiqc 1.35"
    assert methods.named("kb-python", root=tmp_path) == "kb-python 0.30.2"
    assert methods.named("qc", "QC", tmp_path) == "QC"


@pytest.mark.parametrize(
    "package",
    [
        "snakemake",
        "sequali",
        "multiqc",
        "kb-python",
        "scanpy",
        "pyscdblfinder",
        "infercnvpy",
        "pyscenic",
        "decoupler",
        "pylimma",
    ],
)
def test_the_workflows_own_pins_know_every_package_that_is_named(nothing_installed, package):
    assert f'named("{package}"' in (ROOT / "resources" / "report" / "methods.j2").read_text()
    assert methods.named(package).removeprefix(f"{package} ")[0].isdigit()


def test_a_package_without_any_version_is_named_alone(nothing_installed, source, monkeypatch, tmp_path):
    monkeypatch.setattr(methods.named, "__defaults__", ("", tmp_path))
    text = " ".join(methods.write(source)[0])
    assert "with Snakemake [1] under" in text and "in pyscdblfinder, at" in text and " )" not in text


# --- Paragraphs ---


def test_each_paragraph_stands_by_itself(source):
    names = [text.split(".**")[0].removeprefix("**") for text in methods.write(source)[0] if text.startswith("**")]
    assert names == [
        *("Cells", "Clusters", "Regulons", "Switches", "Expression", "Published signatures", "Growth"),
        *("Panels as assays", "Evidence and checks"),
    ]


def test_numbers_of_references_have_a_reference(source, profiles):
    for study in (source, profiles):
        text, references = methods.write(study)
        assert "@" not in " ".join(text) and f"{len(references)}" in " ".join(text)


def test_ambient_rna_is_measured_where_there_is_a_host(source):
    text = paragraph(with_cells(source, summary(True), summary(True)), "Cells")
    assert "Ambient RNA was measured from host UMIs in tumour cells and left" in text and "no host" not in text
    assert "at the rate that mixed droplets show;" in text


def test_pools_are_told_by_what_told_their_samples(source):
    """One pool by a table, one by reads of its tags; a study without pools says nothing of them."""
    both = {"P": {"assignments": "a.tsv"}, "Q": {"hashtag_reads": {"fq1": ["a"], "fq2": ["b"], "sequences": "c"}}}
    study = with_cells(source, summary(True), summary(True), pools=both)
    labels = pd.Series(["H1"] * 60 + ["H2"] * 30 + ["two tags"] * 8 + ["unassigned"] * 2)
    tags = {"H1": "S1", "H2": "S2"}
    for pool in both:
        path = study.root / f"cells/{pool}.pool.tsv"
        summarise(pool, assign(labels, tags), 1_000, tags).to_csv(path, sep="\t", index=False)
    study = dataclasses.replace(study, files=study.files | {f"cells/{pool}.pool.tsv" for pool in both})
    text = paragraph(study, "Cells")
    assert "2 libraries held 4 samples together." in text
    assert "by a table of assignments (1 of 2 libraries) or by their counts of tags, with hashsolo" in text
    assert "tags were counted from their reads with the kite workflow of kb-python" in text
    assert "4 cells without a tag and 16 with two were left out" in text
    only = dataclasses.replace(study, config=study.config | {"cells": study.config["cells"] | {"pools": {}}})
    assert "then given to samples by their counts of tags, with hashsolo" in paragraph(only, "Cells")
    assert "hashsolo" not in paragraph(with_cells(source, summary(True)), "Cells")


def test_without_a_host_nothing_is_said_to_be_told_by_it(source):
    study = with_cells(source, summary(False, rate="cells loaded"), ambient={"subtract": True})
    text = paragraph(study, "Cells")
    assert "There was no host." in text and "could not be measured without UMIs of a host" in text
    assert "mixed droplets" not in text and "taken out" not in text
    assert "the number of droplets with cells implies (0.8 % per 1,000, or 0.4 % with GEM-X and HT kits);" in text


def test_where_libraries_differ_each_statement_says_of_how_many(source):
    study = with_cells(source, summary(True), summary(True), summary(False, rate="cells loaded", method="all"))
    text = paragraph(study, "Cells")
    assert "in tumour cells (2 of 3 libraries)" in text and "Monte-Carlo test (2 of 3 libraries)" in text
    assert "mixed droplets show (2 of 3 libraries) or the number of droplets with cells implies" in text
    assert "1 library had no empty droplets: all barcodes were taken as cells." in text


def test_a_rate_given_is_the_rate_told(source):
    doublets = source.config["cells"]["doublets"] | {"rate": 0.06}
    text = paragraph(with_cells(source, summary(True, rate="config"), doublets=doublets), "Cells")
    assert "at a rate of 0.06;" in text and "mixed droplets show" not in text


def test_clusters_are_described_as_they_are_made(source):
    text = paragraph(source, "Clusters")
    assert "10,000 per cell" not in text and "median UMIs" in text
    assert "gave up to 20 principal components" in text and "on genes and components of its own" in text


def test_verdicts_of_a_study_of_profiles_are_explained_in_its_own_unit(profiles):
    text = paragraph(profiles, "Switches")
    assert (
        "factors whose targets a network names" in text
        and "shared switch (shared, that is 3 models or more, a false discovery rate" in text
    )
    assert "between the cells" not in text and "regulons" not in text
    assert not paragraph(profiles, "Clusters") and not paragraph(profiles, "Regulons")


@pytest.mark.parametrize("sd, unit", [(0.3, "standard deviations between replicates"), (None, "units of the score")])
def test_without_replicates_there_is_no_standard_deviation(tmp_path, sd, unit):
    tables = everything()
    tables["profile_activity.tsv"] = tables["activity.tsv"].assign(sd=sd)
    study = Results(tmp_path, "profile", NETWORK, tables=tables).write()
    assert f"a change beyond 0.5 {unit}" in paragraph(study, "Switches")


def test_variances_are_moderated_where_there_are_enough_regulons(source):
    assert "moderated over regulons" not in paragraph(source, "Switches")
    many = pd.DataFrame({"regulon": [f"T{i}(+)" for i in range(30)], "tf": [f"T{i}" for i in range(30)]})
    folder = source.root / "many" / "switches"
    folder.mkdir(parents=True)
    many.assign(perturbation_share=None).to_csv(folder / "switches.tsv", sep="\t", index=False)
    study = Source(folder.parent, frozenset({"switches/switches.tsv"}), source.config, source.samples)
    assert "moderated over regulons" in paragraph(study, "Switches")


def test_platforms_apart_are_compared_without_voom(tmp_path):
    texts = {}
    for platforms in ("together", "separate"):
        study = Results(tmp_path / platforms, "profile", {**NETWORK, "platforms": platforms}, tables=everything())
        texts[platforms] = paragraph(study.write(), "Expression")
    assert "by voom" in texts["together"] and "platform apart" not in texts["together"]
    assert "by voom" not in texts["separate"] and "on each platform apart" in texts["separate"]


def test_a_study_without_a_signature_claims_none(tmp_path):
    tables = {"differential_expression.tsv": everything()["differential_expression.tsv"]}
    text = paragraph(Results(tmp_path, tables=tables).write(), "Expression")
    assert "The signature has" not in text and "was tried on" not in text


def test_factors_are_silenced_in_the_profiles_of_all_timepoints(source, profiles):
    assert "each patient's persister cells, after" in paragraph(source, "Evidence and checks")
    text = paragraph(profiles, "Evidence and checks")
    assert "each patient's profiles, those of each timepoint around their own mean, after" in text


def test_relabellings_are_told_as_many_as_there_were(tmp_path):
    tables = everything()
    tables["markers_panels.tsv"]["n_permutations"] = 4
    text = paragraph(Results(tmp_path, tables=tables).write(), "Evidence and checks")
    assert "with 3 ways of flipping the signs of whole models" in text


@pytest.mark.parametrize("genes", [0, 1, 3])
def test_genes_to_distrust_are_told_where_there_are_any(tmp_path, genes):
    tables = everything()
    table = tables["differential_expression.tsv"]
    tables["differential_expression.tsv"] = table.assign(distrusted=["yes"] * genes + ["no"] * (len(table) - genes))
    text = paragraph(Results(tmp_path, tables=tables).write(), "Expression")
    said = f"{genes} gene{'s' if genes > 1 else ''} of which droplets of one species showed that 10 % or more"
    assert (said in text) is bool(genes) and ("left out of the signature" in text) is bool(genes)
