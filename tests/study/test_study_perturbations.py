"""Perturbations in the config and in the samples sheet: what they are compared with, and what can't be."""

import pytest

READY = {"name": "FOSL1_on", "factor": "FOSL1", "direction": "gain", "table": {"path": "data/fosl1.tsv"}}
COLUMNS = ("role", "factor", "direction", "dose", "control")
ROWS = {
    "line_on1": ("perturbation", "FOSL1", "gain", "high dose", "line_off"),
    "line_on2": ("perturbation", "FOSL1", "gain", "high dose", "line_off"),
    "line_ko": ("perturbation", "MYC", "loss", "", "line_off"),
    "line_off": ("perturbation", "", "", "", ""),
}


def switched(draft):
    """Add a cell line in which factors were switched, as profiles of one table."""
    for number, (sample, cells) in enumerate(ROWS.items(), start=8):
        draft.append("samples", f"{sample} line cultured control {number} profile data/line.tsv {sample}")
        for column, value in zip(COLUMNS, cells, strict=True):
            draft.put("samples", number, column, value)
    return draft


def test_a_study_without_perturbations_has_none(draft):
    study = draft.load()
    assert not study.has_perturbations and not study.perturbation_files and not study.measured_perturbations


def test_ready_tables_may_share_a_file(draft):
    draft.set(
        "perturbations", [READY, {**READY, "name": "MYC_off", "factor": "MYC", "direction": "loss", "column": "myc"}]
    )
    study = draft.load()
    assert study.has_perturbations and study.perturbation_files == ["fosl1.tsv"]
    assert study.file_of_perturbation == [0, 0] and "fosl1.tsv" in study.gene_lists
    assert [entry["column"] for entry in study.ready_perturbations] == ["log_fc", "myc"]


def test_samples_of_a_factor_are_replicates_and_the_study_does_not_learn_from_them(draft):
    study = switched(draft).load()
    assert list(study.perturbed.index) == list(ROWS) and not set(ROWS) & set(study.samples.index)
    assert set(ROWS) <= set(study.all_samples.index) and study.has_perturbations and len(study.queries) == 0
    first, second = study.measured_perturbations
    assert first["perturbation"] == "FOSL1_gain_high-dose_line" and first["perturbed"] == ["line_on1", "line_on2"]
    assert first["control"] == ["line_off"] and second["perturbation"] == "MYC_loss_line"
    assert study.perturbed_tables == ["data/line.tsv"] and study.perturbed_cells == []


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([READY, READY], "config, perturbations[1].name: 'FOSL1_on' is also perturbations[0]; rename one"),
        ([{**READY, "table": {}}], "config, perturbations[0].table: names no file; give its path"),
        (
            [READY, {**READY, "name": "b", "table": {"path": "other/fosl1.tsv"}}],
            "config, perturbations[1].table: another file of the config is named 'fosl1.tsv' too; rename this one",
        ),
        ([{**READY, "direction": "up"}], "config, perturbations[0].direction: 'up' is not gain, loss or inhibitor"),
        ([{k: v for k, v in READY.items() if k != "factor"}], "config, perturbations[0].factor: is missing"),
    ],
)
def test_a_ready_table_that_can_not_be_used_is_refused(draft, entries, said):
    draft.set("perturbations", entries)
    assert draft.problems()[0].startswith(said)


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (8, "control", "line_of", "row 8, column control: 'line_of' is not a control of this sheet; did you mean"),
        (8, "control", "line_ko", "row 8, column control: 'line_ko' is not a control of this sheet"),
        (8, "direction", "", "row 8, column direction: is empty, but the row has a factor; fill it in"),
        (8, "model", "other", "row 8, column control: 'line_off' has model 'line', this sample 'other'"),
        (2, "factor", "MYC", "row 2, column factor: 'MYC' is for role perturbation only; empty the cell"),
        (10, "control", "", "row 10, column control: is empty, but the row has a factor"),
    ],
)
def test_a_row_that_can_not_be_compared_is_refused(draft, row, column, value, said):
    switched(draft).put("samples", row, column, value)
    assert draft.problems()[0].startswith(f"samples.tsv, {said}")


def test_replicates_of_two_assays_or_platforms_are_refused(draft):
    draft = switched(draft)
    draft.append("samples", "line_off2 line cultured control 13 profile data/array.tsv x")
    draft.put("samples", 12, "role", "perturbation")
    draft.put("samples", 9, "control", "line_off2")
    for row in (9, 12):
        draft.put("samples", row, "platform", "array")
    (said,) = draft.problems()
    assert said.startswith("samples.tsv, row 9, column platform: 'array' differs from '' of 'line_on1', a replicate of")


def test_a_control_that_nothing_is_compared_with_is_refused(draft):
    draft = switched(draft)
    draft.append("samples", "alone line cultured control 20 profile data/line.tsv alone")
    draft.put("samples", 12, "role", "perturbation")
    (said,) = draft.problems()
    assert said.startswith("samples.tsv, row 12, column factor: no perturbation names the control 'alone'; give it a")
