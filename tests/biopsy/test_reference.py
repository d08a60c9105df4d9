"""A reference says what it is, and is refused in one line if it isn't what it says."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from scripts.base import job
from scripts.biopsy import reference
from scripts.study import reference_manifest
from scripts.study.load import load_study


@pytest.fixture
def copy(frozen, tmp_path):
    """Return a copy of the reference to be damaged."""
    return shutil.copytree(frozen.folder, tmp_path / "reference")


def refused(folder) -> str:
    """Return the one line by which loading is refused."""
    with pytest.raises(job.UserError) as error:
        reference.load(folder)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_every_file_is_there_hashed_and_explained(frozen):
    assert {path.name for path in frozen.folder.iterdir()} == {reference_manifest.MANIFEST, *reference_manifest.FILES}
    assert set(frozen.manifest["files"]) == set(reference_manifest.FILES)
    text = (frozen.folder / "README.txt").read_text()
    assert all(name in text for name in {reference_manifest.MANIFEST, *reference_manifest.FILES} - {"README.txt"})
    assert frozen.manifest["training"] | {"genes": 0, "cells": 0} == {
        "cells": 0, "genes": 0, "profiles": 12, "samples": 12, "models": 5,
    }  # fmt: skip


def test_the_panel_has_a_gene_once_and_leaves_out_what_no_final_panel_holds(frozen):
    markers = frozen.table("markers")
    assert markers["gene"].is_unique and len(markers) == 10
    assert set(markers["pool"]) == {"all genes, surface"}
    assert markers["direction"].value_counts().to_dict() == {"up": 5, "down": 5}


def test_it_holds_no_path_and_no_date(frozen):
    text = json.dumps(frozen.manifest)
    assert "/" not in text.replace("log1p/", "") and "2026" not in text


def test_a_file_changed_since_is_refused(copy):
    path = copy / "regulons.tsv"
    path.write_text(path.read_text().replace("JUNB", "JUND", 1))
    assert "regulons.tsv: changed since it was frozen" in refused(copy)


def test_a_file_lost_is_refused(copy):
    (copy / "cells.h5ad").unlink()
    assert "cells.h5ad: the reference's file is missing" in refused(copy)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '{"format": "persister-regulons reference", "format_version": 99}',
            "format version 99, this workflow reads 1",
        ),
        ('{"format": "something"}', "not the manifest of a persister-regulons reference"),
        ("[]", "not the manifest"),
        ("{", "can't be read"),
    ],
    ids=["later version", "other format", "no object", "no JSON"],
)
def test_another_manifest_is_refused(copy, text, said):
    (copy / reference_manifest.MANIFEST).write_text(text)
    assert said in refused(copy)


@pytest.fixture
def older(copy):
    """Return the reference as it was frozen before it had the tables of stroma and published signatures."""
    manifest = json.loads((copy / reference_manifest.MANIFEST).read_text())
    manifest.pop("stroma")
    for name in reference_manifest.LATER:
        (copy / f"{name}.tsv").unlink()
        manifest["files"].pop(f"{name}.tsv")
    (copy / reference_manifest.MANIFEST).write_text(json.dumps(manifest))
    return copy


def test_an_older_reference_is_read_without_the_tables_that_it_lacks(older, frozen):
    read = reference.load(older)
    assert all(read.table(name).empty for name in reference_manifest.LATER)
    assert read.table("switches").equals(frozen.table("switches"))
    (older / "switches.tsv").unlink()
    assert "switches.tsv: the reference's file is missing" in refused(older)


def test_a_table_that_the_manifest_names_must_be_there(copy):
    (copy / "stroma.tsv").unlink()
    assert "stroma.tsv: the reference's file is missing" in refused(copy)


def test_a_biopsy_asks_an_older_reference_only_for_its_files(older):
    named = set(reference_manifest.files_in(str(older)))
    later = {f"{name}.tsv" for name in reference_manifest.LATER}
    assert named == set(reference_manifest.FILES) - later
    assert set(reference_manifest.files_in(None)) == set(reference_manifest.FILES)


def test_a_folder_that_is_none_is_refused(tmp_path):
    assert "biopsy.reference must name a folder that `snakemake freeze` wrote" in refused(tmp_path)


def test_calibration_leaves_models_out_and_is_near_the_truth(frozen):
    """25 mixtures: within 5 points each, and the intervals hold 9 of 10."""
    table = frozen.table("calibration")
    assert len(table) == 25 and table["model"].nunique() == 5
    assert (table["fraction"] - table["planted"]).abs().max() <= 0.05
    assert ((table["low"] <= table["planted"]) & (table["planted"] <= table["high"])).mean() >= 0.9


def test_training_scores_lie_at_their_states(frozen):
    means = frozen.table("samples").groupby("timepoint")["score"].mean()
    assert means["untreated"] == pytest.approx(0, abs=0.02) and means["persister"] == pytest.approx(1, abs=0.02)
    assert np.isclose(means["relapse"], 0.1, atol=0.15)


def test_the_config_of_a_biopsy_takes_from_the_reference_what_it_lacks(frozen, tmp_path):
    sheet = tmp_path / "samples.tsv"
    header = "sample\tmodel\ttimepoint\tarm\treplicate\tassay\tmatrix\trole"
    sheet.write_text(f"{header}\nB1\tP9\tday21\tany\t1\tscrna\tB1.h5\tquery\n")
    config = {"samples": str(sheet), "reference": str(frozen.folder), "check_files": False}
    study = load_study(config | {"cells": {"qc": {"min_counts": 300}}})
    assert list(study.queries.index) == ["B1"] and study.samples.empty and study.groups == []
    assert study.config["contrast"]["persister"] == "persister"
    assert study.config["cells"]["species"]["method"] == "ambient"
    assert study.config["cells"]["qc"]["min_counts"] == 300 and study.config["cells"]["qc"]["min_genes"] == 100
    assert study.config["references"]["host"]["prefix"] == "GRCm39_"
    assert study.config["biopsy"]["reference"] == str(frozen.folder)


def test_the_template_of_a_biopsy_is_a_study(frozen):
    folder = Path(__file__).parents[2] / "config" / "template" / "biopsy"
    given = yaml.safe_load((folder / "config.yaml").read_text())
    given |= {"samples": str(folder / "samples.tsv"), "reference": str(frozen.folder), "check_files": False}
    study = load_study(given)
    assert list(study.queries.index) == ["B1"] and study.samples.empty


def test_biopsies_without_reference_and_study_are_refused(tmp_path, frozen):
    sheet = tmp_path / "samples.tsv"
    header = "sample\tmodel\ttimepoint\tarm\treplicate\tassay\tmatrix\trole"
    sheet.write_text(f"{header}\nB1\tP9\tday21\tany\t1\tscrna\tB1.h5\tquery\n")
    design = {key: frozen.manifest["study"][key] for key in ("timepoints", "contrast", "arms", "models")}
    with pytest.raises(job.UserError, match=r"config, biopsy\.reference: is missing.* queries"):
        load_study({"samples": str(sheet), "check_files": False, **design})
