"""The stages from profiles to markers on a small simulated study: files, wiring, notes, figures in the report."""

from __future__ import annotations

import html
import shutil
from pathlib import Path
from types import SimpleNamespace

import anndata
import in_process
import numpy as np
import pandas as pd
import pytest
import yaml

from scripts.activity import compare_activity, summarise_activity
from scripts.base.columns import describe
from scripts.base.tables import read_labelled
from scripts.figure import words
from scripts.profiles import aggregate_pseudobulk
from scripts.switches import rank_switches
from scripts.switches.evidence.perturbation import KNOCKOUT
from scripts.switches.switches import SWITCHES

ROOT = Path(__file__).parents[2]
STAGES = {
    "profiles": ["samples.tsv", "pseudobulk.h5ad"],
    "activity": ["activity.tsv", "differences.tsv", "effects.tsv", "design.tsv", "permutations.tsv"],
    "switches": [
        *("switches.tsv", "overlaps.tsv", "by_model.tsv", "evidence.tsv", "families.tsv"),
        *("perturbation.tsv", "perturbation_shares.tsv"),
    ],
    "confounders": ["confounders.tsv", "programme_verdict.tsv", "confounders_notes.tsv", "clones.tsv"],
    "markers": [
        *("markers.tsv", "markers_panels.tsv", "markers_scores.tsv", "markers_roc.tsv"),
        *("markers_assays.tsv", "markers_values.tsv", "markers_positive.tsv"),
    ],
}
RULES = [
    "common",
    "references",
    "profiles",
    "expression",
    "activity",
    "perturbations",
    "chromatin",
    "switches",
    "published",
    "growth",
    "confounders",
    "markers",
    "stroma",
    "programme",
]
SNAKEFILE = """
configfile: "config.yaml"

pathvars:
    results="results",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",

""" + "".join(f'include: "rules/{name}.smk"\n' for name in RULES)
REGULONS = {
    "UP": [f"u{i}" for i in range(12)],
    "DOWN": [f"d{i}" for i in range(12)],
    "FLAT": [f"f{i}" for i in range(12)],
}
STRESS = ["FOS", "FOSB", "IER2", "IER3", "HSPA1A", "HSPA1B", "DUSP1", "ZFP36", "BTG2", "SOCS3"]
ACTIVITY = {"UP(+)": 2.4, "DOWN(+)": -2.2, "FLAT(+)": 0.0, "STRESSED(+)": 2.0}
"""Three patients can show no less than this to exceed the least effect (0.5)."""
EXPRESSION = {**dict.fromkeys([*REGULONS["UP"], *STRESS], 1.0), **dict.fromkeys([*REGULONS["DOWN"], "DOWN"], -1.0)}
GENES = [
    *REGULONS,
    "STRESSED",
    *STRESS,
    *(gene for own in REGULONS.values() for gene in own),
    *(f"h{i}" for i in range(120)),
]
BALANCE = dict.fromkeys([gene for gene in GENES if gene.startswith("h")], -0.1)
"""So many genes fall a little that samples have one depth whatever rises."""
SETTINGS = {
    "statistics": {"fdr": 0.05, "seed": 0},
    "profiles": {"min_cells": 30},
    "expression": {"signature_size": 10, "signature_sizes": [5], "permutations": 19},
    "activity": {"network": {"path": "network.tsv"}},
    "switches": {"min_effect": 0.5, "threshold_resamples": 2},
    "markers": {"sizes": [1, 3], "permutations": 9, "random_panels": 9},
}
TSV = [name for names in STAGES.values() for name in names if name.endswith(".tsv")]
FIGURES = [
    *("switches/figures/regulon_forest.png", "switches/figures/timecourse.png", "switches/figures/mrna.png"),
    *("switches/figures/evidence.png", "switches/figures/silenced.json", "switches/figures/families.json"),
    *("confounders/figures/adjusted.png", "markers/figures/marker_panels.png", "markers/figures/marker_roc.png"),
]


