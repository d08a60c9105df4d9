"""Findings: what the first section says is what the results say, in every design."""

import dataclasses
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
from made_up import ARMS, CONTRAST, MODELS, Results, samples
from made_up_evidence import confounders, designs, everything, growth, markers
from made_up_switches import switches

from scripts.base.verdicts import decide
from scripts.cells import losses
from scripts.confounders import verdicts
from scripts.figure import words
from scripts.report import checks, findings
from scripts.report.make_report import SECTIONS
from scripts.report.source import Source
from scripts.switches.verdicts import NOT_BETTER, SIMULATIONS, Simulation

NETWORK = {"network": {"path": "network.tsv"}}
NOTHING = {"network": None, "gene_sets": [], "signatures": []}


def build(tmp_path, assay: str = "scrna", settings: dict | None = None, models=MODELS, **tables) -> tuple[str, list]:
    """Return what the section says, without marks, and its tables. ``tables``: name without its ending → rows."""
    given = {f"{name}.tsv": table for name, table in tables.items()}
    return say(Results(tmp_path, assay, settings or {}, models, given).write())


def say(source: Source) -> tuple[str, list]:
    """Return what the section of a study says, without marks, and its tables."""
    section = findings.build(source)
    html = " ".join(str(block) for block in section.blocks if isinstance(block, str))
    return " ".join(unescape(re.sub(r"<[^>]+>", "", html)).split()), section.tables


def verdict(**changes) -> pd.DataFrame:
    """Return the verdict on the programme with changes."""
    return confounders()["programme_verdict.tsv"].assign(**changes)


def of_designs(*args, **options) -> dict[str, pd.DataFrame]:
    """Return the design tables by name without ending."""
    return {name.removesuffix(".tsv"): table for name, table in designs(*args, **options).items()}


def test_it_is_the_first_section():
    assert SECTIONS[0] is findings and findings.FOLDER.joinpath("findings.yaml").exists()


def test_a_full_study_says_claim_levels_and_limits_in_three_sentences(tmp_path):
    source = Results(tmp_path, tables=everything() | designs()).write()
    claim = str(findings.build(source).blocks[0])
    text = " ".join(re.sub(r"<[^>]+>", "", claim).split())
    assert text.startswith("The models share a persister programme: the signature of the other models rises in 3 of 3")
    assert "p 0.001" in text and "after adjustment for each of dissociation stress" in text
    assert "Over models, 4 of 10 genes change" in text and "in these tumours 9 genes change" in text
    assert "each under one of AC and cisplatin, so that drugs cannot be separated from patients" in text
    assert len(re.findall(r"[.] [A-Z]|[.]$", text)) == 3


def test_every_verdict_on_the_programme_has_a_sentence_of_its_own(tmp_path):
    said = words.read("findings", findings.FOLDER)["claims"]
    assert {one.name for one in verdicts.VERDICTS} <= set(said)
    for number, one in enumerate(verdicts.VERDICTS):
        text, _ = build(tmp_path / str(number), programme_verdict=verdict(verdict=one.name, note="a note of the table"))
        claimed = text.startswith(("The models share a persister programme", "The models share a change"))
        assert claimed == (one in (verdicts.PROGRAMME, verdicts.VERDICTS[-1])), one.name
        assert "{" not in text


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_models_are_unclear(tmp_path, n):
    few = verdict(verdict="too few models", n_models=n, p=np.nan, signature_effect=np.nan, remaining=np.nan)
    ranked = switches().assign(verdict="too few models", n=n)
    counts = {"changed": 0, "voom_changed": 7}
    text, tables = build(
        tmp_path, models=MODELS[:n], programme_verdict=few, switches=ranked, **of_designs(n, confounded="no", **counts)
    )
    models = "1 model" if n == 1 else "2 models"
    assert text.startswith("Unclear, too few models") and f"cannot be decided with {models}" in text
    assert "In these tumours 7 of 10 genes change" in text and "do not allow conclusions about other patients" in text
    assert "Over models" not in text.split("Shared switches")[0] and "The models share" not in text
    assert "No shared switch among 4 regulons compared (Switches): too few models (4)" in text and tables == []
    assert f"Few models: {models} can be compared" in text


def test_one_model_is_counted_though_none_could_be_left_out(tmp_path):
    """The verdict's own n is of models that were left out, which two others must be there for."""
    few = verdict(verdict="too few models", n_models=0, p=np.nan, signature_effect=np.nan, remaining=np.nan)
    text, _ = build(tmp_path, models=MODELS[:1], programme_verdict=few, **of_designs(1, confounded="no"))
    assert "cannot be decided with 1 model" in text and "0 models" not in text


