"""What a change of a finished study makes again: the jobs that it is about, all that come after them, and no other.

The jobs that a change is about are stated here. What comes after them is told by the graph, so that a new rule at the
end of it needs no word here, and a rule that reads a setting which isn't its own fails.
"""

import os
import shutil

import pytest
from finished import CHANGED, NEW, ROOT, Project

LIBRARIES = ["HBCx95_untreated", "HBCx95_capecitabine", "HBCx218_untreated", "HBCx218_AC"]
N, PATIENTS, SEEDS, CHUNKS = len(LIBRARIES), 2, 3, 2
PER_LANE = ("check_reads", "measure_quality")
PER_LIBRARY = (
    "detect_chemistry",
    "count_kb",
    "collect_counts",
    "audit_bus",
    "call_cells",
    "filter_cells",
)
PER_GROUP = ("select_expression", "mean_network", "prune_modules", "consensus_over_seeds")
PER_SEED = {"infer_network": SEEDS * CHUNKS, "join_networks": SEEDS}
PER_MODEL = ("embed_model", "link_clusters")
AFTER_CONSENSUS = (
    "score_activity",
    "score_at_equal_depth",
    "describe_activity",
    "resample_thresholds",
    "score_families",
)
OF_ACTIVITY = ("simulate_perturbations", "measure_confounders", "export_model")
"""What is done for each model once the activity of its cells is known."""
STAGES = {
    "reads": {"join_genomes", "index_kb", "check_reads"},
    "counts": {"detect_chemistry"},
    "cells": {"count_kb", "collect_counts"},
    "clusters": {"audit_bus", "call_cells", "filter_cells"},
    "regulons": {*PER_MODEL, "cluster_cells"},
    "profiles": {
        *PER_SEED,
        *PER_GROUP,
        "check_databases",
        "consensus_over_models",
        "score_activity",
        "describe_activity",
    },
    "switches": {"aggregate_pseudobulk", "join_profiles", "compare_activity", "learn_signature"},
    "stroma": {"rank_switches", "find_markers"},
    "growth": set(),
    "biopsy": set(),
    "report": {"freeze_reference", "score_biopsy"},
}
"""What a change of a stage's settings leaves as it is, next to what the stages before it in this list leave."""
DRAWN = tuple(
    sorted(
        f"draw_{path.parent.name}"
        for path in (ROOT / "scripts").glob("*/figures.py")
        if "FIGURES" in path.read_text() and path.parent.name not in ("chromatin", "perturbations")
    )
)
"""The figures of a stage, all at once; the study has neither peaks nor perturbations."""
TOLD = ("plot_rulegraph", "archive_report", "make_report", "make_manifest", "make_crate")
"""What tells of a study's figures and settings."""
OF_SHEET = "draw_design"
"""The figure of the design, which reads the samples sheet and no result."""
JOINS = (
    *(name for name in DRAWN if name != OF_SHEET),
    "tabulate_attrition",
    "report_reads",
    "aggregate_pseudobulk",
    "compare_stroma",
    "plot_rulegraph",
)


@pytest.fixture(scope="session")
def done(tmp_path_factory) -> Project:
    """Return a finished study."""
    project = Project.make(tmp_path_factory.mktemp("finished"))
    project.finish()
    return project


@pytest.fixture
def finished(done, tmp_path) -> Project:
    """Return a copy of the finished study in another place, times kept, to be changed by the test."""
    return done.copy(tmp_path / "copy")


def check(project: Project, changed: dict[str, int], new: dict[str, int] | None = None):
    """Check that exactly these jobs are to do for a reason of their own, and all that comes after them; return all."""
    answer = project.ask()
    found = answer.count(CHANGED)
    # The study is looked at again whenever it differs in what the look depends on; page and manifest tell all settings,
    # figures have the colours of all names in the config, and their words.
    # Nothing follows from that.
    for rule in ("check_study", "make_report", "make_manifest", "draw_biopsy", *DRAWN):
        found.pop(rule, None)
    assert (found, answer.count(NEW)) == (changed, new or {}), answer.reasons()
    assert answer.count() == answer.after(CHANGED, NEW), answer.reasons()
    return answer


def library(project: Project, sample: str, model: str, timepoint: str, arm: str) -> None:
    """Add a library of one lane to both sheets."""
    row = {"sample": sample, "model": model, "timepoint": timepoint, "arm": arm, "replicate": "1", "assay": "scrna"}
    project.add("samples", row)
    lane(project, sample, "L001")


def lane(project: Project, sample: str, unit: str) -> None:
    """Add a lane."""
    reads = {f"fq{mate}": f"data/more/{sample}_{unit}_R{mate}.fastq.gz" for mate in (1, 2)}
    project.add("units", {"sample": sample, "unit": unit, **reads})