def place(name: str) -> str:
    """Return where a table or figure lies within the results."""
    return next((f"{stage}/{name}" for stage, names in STAGES.items() if name in names), name)


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake in the folder; return what it said."""
    said = in_process.snakemake(folder, "--cores", "1", "programme", *arguments)
    assert said.code == 0, said.text
    return said.text


def run_jobs(folder: Path, sheet: pd.DataFrame) -> None:
    """Run the stage's scripts without Snakemake, in the order and with the parameters of the rules."""
    config = yaml.safe_load((folder / "config.yaml").read_text())
    results, fdr = folder / "results", config["statistics"]["fdr"]
    for stage in (*STAGES, "expression"):
        (results / stage).mkdir()
    groups = sorted((folder / "results" / "regulons").glob("*/activity.parquet"))
    libraries = list(sheet.index[sheet["assay"] == "scrna"])
    by = sheet[config["regulons"]["group_by"]].agg("_".join, axis=1).to_dict()
    path = {name: results / place(name) for name in [*TSV, "pseudobulk.h5ad"]}

    def call(script, given: dict, made: dict, **params) -> None:
        script.main(
            SimpleNamespace(
                input=SimpleNamespace(**given), output=SimpleNamespace(**made), params=SimpleNamespace(**params)
            )
        )

    call(
        aggregate_pseudobulk,
        {"cells": [folder / "results" / "cells" / f"{sample}.h5ad" for sample in libraries]},
        {"pseudobulk": path["pseudobulk.h5ad"], "samples": path["samples.tsv"]},
        samples=sheet.reset_index(names="sample").to_dict("records"), libraries=libraries,
        min_cells=config["profiles"]["min_cells"],
    )  # fmt: skip
    call(summarise_activity, {"samples": path["samples.tsv"], "activity": groups}, {"activity": path["activity.tsv"]})
    call(
        compare_activity,
        {"activity": path["activity.tsv"], "samples": path["samples.tsv"]},
        {name: path[f"{name}.tsv"] for name in ("differences", "effects", "design", "permutations")},
        contrast=config["contrast"], groups=by, days={}, fdr=fdr, seed=0,
    )  # fmt: skip
    signature = pd.DataFrame(
        {"gene": list(EXPRESSION), "direction": ["up" if x > 0 else "down" for x in EXPRESSION.values()]}
    )
    signature.to_csv(results / "expression" / "signature.tsv", sep="\t", index=False)
    pd.DataFrame(columns=KNOCKOUT).to_csv(path["perturbation.tsv"], sep="\t", index=False)
    call(
        rank_switches,
        {name: path[f"{name}.tsv"] for name in ("effects", "differences", "design", "permutations")}
        | {
            "signature": results / "expression" / "signature.tsv",
            "knockouts": path["perturbation.tsv"],
            "shares": folder / "results" / "regulons" / "samples.tsv",
            "stability": [],
            "families": ROOT / "resources" / "factors" / "families.tsv",
            "pseudobulk": path["pseudobulk.h5ad"],
            "regulons": folder / "results" / "regulons" / "consensus.tsv",
            "genesets": sorted((ROOT / "resources" / "genesets").glob("*.tsv")),
        },
        {"models": path["by_model.tsv"]} | {name: path[f"{name}.tsv"] for name in ("switches", "overlaps", "evidence")},
        contrast=config["contrast"], fdr=fdr, min_effect=config["switches"]["min_effect"], min_cell_fraction=0.01,
        seed=0, groups=by,
    )  # fmt: skip