def test_genes_of_tumours_without_replicates_are_not_counted(tmp_path):
    """No p-value could be given: a number would say that no gene changes."""
    text, _ = build(tmp_path, models=MODELS[:1], **of_designs(1, confounded="no", voom_changed=0, residual_df=0))
    assert "In these tumours" not in text


def test_profiles_without_a_network_claim_nothing(tmp_path):
    text, tables = build(tmp_path, "profile", NOTHING)
    assert text.startswith("Unclear: a shared programme was not tested")
    assert "No switches" in text and "markers were not selected" in text and tables == []
    assert "The results do not allow conclusions about other patients" in text
    assert "losses that differ between timepoints" in text.split("Not checked")[1]


def test_profiles_with_a_network_speak_of_factors(tmp_path):
    tables = everything()
    tables["profile_activity.tsv"] = tables["activity.tsv"]
    text, (table,) = say(Results(tmp_path, "profile", NETWORK, tables=tables).write())
    assert "3 shared switches of 4 factors compared" in text and "regulon" not in text and len(table.frame) == 3


@pytest.mark.parametrize("assay", ["scrna", "profile"])
def test_tables_without_rows_claim_nothing(tmp_path, assay):
    text, tables = build(tmp_path, assay, NETWORK)
    assert text.startswith("Unclear: no model has both untreated and persister samples") and tables == []
    assert "No gene could be compared" in text and "No shared switch can be named" in text


def test_switches_are_those_of_the_table_up_before_down(tmp_path):
    text, (table,) = build(tmp_path, switches=switches(), **of_designs())
    assert "3 shared switches of 4 regulons compared: 2 more active in persister, 1 less" in text
    assert list(table.frame["regulon"]) == ["JUNB(+)", "FOSL1(+)", "MYC(+)"]
    assert list(table.frame["direction"]) == ["up", "up", "down"] and len(table.frame.columns) <= 8
    row = table.frame.iloc[1]
    ends = row[["activity_change_sd_low", "activity_change_sd", "activity_change_sd_high"]]
    assert list(ends) == pytest.approx([0.7, 1.0, 1.3])


def test_many_switches_are_cut_in_each_direction(tmp_path):
    rows = pd.concat([switches()] * 9, ignore_index=True)
    _, (table,) = build(tmp_path, switches=rows, **of_designs())
    assert table.frame["direction"].value_counts().to_dict() == {"up": findings.SHOWN, "down": 9}


def test_what_peaks_say_of_regulons_is_told_where_there_are_any(tmp_path):
    rows = [("R1", "supported"), ("R2", "unclear"), ("R3", "supported"), ("R4", "no peaks")]
    text, _ = build(tmp_path / "with", support=pd.DataFrame(rows, columns=["regulon", "verdict"]))
    assert "in the cells that the peaks are of: supported R1, R3; unclear R2 (Chromatin)" in text and "R4" not in text
    none, _ = build(tmp_path / "without", support=pd.DataFrame(rows[3:], columns=["regulon", "verdict"]))
    assert "Peaks of factors" not in none


def test_cycling_cells_and_switches_by_cycle_are_told_with_three_models_alone(tmp_path):
    given = {name.removesuffix(".tsv"): table for name, table in growth().items()}
    text, _ = build(tmp_path / "three", **given)
    assert "Cycling cells make up 52% of the cells at untreated and 22% at persister" in text
    told = "Of 3 shared switches, by change in cycling and in non-cycling cells: holds in both (2), only cycling (1)"
    assert told in text
    clusters = "Of 2 clusters that models have in common, relative to all: grows 0 (KRT5, KRT14); shrinks 1 (MKI67)."
    assert clusters in text
    two = given | {"growth/changes": given["growth/changes"].assign(p=np.nan)}
    assert "Cycling cells" not in build(tmp_path / "two", **two)[0]
    assert "Cycling cells" not in build(tmp_path / "none")[0]


def test_panels_name_their_genes_or_why_there_is_none(tmp_path):
    chosen = markers()["markers_panels.tsv"].assign(p=0.004)
    chosen["genes"] = chosen["genes"].where(chosen["pool"] != "surface", "A,B,C,D,E,F,G")
    text, _ = build(tmp_path / "found", markers_panels=chosen)
    assert "All genes: HBEGF (1 gene), area under the ROC curve 0.90 in the models left out (n = 3), p 0.004" in text
    assert "Surface: A, B, C, D, E and 2 more (7 genes)" in text
    none = pd.DataFrame([{"pool": "all genes", "note": "1 model has both timepoints"}])
    assert "No marker panel: 1 model has both timepoints" in build(tmp_path / "none", markers_panels=none)[0]