def test_a_finished_study_has_nothing_to_do_wherever_it_lies(finished):
    """The copy lies in another folder: no path of this machine is part of what a job depends on."""
    answer = finished.ask()
    assert answer.count() == {}, answer.reasons()
    made = {job.rule for job in answer.jobs}
    assert {"join_genomes", *PER_LIBRARY, *PER_LANE, *PER_GROUP, *JOINS, OF_SHEET, "make_report"} <= made


@pytest.mark.parametrize(
    "arguments",
    [
        ("--cores", "7", "--set-threads", "count_kb=3", "infer_network=1", "--set-resources", "count_kb:mem_mb=9"),
        ("--profile", "config/profiles/local"),
        ("--profile", "config/profiles/slurm"),
    ],
    ids=["threads and memory", "local", "slurm"],
)
def test_how_a_study_is_run_changes_nothing(finished, arguments):
    assert "Nothing to be done" in finished.snakemake("--dry-run", *arguments)


def test_what_says_nothing_about_results_changes_nothing(finished):
    finished.set("check_files", False)
    config = finished.config
    finished.write_config(dict(reversed(config.items())))
    check(finished, {})


def test_a_newer_copy_of_genomes_and_databases_changes_nothing(finished):
    """They are of a size that Snakemake doesn't compare by content."""
    for path in finished.references:
        os.utime(finished.folder / path)
    assert check(finished, {}).count() == {}


@pytest.mark.parametrize(
    ("key", "rule"), [("motif_annotations", "provide_motifs"), ("tfs", "provide_tfs")], ids=["motif table", "factors"]
)
def test_another_file_in_the_place_of_a_reference_is_heeded(finished, key, rule):
    """Under a name that stays the same in the results: the network is inferred again from what is now linked there."""
    before = finished.config["regulons"][key]["path"]
    shutil.copy(finished.folder / before, finished.folder / f"{before}.new")
    finished.set(f"regulons.{key}.path", f"{before}.new")
    answer = check(finished, {rule: 1})
    assert answer.count()["check_databases"] == 1
    assert answer.count()["prune_modules"] == PATIENTS
    assert "count_kb" not in answer.count()


def test_a_new_copy_of_reads_is_counted_anew(finished):
    """The counterpart: reads that came again may be others."""
    first = finished.read("units").iloc[0]
    os.utime(finished.folder / first["fq1"])
    answer = check(finished, {"check_reads": 1, "detect_chemistry": 1})
    assert answer.count()["check_study"] == 1, "reads that were broken may have been mended"
    others = [job for job in answer.jobs if job.why and job.wildcards.get("sample", first["sample"]) != first["sample"]]
    assert others == []


def test_a_biopsy_of_a_known_patient(finished):
    """A relapse of HBCx95: its own jobs, the patient's clusters and networks, and what joins."""
    library(finished, "HBCx95_relapse", "HBCx95", "relapse", "capecitabine")
    answer = check(finished, {}, {"check_reads": 1, "detect_chemistry": 1})
    assert answer.count()[OF_SHEET] == 1
    assert answer.count(sample="HBCx95_relapse") == dict.fromkeys((*PER_LANE, *PER_LIBRARY), 1)
    assert answer.count(model="HBCx95") == dict.fromkeys((*PER_MODEL, *OF_ACTIVITY), 1) | {"cluster_cells": 3}
    assert answer.count(group="HBCx95") == dict.fromkeys((*PER_GROUP, *AFTER_CONSENSUS), 1) | PER_SEED
    check_others(answer, samples=LIBRARIES, patients=["HBCx218"])


def test_a_biopsy_of_a_new_patient(finished):
    config = finished.config
    config["models"].append({"model": "HBCx7", "arms": ["untreated", "AC"]})
    finished.write_config(config)
    library(finished, "HBCx7_untreated", "HBCx7", "untreated", "untreated")
    library(finished, "HBCx7_AC", "HBCx7", "persister", "AC")
    answer = check(finished, {}, {"check_reads": 2, "detect_chemistry": 2})
    for sample in ("HBCx7_untreated", "HBCx7_AC"):
        assert answer.count(sample=sample) == dict.fromkeys((*PER_LANE, *PER_LIBRARY), 1)
    assert answer.count(model="HBCx7") == dict.fromkeys((*PER_MODEL, *OF_ACTIVITY), 1) | {"cluster_cells": 2}
    assert answer.count(group="HBCx7") == dict.fromkeys((*PER_GROUP, *AFTER_CONSENSUS), 1) | PER_SEED
    check_others(answer, samples=LIBRARIES, patients=["HBCx95", "HBCx218"])