def prepare(
    folder: Path,
    simulate,
    sheet: pd.DataFrame,
    *,
    n_cells=80,
    sizes=None,
    group_by=("model",),
    regulons=True,
    note="",
    called=None,
    unmeasured=None,
) -> pd.DataFrame:
    """Write a study of simulated cells and activity; return its sheet.

    ``sizes``: cells of single samples; ``called``: by column, other names of its labels; ``unmeasured``: regulons that
    a group doesn't measure.
    """
    drawn, called = sheet, called or {}
    sheet = sheet.replace(called)
    folder.mkdir(exist_ok=True)
    (folder / "Snakefile").write_text(SNAKEFILE)
    shutil.copytree(ROOT / "scripts", folder / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("captions", "genesets", "factors", "markers", "published", "stroma", "words"):
        shutil.copytree(ROOT / "resources" / name, folder / "resources" / name)
    shutil.copy(ROOT / "resources" / "columns.tsv", folder / "resources")
    (folder / "rules").mkdir()
    for name in RULES:
        shutil.copy(ROOT / "rules" / f"{name}.smk", folder / "rules")
    (folder / "config").mkdir()
    shutil.copytree(ROOT / "config" / "schemas", folder / "config" / "schemas")
    shutil.copytree(ROOT / "envs", folder / "envs")
    roles = {"baseline": "untreated", "persister": "persister", "relapse": "relapse"}
    timepoints = called.get("timepoint", {})
    config = {
        "check_files": False,
        "timepoints": [timepoints.get(name, name) for name in roles.values()],
        "contrast": {role: timepoints.get(name, name) for role, name in roles.items()},
        "arms": [
            {"arm": called.get("arm", {}).get(name, name), "drugs": [] if name == "untreated" else [name]}
            for name in ("untreated", "drug", "other")
        ],
        "models": [
            {"model": model, "arms": list(dict.fromkeys(own["arm"]))}
            for model, own in sheet.groupby("model", sort=False)
        ],
        **SETTINGS,
        "regulons": {
            "group_by": list(group_by),
            "min_groups": 1,
            "synthetic_data_note": note,
            "activity_auc_threshold": 0.1,
            "databases": [{"path": "motifs.feather"}],
            "motif_annotations": {"path": "motifs.tbl"},
            "tfs": {"path": "tfs.txt"},
        },
        "clusters": {"min_score_genes": 5},
        "stroma": {"enabled": False},
        "references": None,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config | {"samples": "samples.tsv"}))
    places = {"column": "", "platform": ""}
    tissue = sheet["assay"] == "profile"
    filled = sheet.assign(**places, matrix=[f"{name}.h5ad" for name in sheet.index]).mask(
        tissue, sheet.assign(matrix="bulk.tsv", column=sheet.index, platform="bulk")
    )
    filled.to_csv(folder / "samples.tsv", sep="\t")
    bulk = pd.DataFrame({sample: np.arange(100, 100 + len(GENES)) for sample in sheet.index[tissue]}, index=GENES)
    bulk.to_csv(folder / "bulk.tsv", sep="\t", index_label="symbol")
    network = [(tf, target, 1) for tf, own in {**REGULONS, "STRESSED": STRESS}.items() for target in own]
    pd.DataFrame(network, columns=["source", "target", "mor"]).to_csv(folder / "network.tsv", sep="\t", index=False)
    results = folder / "results"
    (results / "cells").mkdir(parents=True)
    (results / "regulons").mkdir()
    rng = np.random.default_rng(1)
    parts = []
    libraries = sheet[sheet["assay"] == "scrna"]
    for sample in libraries.index:
        n = (sizes or {}).get(sample, n_cells)
        library = simulate.cells_of(drawn, sample, GENES, EXPRESSION | BALANCE, rng, n)
        library.obs = library.obs.replace(called)
        library.write_h5ad(results / "cells" / f"{sample}.h5ad")
        parts.append(simulate.activity_of(drawn.loc[[sample]], ACTIVITY if regulons else {}, rng, n_cells=n))
    cells = pd.concat(parts).replace(called)
    for group, absent in (unmeasured or {}).items():
        cells.loc[cells[list(group_by)].agg("_".join, axis=1) == group, absent] = np.nan
    names = [column for column in cells if "(" in column]
    shares = cells.groupby("sample")[names].agg(lambda values: (values > 0.25).where(values.notna()).mean())
    shares = shares.rename_axis(columns="regulon").stack().rename("on").reset_index()
    shares.reindex(columns=["sample", "regulon", "on"]).to_csv(
        results / "regulons" / "samples.tsv", sep="\t", index=False
    )
    for model, own in cells.groupby("model", sort=False):
        place = pd.DataFrame({"cell": own.index, "umap_1": 0.0, "umap_2": 0.0, "cluster": "0", "phase": "G1"})
        place["total_counts"] = 1_000
        labels = own[["sample", "model", "timepoint", "arm"]].reset_index(drop=True)
        (results / "clusters" / model).mkdir(parents=True)
        table = results / "clusters" / model / "cells.tsv.gz"
        pd.concat([place, labels], axis=1).to_csv(table, sep="\t", index=False)
        sizes = labels.groupby("timepoint", sort=False).size().rename("n_cells").reset_index()
        sizes = sizes.assign(cluster="0", share=1.0, lineage="0", fate="")
        sizes.to_csv(table.with_name("clusters.tsv"), sep="\t", index=False)
    steps = [
        (s, r.model, r.timepoint, step, n) for s, r in libraries.iterrows() for step, n in (("empty", 100), ("qc", 80))
    ]
    columns = ["sample", "model", "timepoint", "step", "remaining"]
    pd.DataFrame(steps, columns=columns).to_csv(results / "cells" / "attrition.tsv", sep="\t", index=False)
    for key, own in cells.groupby(list(group_by), sort=False):
        group = results / "regulons" / "_".join(key)
        group.mkdir()
        own.drop(columns=(unmeasured or {}).get(group.name, [])).to_parquet(group / "activity.parquet")
        cuts = pd.DataFrame({"regulon": names, "threshold": 0.25, "bimodal": False})
        cuts.to_csv(group / "thresholds.tsv", sep="\t", index=False)
        few = anndata.AnnData(np.ones((len(own), 3)), obs=own[["sample", "model", "timepoint", "arm", "replicate"]])
        few.write_h5ad(group / "expression.h5ad")
    scales = pd.DataFrame({"gene": ["0", "1", "2"], "scale": 1.0, "groups": 1, "reference": True})
    scales.to_csv(results / "regulons" / "genes.tsv", sep="\t", index=False)
    edges = simulate.edges_of({**REGULONS, "STRESSED": STRESS} if regulons else {})
    edges.to_csv(results / "regulons" / "consensus.tsv", sep="\t", index=False)
    return sheet


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "results" / place(name), sep="\t", keep_default_na=name != "design.tsv")


