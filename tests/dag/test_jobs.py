"""What there is to do: for the shipped study, for the demo, and for what a user adds to them."""

import json
from collections import Counter

import pytest

from scripts.study.reference_manifest import FILES, FORMAT, FORMAT_VERSION, MANIFEST

# The shipped study: 5 single-cell models × 2 libraries × 2 lanes, 5 seeds × 8 chunks a model.
LIBRARIES, LANES, MODELS, SEEDS, CHUNKS = 10, 20, 5, 5, 8


def added(after: dict[str, int], before: dict[str, int]) -> dict[str, int]:
    """Return by rule the jobs that came and (negative) went."""
    counts = Counter(after)
    counts.subtract(before)
    return {rule: count for rule, count in counts.items() if count}


def test_the_shipped_study_has_a_job_per_lane_library_model_and_seed(shipped_jobs):
    jobs = shipped_jobs.jobs
    per_lane = ("check_reads", "measure_quality")
    per_library = (
        "detect_chemistry",
        "count_kb",
        "collect_counts",
        "audit_bus",
        "call_cells",
        "filter_cells",
    )
    per_model = (
        "embed_model",
        "link_clusters",
        "select_expression",
        "mean_network",
        "prune_modules",
        "consensus_over_seeds",
        "score_activity",
    )
    expected = dict.fromkeys(per_lane, LANES) | dict.fromkeys(per_library, LIBRARIES) | dict.fromkeys(per_model, MODELS)
    expected |= {"cluster_cells": 2 * MODELS, "join_networks": MODELS * SEEDS}
    expected |= {"infer_network": MODELS * SEEDS * CHUNKS, "provide_database": 2, "provide_motifs": 1, "provide_tfs": 1}
    expected |= dict.fromkeys(
        ("join_genomes", "index_kb", "check_databases", "consensus_over_models", "report_reads"), 1
    )
    expected |= dict.fromkeys(("rank_switches", "plot_rulegraph", "make_report", "archive_report", "all"), 1)
    expected |= dict.fromkeys(("draw_counts", "draw_cells", "draw_clusters", "draw_regulons"), 1)
    assert {rule: jobs.get(rule) for rule in expected} == expected
    assert not {"count_starsolo", "audit_bam", "import_matrix", "simulate_lane"} & set(jobs)


def test_the_shipped_study_is_asked_about_within_seconds(shipped_jobs, parsed):
    """Bounds: 2 s to parse, 15 s for a whole dry run (measured: 0.3 s, and 10 s on two overbooked cores).
    Processor time, which other work on the machine doesn't stretch.
    """
    assert parsed.seconds < 2
    assert shipped_jobs.seconds < 15


def test_the_demo_simulates_what_it_reads(demo_jobs):
    jobs = demo_jobs.jobs
    assert jobs["simulate_molecules"] == jobs["count_kb"] == 12
    assert jobs["simulate_lane"] == jobs["check_reads"] == 13
    assert jobs["infer_network"] == 5 * 3
    assert jobs["cluster_cells"] == 12


def test_a_new_biopsy_of_a_new_patient_adds_its_own_jobs_and_no_other(shipped, shipped_jobs):
    """One row per sample, one per lane, the patient in the config. Joint steps are run again, but are no jobs more."""
    new = {"model": "HBCx7", "replicate": "1", "assay": "scrna"}
    shipped.add(
        "samples",
        new | {"sample": "HBCx7_untreated", "timepoint": "untreated", "arm": "untreated"},
        new | {"sample": "HBCx7_AC", "timepoint": "persister", "arm": "AC"},
    )
    lanes = [{"sample": s, "unit": "L001", "fq1": f"data/reads/{s}_R1.fastq.gz", "fq2": f"data/reads/{s}_R2.fastq.gz"}
             for s in ("HBCx7_untreated", "HBCx7_AC")]  # fmt: skip
    shipped.add("units", *lanes)
    path = shipped.folder / "config" / "config.yaml"
    path.write_text(path.read_text().replace("models:\n", "models:\n  - {model: HBCx7, arms: [untreated, AC]}\n"))
    came = added(shipped.dry_run().jobs, shipped_jobs.jobs)
    per_library = ("check_reads", "measure_quality", "detect_chemistry", "count_kb", "collect_counts", "audit_bus")
    per_library += ("call_cells", "filter_cells", "cluster_cells")
    per_model = ("embed_model", "link_clusters", "select_expression", "consensus_over_seeds")
    per_model += ("mean_network", "prune_modules")
    per_model += ("score_activity", "score_at_equal_depth", "describe_activity", "export_model")
    per_model += ("resample_thresholds", "score_families", "simulate_perturbations", "measure_confounders")
    expected = dict.fromkeys(per_library, 2) | dict.fromkeys(per_model, 1)
    expected |= {"infer_network": SEEDS * CHUNKS, "join_networks": SEEDS}
    assert came == expected


def test_a_relapse_library_of_a_known_patient_adds_its_own_jobs_and_no_other(shipped, shipped_jobs):
    shipped.add(
        "samples",
        {"sample": "HBCx95_relapse", "model": "HBCx95", "timepoint": "relapse", "arm": "capecitabine", "replicate": "1"}
        | {"assay": "scrna"},
    )
    reads = {"fq1": "data/reads/relapse_R1.fastq.gz", "fq2": "data/reads/relapse_R2.fastq.gz"}
    shipped.add("units", {"sample": "HBCx95_relapse", "unit": "L001", **reads})
    per_library = ("check_reads", "measure_quality", "detect_chemistry", "count_kb", "collect_counts", "audit_bus")
    per_library += ("call_cells", "filter_cells", "cluster_cells")
    assert added(shipped.dry_run().jobs, shipped_jobs.jobs) == dict.fromkeys(per_library, 1)