def test_a_lane_more(finished):
    """A library topped up: its lane is checked, it is counted again; its other lane and other libraries stay."""
    lane(finished, "HBCx95_untreated", "L003")
    answer = check(finished, {"detect_chemistry": 1}, {"check_reads": 1})
    assert answer.count(sample="HBCx95_untreated") == dict.fromkeys((*PER_LANE, *PER_LIBRARY), 1)
    assert answer.count(unit="L003") == dict.fromkeys(PER_LANE, 1) and OF_SHEET not in answer.count()
    check_others(answer, samples=["HBCx95_capecitabine", "HBCx218_untreated", "HBCx218_AC"], patients=["HBCx218"])


def check_others(answer, samples: list[str], patients: list[str]) -> None:
    """Check that of these nothing is done again but their activity, by a consensus that may have changed; and that what
    joins samples or patients is done once.
    """
    assert [sample for sample in samples if answer.count(sample=sample)] == []
    assert "score_biopsy" not in answer.count(), "biopsies that were scored stay so"
    for patient in patients:
        assert answer.count(model=patient) == dict.fromkeys(OF_ACTIVITY, 1)
        assert answer.count(group=patient) == dict.fromkeys(AFTER_CONSENSUS, 1)
    joins = {job.rule for job in answer.jobs if job.why and not job.wildcards}
    assert joins >= {*JOINS, "consensus_over_models", "compare_activity", "rank_switches", "make_report"}
    assert joins.isdisjoint({"join_genomes", "index_kb", "check_databases"})


def test_a_seed_more(finished):
    """Networks of that seed alone."""
    finished.set("regulons.seeds", [1, 2, 3, 4])
    answer = check(finished, {"mean_network": PATIENTS}, {"infer_network": PATIENTS * CHUNKS})
    assert answer.count(seed="4") == {"infer_network": PATIENTS * CHUNKS, "join_networks": PATIENTS}
    assert all(answer.count(seed=seed) == {} for seed in "123")
    stay_as_they_are(answer, "regulons")
    assert answer.count()["consensus_over_models"] == 1 and answer.count()["score_activity"] == PATIENTS
    assert not {"select_expression", "check_databases"} & set(answer.count())


def stay_as_they_are(answer, stage: str) -> None:
    """Check that nothing runs that comes before a stage, whatever the graph says."""
    for name, rules in STAGES.items():
        assert rules.isdisjoint(answer.count()), (name, answer.reasons())
        if name == stage:
            return


THRESHOLDS = {
    "reads.min_whitelist_overlap": (0.4, {"detect_chemistry": N}),
    "cells.empty_drops.fdr": (0.05, {"call_cells": N}),
    "cells.qc.min_counts": (1500, {"filter_cells": N}),
    "cells.species.graft_min": (0.8, {"filter_cells": N}),
    "cells.overrides": ({"HBCx95_untreated": {"qc": {"min_counts": 1500}}}, {"filter_cells": 1}),
    "clusters.n_pcs": (20, {"embed_model": PATIENTS, "compare_stroma": 1}),
    "clusters.min_stability": (0.5, {"cluster_cells": 2 * PATIENTS, "compare_stroma": 1}),
    "clusters.links.min_score": (0.7, {"link_clusters": PATIENTS}),
    "regulons.min_cell_fraction": (0.02, {"check_databases": 1}),
    "regulons.max_rounds": (900, {"infer_network": PATIENTS * SEEDS * CHUNKS}),
    "regulons.nes_threshold": (2.5, {"prune_modules": PATIENTS}),
    "regulons.min_seeds": (1, {"consensus_over_seeds": PATIENTS}),
    "regulons.max_false_share": (0.5, {"consensus_over_seeds": PATIENTS}),
    "regulons.min_groups": (1, {"consensus_over_models": 1}),
    "regulons.activity_auc_threshold": (
        0.1,
        {"score_activity": PATIENTS, "score_at_equal_depth": PATIENTS, "score_families": PATIENTS},
    ),
    "regulons.max_target_share": (
        0.2,
        {"score_activity": PATIENTS, "score_at_equal_depth": PATIENTS, "score_families": PATIENTS},
    ),
    "counts.distrust_share": (0.2, {"compare_species": 1}),
    "profiles.min_cells": (10, {"aggregate_pseudobulk": 1}),
    "stroma.min_cells": (10, {"compare_stroma": 1}),
    "switches.min_effect": (0.3, {"rank_switches": 1}),
    "growth.min_cells": (10, {"measure_growth": 1, "compare_clusters": 1}),
    "biopsy.min_cells": (10, {"score_biopsy": 1}),
    "biopsy.training_cells": (300, {"freeze_reference": 1}),
    "report.max_points": (500, {}),
}
"""Thresholds, one or more of each stage, with another value and the jobs that read them first."""