@pytest.fixture(scope="module")
def study(simulate, tmp_path_factory):
    """A study of four models (one has two arms, one relapse, one too few persisters), and a bulk profile."""
    folder = tmp_path_factory.mktemp("programme") / "study"
    arms = {"P2": ["drug", "other"]}
    sheet = simulate.paired_sheet(["P1", "P2", "P3", "P4"], relapse=["P1"], arms=arms)
    sheet.loc["bulk"] = ["P5", "untreated", "untreated", "1", "profile"]
    prepare(folder, simulate, sheet, sizes={"P4_drug": 29}, note="stand-in motifs")
    snakemake(folder)
    return folder


def test_every_promised_file_is_there(study):
    results = study / "results"
    made = [*map(place, [*TSV, "pseudobulk.h5ad"]), *FIGURES]
    assert all((results / name).stat().st_size for name in made)
    for rule in ("aggregate_pseudobulk", "summarise_activity", "compare_activity", "find_markers"):
        assert (results / "logs" / f"{rule}.log").exists() and (results / "benchmarks" / f"{rule}.tsv").exists()


def test_planted_switches_come_first_and_the_first_column_is_tf(study):
    table = read(study, "switches.tsv")
    assert table.columns[0] == "tf" and set(table["tf"].head(2)) == {"UP", "DOWN"}
    found = table.set_index("tf")
    verdicts = {"UP": "shared switch", "DOWN": "shared switch", "STRESSED": "stress", "FLAT": "no shared change"}
    assert found["verdict"].to_dict() == verdicts
    assert (found["n"] == 3).all() and (found["n_relapse"] == 1).all()
    assert found.loc["UP", "mrna"] == "no shared change" and found.loc["DOWN", "mrna"] == "follows"
    assert found.loc["UP", "targets_log2fc"] == pytest.approx(1.0, abs=0.1)
    assert found.loc["DOWN", "mrna_log2fc"] == pytest.approx(-1.0, abs=0.3)


def test_sample_below_min_cells_is_left_out_and_named(study):
    samples = read(study, "samples.tsv").set_index("sample")
    assert (
        samples.loc["P4_drug", "used"] == "no"
        and samples.loc["P4_drug", "reason"] == "29 cells, profiles.min_cells is 30"
    )
    assert "P4_drug is left out: 29 cells" in (study / "results" / "logs" / "aggregate_pseudobulk.log").read_text()
    assert samples.loc["bulk", "used"] == "no"
    assert "P4_drug" not in set(read(study, "activity.tsv")["sample"])
    pseudobulk = anndata.read_h5ad(study / "results" / "profiles" / "pseudobulk.h5ad")
    assert list(pseudobulk.obs_names) == [s for s in samples.index if s not in {"P4_drug", "bulk"}]
    cells = anndata.read_h5ad(study / "results" / "cells" / "P1_drug.h5ad")
    np.testing.assert_array_equal(
        pseudobulk["P1_drug"].layers["counts"].ravel(), np.asarray(cells.X.sum(axis=0)).ravel()
    )