def test_a_panel_tells_its_assay_its_positive_cells_and_what_they_predict(tmp_path):
    tables = markers()
    row, values = tables["markers_assays.tsv"].iloc[0], tables["markers_values.tsv"]
    given = {name.removesuffix(".tsv"): table for name, table in tables.items()}
    text, _ = build(tmp_path / "found", **given)
    ends = f"[{row['positive_persister_low']:.0%}, {row['positive_persister_high']:.0%}]"
    assert (
        f"By antibody (flow cytometry), 80% {ends} of persister and 20% [" in text and "of untreated cells are" in text
    )
    assert "expected to be positive (from mRNA, n = 3); at a prevalence of 1%, the predictive value is " in text
    low = values.set_index("prevalence")["positive_predictive_value_low"]
    assert f"is {0.8 * 0.01 / (0.8 * 0.01 + 0.2 * 0.99):.0%} ({low[0.01]:.0%} or more) of a positive" in text
    assert text.count("By antibody") == 1, "the other pool's panel was not measured"
    twice = {name: pd.concat([given[name], given[name].assign(pool="surface")]) for name in given if "_" in name}
    twice["markers_panels"] = given["markers_panels"]
    text, _ = build(tmp_path / "twice", **(given | twice))
    assert text.count("By antibody") == 1 and "(n = 3); assay and values as for all genes (Markers)." in text
    none = given["markers_values"].assign(negative_predictive_value=np.nan)
    text, _ = build(tmp_path / "undefined", **(given | {"markers_values": none}))
    assert "By antibody" in text and "prevalence" not in text and "nan" not in text


@pytest.mark.parametrize(
    ("n", "p", "told"),
    [
        (2, np.nan, "not judged by perturbations: 2 factors perturbed and silenced, 6 are needed."),
        (
            7,
            0.4,
            "not shown to predict the effects of 7 factors perturbed better than the mean change of their targets",
        ),
        (7, 0.01, "Silencing in silico predicts the effects of 7 factors perturbed better than the mean change"),
    ],
)
def test_silencing_in_silico_is_judged_where_there_are_perturbations(tmp_path, n, p, told):
    source = Results(tmp_path, tables=everything()).write()
    factors = pd.DataFrame({"tf": ["FOSL1"], "tested": ["switched on"], "n_perturbations": [1]})
    verdict = decide(SIMULATIONS, Simulation(n, p)).name
    judged = pd.DataFrame([{"n_factors": n, "simulated": p, "baseline": p, "p": p, "verdict": verdict}])
    text, _ = say(with_file(source, findings.JUDGED, judged))
    assert "Silencing in silico" not in text, "nothing without perturbations"
    text, _ = say(with_file(with_file(source, findings.TESTED, factors), findings.JUDGED, judged))
    assert told in text and ("plays no part in the rank" in text) == (verdict == NOT_BETTER.name)
    assert "p nan" not in text


def test_every_verdict_on_silencing_has_a_sentence():
    said = words.read("findings", findings.FOLDER)["simulation"]
    assert set(said) == {one.name for one in SIMULATIONS}


def lost(persister: float) -> pd.DataFrame:
    """Return the attrition of three models' libraries: a tenth of the untreated cells is lost, and ``persister``."""
    rows = []
    for row in samples("scrna").to_dict("records"):
        share = persister if row["timepoint"] == "persister" else 0.1
        for step, removed in (("empty", 5000), ("host", 0), ("mixed", 0), ("low_counts", round(1000 * share))):
            remaining = 1000 if step != "low_counts" else 1000 - removed
            rows.append({**row, "step": step, "removed": removed, "remaining": remaining})
    table = pd.DataFrame(rows)
    return table.assign(lost_share=losses.lost_shares(table)).assign(warning=losses.warn)


def with_file(source: Source, path: str, table: pd.DataFrame) -> Source:
    """Return the study with one more table."""
    (source.root / path).parent.mkdir(exist_ok=True)
    table.to_csv(source.root / path, sep="\t", index=False)
    return dataclasses.replace(source, files=source.files | {path})