def test_a_library_as_a_matrix_needs_no_reads(shipped, shipped_jobs):
    """A public count matrix next to the study's own reads."""
    shipped.add(
        "samples",
        {"sample": "HBCx95_relapse", "model": "HBCx95", "timepoint": "relapse", "arm": "capecitabine", "replicate": "1"}
        | {"assay": "scrna", "matrix": "data/matrices/HBCx95_relapse.h5"},
    )
    per_library = ("import_matrix", "call_cells", "filter_cells", "cluster_cells")
    assert added(shipped.dry_run().jobs, shipped_jobs.jobs) == dict.fromkeys(per_library, 1)


QUERY = {"sample": "B1", "model": "P9", "timepoint": "day21", "arm": "unknown", "replicate": "1", "role": "query"}
"""A biopsy to be scored: its labels are none of the config's."""


def test_a_biopsy_to_be_scored_joins_nothing(shipped, shipped_jobs):
    """A row with role query: its own way to its cells, the reference frozen on the way, its scores and page."""
    shipped.add("samples", QUERY | {"assay": "scrna", "matrix": "data/matrices/B1.h5"})
    jobs = ("import_matrix", "call_cells", "filter_cells", "freeze_reference", "score_biopsy", "draw_biopsy")
    assert added(shipped.dry_run().jobs, shipped_jobs.jobs) == dict.fromkeys(jobs, 1)


def test_a_reference_is_frozen_without_stroma_and_published_lists(shipped):
    """Neither stage is asked for where the study has none; with them, each is asked for once."""
    stages = {"compare_stroma", "compare_published"}
    assert stages <= set(shipped.dry_run("freeze").jobs)
    without = shipped.dry_run("freeze", "--config", "stroma={enabled: false}", "published={shipped: false}").jobs
    assert without["freeze_reference"] == 1 and not stages & set(without)


def test_a_biopsy_as_reads_is_scored_against_a_frozen_reference_without_any_other_sample(shipped):
    """The reference given: no job of another sample, no network, and nothing to freeze."""
    shipped.add("samples", QUERY | {"assay": "scrna"})
    shipped.add("units", {"sample": "B1", "unit": "L001", "fq1": "data/B1_R1.fastq.gz", "fq2": "data/B1_R2.fastq.gz"})
    folder = shipped.folder / "frozen"
    folder.mkdir()
    study = {key: shipped.config[key] for key in ("timepoints", "contrast", "arms", "models")}
    content = {"format": FORMAT, "format_version": FORMAT_VERSION, "study": {**study, "cells": {}, "prefixes": {}}}
    (folder / MANIFEST).write_text(json.dumps(content))
    for name in FILES:
        (folder / name).touch()
    jobs = shipped.dry_run("biopsy", "--config", "reference=frozen").jobs
    once = ("join_genomes", "index_kb", "check_reads", "detect_chemistry", "count_kb", "collect_counts")
    expected = dict.fromkeys((*once, "call_cells", "filter_cells", "score_biopsy", "draw_biopsy", "biopsy"), 1)
    assert jobs == expected | {"provide_whitelist": 4}  # v2, v3, v4 and Multiome


def test_the_other_counter_takes_the_place_of_the_first(shipped, shipped_jobs):
    changed = added(shipped.dry_run("--config", "counts={aligner: starsolo}").jobs, shipped_jobs.jobs)
    gone = {"index_kb": -1, "count_kb": -LIBRARIES, "audit_bus": -LIBRARIES}
    come = {"index_star": 1, "count_starsolo": LIBRARIES, "audit_bam": LIBRARIES}
    assert changed == gone | come


def test_networks_of_timepoints_are_compared_in_each_model_that_has_both(shipped, shipped_jobs):
    changed = added(shipped.dry_run("--config", "regulons={compare_timepoints: 10}").jobs, shipped_jobs.jobs)
    assert changed == {"exchange_timepoints": MODELS * CHUNKS, "tabulate_network_changes": 1}


@pytest.mark.parametrize(
    ("target", "last", "not_yet"),
    [
        ("references", "index_kb", "check_reads"),
        ("reads", "detect_chemistry", "count_kb"),
        ("counts", "draw_counts", "call_cells"),
        ("cells", "draw_cells", "embed_model"),
        ("clusters", "draw_clusters", "infer_network"),
        ("regulons", "draw_regulons", "rank_switches"),
        ("programme", "rank_switches", "make_report"),
    ],
)
def test_a_stage_asks_for_itself_and_what_comes_before(shipped, target, last, not_yet):
    jobs = shipped.dry_run(target).jobs
    assert last in jobs and not_yet not in jobs


def test_an_input_that_is_missing_is_told_before_anything_starts(shipped):
    (shipped.folder / shipped.config["regulons"]["tfs"]["path"]).unlink()
    with pytest.raises(AssertionError, match=r"allTFs_hg38\.txt"):
        shipped.dry_run()