def test_design_says_which_models_are_compared(study):
    whole = read(study, "design.tsv").set_index(["contrast", "arm"]).loc[("persister vs untreated", "all arms")]
    assert whole["models"] == "P1,P2,P3" and "arms can be compared within P2 only" in whole["note"]


def test_both_arms_are_kept(study):
    own = read(study, "differences.tsv").query("model == 'P2' and regulon == 'UP(+)'")
    assert own["arm"].tolist() == ["drug", "other"]
    mean = read(study, "by_model.tsv").query("model == 'P2' and tf == 'UP'")["difference"].item()
    assert mean == pytest.approx(own["difference"].mean(), rel=1e-4)


@pytest.mark.parametrize("name", TSV)
def test_every_column_is_described(study, name):
    for column in read(study, name).columns:
        assert describe(place(name), column).description


def test_nothing_is_left_to_do(study):
    assert "Nothing to be done" in snakemake(study, "--dry-run")


@pytest.mark.parametrize(
    ("change", "repeated", "spared"),
    [
        (
            "switches={min_effect: 0.4}",
            ["rank_switches", "draw_switches"],
            ["aggregate_pseudobulk", "compare_activity"],
        ),
        (
            "statistics={fdr: 0.1}",
            ["compare_activity", "rank_switches"],
            ["aggregate_pseudobulk", "summarise_activity"],
        ),
        ("profiles={min_cells: 20}", ["aggregate_pseudobulk", "summarise_activity", "draw_switches"], []),
    ],
)
def test_a_changed_setting_repeats_what_hangs_on_it(study, change, repeated, spared):
    said = snakemake(study, "--dry-run", "--config", change)
    assert all(f"rule {name}:" in said for name in repeated)
    assert not any(f"rule {name}:" in said for name in spared)


def test_figures_come_into_the_report_with_their_captions(study):
    snakemake(study, "--report", "report.html")
    report = html.unescape((study / "report.html").read_text()).replace("’", "'")
    places = words.terms(yaml.safe_load((study / "config.yaml").read_text()), cells=True)
    for figure in FIGURES:
        stage, _, name = figure.split("/")
        question = words.read(stage)["figures"][name.split(".")[0]]["question"]
        assert words.fill(question, places) in report, figure
    assert "Which regulons are candidate switches, best first" in report


def test_groups_by_timepoint_give_the_same_activity(study, simulate, tmp_path):
    folder = tmp_path / "split"
    sheet = pd.read_csv(study / "samples.tsv", sep="\t", dtype=str).set_index("sample")
    prepare(folder, simulate, sheet, sizes={"P4_drug": 29}, group_by=("model", "timepoint"))
    run_jobs(folder, sheet)
    pd.testing.assert_frame_equal(read(folder, "activity.tsv"), read(study, "activity.tsv"))
    assert "scored in different groups" in read(folder, "design.tsv")["note"][0]


def test_a_regulon_that_a_model_does_not_measure_is_joined_over_the_others(study, simulate, tmp_path):
    folder = tmp_path / "study"
    sheet = simulate.paired_sheet(["P1", "P2", "P3", "P4"], relapse=["P1"], arms={"P2": ["drug", "other"]})
    prepare(folder, simulate, sheet, unmeasured={"P3": ["UP(+)"]})
    run_jobs(folder, sheet)
    table = read(folder, "switches.tsv").set_index("tf")
    assert table.loc["UP", ["n", "k"]].tolist() == [3, 3] and table.loc["UP", "note"].endswith("not measured in P3")
    assert table.loc["DOWN", "n"] == 4 and "not measured" not in str(table.loc["DOWN", "note"])
    assert np.isfinite(table.loc[["UP", "DOWN"], "fwer"]).all()
    own = read(folder, "activity.tsv").query("regulon == 'UP(+)'")
    assert set(own["model"]) == {"P1", "P2", "P4"}
    row = read(folder, "differences.tsv").query("model == 'P3' and regulon == 'UP(+)'").iloc[0]
    assert (row[["n_baseline", "n_treated"]] == 0).all() and np.isnan(row["difference"])
    assert table.loc["UP", "sd"] == pytest.approx(np.sqrt((own["sd"] ** 2).mean()), rel=1e-4)