@pytest.mark.parametrize(("share", "warned"), [(0.5, True), (0.15, False)])
def test_unequal_losses_are_a_warning(tmp_path, share, warned):
    source = Results(tmp_path, tables=everything()).write()
    text, _ = say(with_file(source, "cells/attrition.tsv", lost(share)))
    assert ("Unequal losses" in text) == warned
    assert "losses that differ between timepoints" not in text.split("Not checked")[-1]
    if warned:
        assert "50% of the tumour's cells at persister and 10% at untreated" in text
        assert "from 40 to 40 percentage points" in text
        assert "low_counts: removes 50% of the sample's cells; 40 points more than at untreated" in text
    else:
        assert "losses that differ between timepoints" in text.split("No warning from")[1]
        assert "cells removed by each filter" in text.split("No warning from")[1]


def test_what_differs_between_samples_is_a_warning_with_a_link(tmp_path):
    ranked = switches().assign(depth_share=[0.2, 0.9, 0.8, np.nan], platform_fdr=[0.01, 0.5, 0.6, np.nan])
    ranked.loc[0, "verdict"] = "depth"
    tables = everything() | {"switches.tsv": ranked} | designs(platform="single-cell (A); bulk (B, C)", depth=-0.4)
    source = Results(tmp_path, tables=tables).write()
    warned = next(str(block) for block in findings.build(source).blocks if 'class="text warnings"' in str(block))
    items = {re.sub("<[^>]+>", "", item) for item in re.findall("<li>(.*?)</li>", warned)}
    text = " ".join(items)
    assert "mean log2 ratio −0.40); 1 of 3 regulons" in text
    assert "measured on several (single-cell (A); bulk (B, C)); 1 of 3 regulons change differently" in text
    assert "each model had one of AC and cisplatin" in text and "CNV clone could not be adjusted for" in text
    names = {entry if isinstance(entry, str) else entry.__name__.rsplit(".", 1)[1] for entry in SECTIONS}
    goals = re.findall('href="#([^"]+)"', warned)
    assert len(goals) == len(items) and set(goals) <= names


@pytest.mark.parametrize(("number", "told"), [(0, {}), (1, "1 gene"), (8, "8 genes")])
def test_genes_to_distrust_are_named_whichever_species_loses_the_reads(tmp_path, number, told):
    source = Results(tmp_path, tables=designs(2)).write()
    rows = [("graft" if i % 2 else "host", f"S{i}", f"O{i}", "yes" if i < number else "no") for i in range(9)]
    table = pd.DataFrame(rows, columns=["species", "symbol", "other_symbol", "distrusted"])
    (source.root / "counts").mkdir(exist_ok=True)
    table.to_csv(source.root / "counts" / "other_species.tsv", sep="\t", index=False)
    source = dataclasses.replace(source, files=source.files | {"counts/other_species.tsv"})
    found = checks.check_species(checks.Given(source, {}, CONTRAST, None, None))
    assert found == told if not number else found["number"] == told and found["genes"].startswith("O0")
    assert number < 8 or "S5 and 2 more" in found["genes"]


def test_every_check_has_its_words():
    said = words.read("findings", findings.FOLDER)["checks"]
    assert set(checks.CHECKS) == set(said) - {"demo", "databases", "none", "not_measured"}
    assert all({"name", "warning"} <= set(said[name]) for name in checks.CHECKS)


def test_of_what_is_compared_the_arms_are_those_of_the_design(tmp_path):
    source = Results(tmp_path, tables=designs(2)).write()
    rows = pd.Series({"n_models": 2, "confounded": "no"})
    assert checks.Given(source, {}, CONTRAST, rows, None).arms == [ARMS["A"]]


def test_lineages_of_the_stroma_that_change_are_told(tmp_path):
    rows = [(CONTRAST, name, "all lineages", said, 5) for name, said in (("T cell", "falls"), ("macrophage", "rises"))]
    rows += [(CONTRAST, "fibroblast", "all lineages", "unclear", 5), ("relapse vs untreated", "B cell", "", "falls", 5)]
    columns = ["contrast", "lineage", "reference", "verdict", "n_models"]
    changes = pd.DataFrame(rows, columns=columns)
    text, _ = build(tmp_path / "some", changes=changes)
    told = "Stroma: macrophage rises and T cell falls in persister relative to all lineages, of 3 lineages compared"
    assert told in text and "B cell" not in text
    none, _ = build(tmp_path / "none", changes=changes.assign(verdict="unclear"))
    assert "of 3 lineages compared in 5 models, none is shown to change its share" in none
    assert "Stroma" not in build(tmp_path / "few", changes=changes.assign(n_models=2))[0]
