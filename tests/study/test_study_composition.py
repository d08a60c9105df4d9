"""What samples are made of: a study in which tumour cells cannot be distinguished from normal ones is refused."""

from __future__ import annotations

import pytest

from scripts.study.frozen import design_to_freeze


def no_host(draft) -> None:
    draft.set("references.host", None)


@pytest.mark.parametrize("off", ["off", False])
def test_without_a_host_and_without_a_verdict_on_cells_a_study_is_refused(draft, off):
    """YAML reads off as false."""
    no_host(draft)
    draft.set("cells.malignant", off)
    (problem,) = draft.problems()
    assert problem.startswith("config, cells.malignant: is off, and without a host") and "composition: pure" in problem


def test_what_tells_tumour_cells_apart_is_enough(draft):
    no_host(draft)
    assert draft.load().programme_sets[-1] == "lineages"
    draft.set("cells", {"malignant": "off", "composition": "pure"})
    assert draft.load().programme_sets[-1] == "hypoxia"
    draft.set("cells", {"malignant": "off", "annotation": "data/cells.tsv"})
    assert draft.load().annotations == ["data/cells.tsv"]
    assert "data/cells.tsv" in draft.load().input_files["matrices"]


def test_with_a_host_nothing_else_is_needed(draft):
    draft.set("cells.malignant", "off")
    study = draft.load()
    assert study.programme_sets == ["cell_cycle", "dissociation", "hypoxia"] and study.composition_of("A") == "auto"


def test_one_sample_of_another_kind_is_told_by_its_name(draft):
    draft.set("cells", {"overrides": {"A_AC": {"composition": "tumour", "malignant": "off"}}})
    (problem,) = draft.problems()
    assert problem.startswith("config, cells.overrides.A_AC.malignant: is off")
    draft.set("cells.overrides.A_AC.malignant", "auto")
    assert draft.load().composition_of("A") == "tumour"


def test_a_xenograft_needs_a_host(draft):
    no_host(draft)
    draft.set("cells.composition", "xenograft")
    (problem,) = draft.problems()
    assert problem.startswith("config, cells.composition: is xenograft, but references has no host")


def test_a_missing_annotation_is_named(draft, monkeypatch):
    draft.set("cells.annotation", "data/cells.tsv")
    draft.set("check_files", True)
    draft.units = draft.units.splitlines()[0] + "\n"
    draft.samples = "\n".join(line for line in draft.samples.splitlines() if not line.startswith("A_")) + "\n"
    monkeypatch.chdir(draft.folder)
    (draft.folder / "data").mkdir()
    for name in ("B_untreated.h5ad", "B_AC.h5ad", "B.tsv"):
        (draft.folder / "data" / name).touch()
    draft.set("regulons.min_groups", 1)
    (problem,) = draft.problems()
    assert problem.startswith("config, cells.annotation: there is no 'data/cells.tsv'")


def test_what_training_was_made_of_is_not_said_of_a_biopsy(draft):
    """A reference of cell lines must not make a patient's biopsy pure."""
    no_host(draft)
    draft.set("cells.composition", "pure")
    frozen = design_to_freeze(draft.load().config, {})
    assert not {"composition", "malignant", "annotation", "overrides"} & set(frozen["cells"])


def test_one_model_needs_no_agreement_where_no_network_is_inferred(draft):
    draft.set("models", [{"model": "A", "arms": ["untreated", "AC"]}])
    draft.samples = "\n".join(line for line in draft.samples.splitlines() if not line.startswith("B_")) + "\n"
    assert "groups of 2 models must agree" in draft.problems()[0]
    draft.set("regulons", {})
    assert draft.load().models == ["A"]