def test_a_regulon_that_one_timepoint_does_not_measure_has_no_difference_there(simulate, tmp_path):
    folder = tmp_path / "study"
    sheet = simulate.paired_sheet(["P1", "P2", "P3"])
    split = {"P2_persister": ["UP(+)"], "P1_untreated": ["DOWN(+)"], "P2_untreated": ["DOWN(+)"]}
    prepare(folder, simulate, sheet, group_by=("model", "timepoint"), unmeasured=split)
    run_jobs(folder, sheet)
    table = read(folder, "switches.tsv").set_index("tf")
    assert table["n"].to_dict() == {"UP": 2, "DOWN": 1, "FLAT": 3, "STRESSED": 3}
    assert table.loc["DOWN", "note"] == "n = 1 model; not measured in P1, P2"
    assert table.loc[["UP", "DOWN"], "verdict"].eq("too few models").all()


@pytest.mark.parametrize("persister", ["21", "nan"])
def test_labels_may_look_like_numbers_or_like_nothing(simulate, tmp_path, persister):
    folder = tmp_path / "study"
    called = {
        "timepoint": {"untreated": "0", "persister": persister, "relapse": "null"},
        "arm": {"drug": "NA", "other": "7"},
        "model": {"P1": "1040", "P2": "None", "P3": "021"},
    }
    sheet = simulate.paired_sheet(["P1", "P2", "P3"], relapse=["P1"], arms={"P2": ["drug", "other"]})
    sheet = prepare(folder, simulate, sheet, called=called)
    run_jobs(folder, sheet)
    table = read(folder, "switches.tsv").set_index("tf")
    assert (table["n"] == 3).all() and table.loc["UP", "by_arm"].startswith("NA ")
    models = read_labelled(folder / "results" / "switches" / "by_model.tsv")["model"]
    assert list(dict.fromkeys(models)) == ["1040", "None", "021"]


@pytest.mark.parametrize("kind", ["one model", "untreated only", "no regulons", "all too small"])
def test_lame_studies_give_tables_with_clear_words(simulate, tmp_path, caplog, kind):
    sheet = simulate.paired_sheet(["P1"] if kind == "one model" else ["P1", "P2"])
    if kind == "untreated only":
        sheet = sheet[sheet["timepoint"] == "untreated"]
    prepare(
        tmp_path / "study",
        simulate,
        sheet,
        n_cells=20 if kind == "all too small" else 60,
        regulons=kind != "no regulons",
    )
    with caplog.at_level("INFO"):
        run_jobs(tmp_path / "study", sheet)
    table, answers = read(tmp_path / "study", "switches.tsv"), read(tmp_path / "study", "design.tsv")
    assert list(table.columns) == SWITCHES
    if kind == "one model":
        assert set(table["note"]) == {"n = 1 model"} and table["ci_low"].isna().all() and table["p"].isna().all()
        assert table["tf"].tolist()[-1] == "FLAT" and "n = 1 model" in answers["note"][0]
    elif kind == "untreated only":
        assert set(table["verdict"]) == {"not tested"} and "nothing is compared" in answers["note"][0]
    else:
        assert table.empty
        assert "no regulon to rank" in caplog.text
        assert (
            "n = 2 models" in answers["note"][0]
            if kind == "no regulons"
            else "nothing is compared" in answers["note"][0]
        )


def test_rules_carry_all_directives():
    files = [ROOT / "rules" / f"{name}.smk" for name in RULES[2:]]
    text = "\n".join(path.read_text() for path in files)
    rules = [part for part in text.split("\nrule ")[1:] if "script:" in part and "localrule: True" not in part]
    assert len(rules) >= 10
    for part in rules:
        order = ["input:", "output:", "log:", "benchmark:", "conda:", "resources:", "script:"]
        places = [part.index(f"\n    {word}") for word in order]
        assert places == sorted(places) and "mem_mb=memory(" in part and "runtime=minutes(" in part