@pytest.mark.parametrize("key", THRESHOLDS)
def test_a_threshold(finished, key):
    value, changed = THRESHOLDS[key]
    finished.set(key, value)
    answer = check(finished, changed)
    stay_as_they_are(answer, key.split(".")[0])
    if key.startswith("report"):
        assert {"draw_clusters", "make_report", "make_manifest"} <= set(answer.count()) <= {*TOLD, *DRAWN}
    if not key.startswith("biopsy"):
        # A biopsy that was scored stays so: its reference is frozen again only if it is asked for.
        assert "score_biopsy" not in answer.count()


def test_a_biopsy_to_be_scored(finished):
    """It is scored, by what was frozen; what was learned stays."""
    first = finished.read("samples").query("role == 'query'").iloc[0].to_dict()
    finished.add("samples", first | {"sample": "another", "column": "another", "replicate": "another"})
    answer = check(finished, {}, {"score_biopsy": 1})
    told = {"check_study": 1, "make_manifest": 1, "make_crate": 1}
    assert answer.count() == {"score_biopsy": 1, "draw_biopsy": 1} | told


def test_the_number_of_cells_expected_counts_anew(finished):
    """The audit asks for it, and reads each molecule's reads, which are too many to keep: they are counted again."""
    finished.set("cells.expected_cells", 5000)
    changed = {"audit_bus": N, "call_cells": N, "compare_species": 1}
    check(finished, changed, {"count_kb": N})


@pytest.mark.parametrize(
    ("file", "changed", "drawn"),
    [
        ("scripts/clusters/figures.py", {}, {"draw_clusters", "draw_expression"}),
        ("scripts/figure/style.py", {}, set(DRAWN)),
        ("resources/captions/figure.rst", {"archive_report": 1}, set()),
        ("resources/report.css", {"archive_report": 1}, set()),
    ],
    ids=["style of a figure", "style of all figures", "caption", "style of the report"],
)
def test_a_figure_s_style_and_words(finished, file, changed, drawn):
    """The stage's figures and the report, and no result."""
    path = finished.folder / file
    path.write_text(path.read_text() + ("CHANGED = 1\n" if path.suffix == ".py" else "\n"))
    answer = check(finished, changed)
    assert drawn == set(DRAWN) & set(answer.count())
    assert set(answer.count()) <= {*TOLD, *drawn, *changed, "draw_biopsy"}


def test_other_words_of_a_figure_draw_its_stage_again(finished):
    """They stand in its SVG, on the page and in the caption; no result is touched."""
    path = finished.folder / "resources" / "words" / "cells.yaml"
    path.write_text(path.read_text().replace("From droplets to cells", "What became of the droplets"))
    assert {"draw_cells", "make_report"} <= set(check(finished, {}).count()) <= {"draw_cells", *TOLD}


OF_MODULES = {
    "scripts/scenic/boosting.py": {"infer_network"},
    "scripts/cells/qc.py": {"filter_cells", "tabulate_attrition"},
    "scripts/switches/evidence/perturbation.py": {
        "tabulate_confounders",
        "simulate_perturbations",
        "join_perturbations",
    },
    "resources/genome/arms.tsv": {"filter_cells"},
}
"""Modules of ours with the rules whose scripts import them, at once or through others; a table that one reads."""


@pytest.mark.parametrize("file", OF_MODULES)
def test_a_change_of_a_module_makes_again_what_imports_it(finished, file):
    """And what comes after that; nothing where only dates are heeded."""
    path = finished.folder / file
    path.write_text(path.read_text() + ("CHANGED = 1\n" if path.suffix == ".py" else "\n"))
    answer = finished.ask()
    # Of a job that follows another one Snakemake doesn't say more.
    assert set() < set(answer.count(CHANGED)) <= OF_MODULES[file] <= set(answer.count()), answer.reasons()
    assert answer.count() == answer.after(CHANGED), answer.reasons()
    assert "Nothing to be done" in finished.snakemake("--dry-run", "--rerun-triggers", "mtime")


@pytest.mark.parametrize("profile", ["local", "slurm"])
def test_comments_of_scripts_and_a_new_checkout_change_nothing(finished, profile):
    """Snakemake's own trigger goes by the date of scripts, which the profiles leave out."""
    for path in (finished.folder / "scripts").rglob("*.py"):
        path.write_text(path.read_text() + "# a comment\n")
    assert "Nothing to be done" in finished.snakemake("--dry-run", "--profile", f"config/profiles/{profile}")


def test_another_command_of_a_rule_without_a_script_is_noticed_too(finished):
    path = finished.folder / "rules" / "reads.smk"
    path.write_text(path.read_text().replace("sequali --threads", "sequali  --threads"))
    assert "measure_quality" in finished.snakemake("--dry-run", "--profile", "config/profiles/local")
