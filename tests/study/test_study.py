"""What rules ask of a study, and that the shipped study is the eight models of the design."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from scripts.study.load import load_study
from scripts.study.resources import find_own_tools

ROOT = Path(__file__).parents[2]

# model: assay, {(timepoint, arm): replicates}
DESIGN = {
    **{m: ("scrna", {("untreated", "untreated"): 1, ("persister", "capecitabine"): 1}) for m in ("HBCx95", "HBCx39")},
    **{m: ("scrna", {("untreated", "untreated"): 1, ("persister", "capecitabine"): 1}) for m in ("HBCx172", "HBCx221")},
    "HBCx218": ("scrna", {("untreated", "untreated"): 1, ("persister", "AC"): 1}),
    "HBCx14": (
        "profile",
        {
            ("untreated", "untreated"): 3,
            ("persister", "AC"): 5,
            ("persister", "carboplatin"): 5,
            ("persister", "cisplatin"): 5,
        },
    ),
    "HBCx10": ("profile", {("untreated", "untreated"): 8, ("persister", "AC"): 8, ("relapse", "AC"): 8}),
    "HBCx33": (
        "profile",
        {
            ("untreated", "untreated"): 7,
            ("persister", "cisplatin"): 7,
            ("relapse", "cisplatin"): 7,
            ("persister", "capecitabine"): 7,
            ("relapse", "capecitabine"): 7,
        },
    ),
}


@pytest.fixture(scope="module")
def shipped():
    """Return the shipped study; its paths are examples, so that no file is looked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return load_study(yaml.safe_load(Path("config/config.yaml").read_text()), check_files=False)


def test_shipped_samples_are_the_design(shipped):
    samples = shipped.samples
    assert len(samples) == 87
    columns = samples[["model", "assay", "timepoint", "arm"]].itertuples(index=False, name=None)
    expected = Counter()
    for model, (assay, groups) in DESIGN.items():
        for (timepoint, arm), number in groups.items():
            expected[model, assay, timepoint, arm] = number
    assert Counter(columns) == expected
    assert [entry["model"] for entry in shipped.config["models"]] == list(DESIGN)


def test_shipped_config_names_arms_and_roles_of_the_design(shipped):
    arms = {entry["arm"]: entry["drugs"] for entry in shipped.config["arms"]}
    assert list(arms) == ["untreated", "capecitabine", "AC", "cisplatin", "carboplatin"]
    assert arms["untreated"] == [] and arms["AC"] == ["doxorubicin", "cyclophosphamide"]
    assert shipped.config["timepoints"] == ["untreated", "persister", "relapse"]
    roles = {"baseline": "untreated", "persister": "persister", "relapse": "relapse", "further": []}
    assert shipped.config["contrast"] == roles
    for entry in shipped.config["models"]:
        used = {arm for _, arm in DESIGN[entry["model"]][1]}
        assert set(entry["arms"]) == used


def test_shipped_libraries_come_as_reads(shipped):
    assert len(shipped.libraries) == 10 and shipped.libraries == shipped.sequenced and not shipped.imported
    assert list(dict.fromkeys(shipped.units["sample"])) == shipped.libraries
    assert shipped.models == shipped.groups == ["HBCx95", "HBCx39", "HBCx172", "HBCx221", "HBCx218"]
    assert len(shipped.profiles) == 77
    profiles = shipped.samples.loc[shipped.profiles]
    assert profiles.groupby("model")["matrix"].nunique().tolist() == [1, 1, 1]
    assert (profiles["column"] == profiles.index).all()


def test_samples_are_text_indexed_by_sample(draft):
    samples = draft.load().samples
    assert list(samples.columns) == [
        *(
            "model",
            "timepoint",
            "arm",
            "replicate",
            "assay",
            "matrix",
            "column",
            "platform",
            "factor",
            "direction",
            "dose",
            "control",
            "species",
            "introns",
            "barcodes",
            "day",
            "pool",
            "tag",
            "expected_cells",
        )
    ]
    assert samples.index.name == "sample"
    assert samples.loc["A_AC"].tolist() == ["A", "persister", "AC", "1", "scrna", *[""] * 14]
    assert samples.reset_index().to_dict("records")[5]["column"] == "treated1"


def test_kinds_of_samples(draft):
    study = draft.load()
    assert study.libraries == ["A_untreated", "A_AC", "B_untreated", "B_AC"]
    assert study.sequenced == ["A_untreated", "A_AC"]
    assert study.imported == ["B_untreated", "B_AC"]
    assert study.profiles == ["B_bulk1", "B_bulk2"]


def test_lanes_are_in_the_order_of_the_sheet(draft):
    draft.put("units", 2, "unit", "L9")
    study = draft.load()
    assert study.units_of("A_untreated") == ["L9", "L002"] and study.units_of("B_AC") == []
    assert study.fastqs("A_untreated") == (
        ["reads/a_L001_R1.fastq.gz", "reads/a_L002_R1.fastq.gz"],
        ["reads/a_L001_R2.fastq.gz", "reads/a_L002_R2.fastq.gz"],
    )
    assert list(study.units.columns) == ["sample", "unit", "fq1", "fq2"]


def test_models_and_timepoints_are_in_the_order_of_the_config(draft):
    lines = draft.samples.splitlines()
    draft.samples = "\n".join([lines[0], *reversed(lines[1:])])
    study = draft.load()
    assert study.models == ["A", "B"]
    assert study.timepoints_of("A") == ["untreated", "persister"]
    assert study.samples_of("A") == ["A_AC", "A_untreated"]
    assert study.samples_of("A", "persister") == ["A_AC"] and study.samples_of("A", "relapse") == []


def test_models_of_profiles_only_have_no_libraries(draft):
    for row in (4, 5):
        draft.put("samples", row, "assay", "profile")
        draft.put("samples", row, "column", f"c{row}")
        draft.put("samples", row, "replicate", "2")
    draft.config["regulons"]["min_groups"] = 1
    study = draft.load()
    assert study.models == study.groups == ["A"] and study.samples_of("B") == []


def test_study_of_profiles_only_has_no_groups(draft):
    draft.samples = "\n".join(line for line in draft.samples.splitlines() if "scrna" not in line)
    draft.units = draft.units.splitlines()[0]
    study = draft.load()
    assert study.models == study.groups == study.libraries == [] and len(study.profiles) == 2


def test_groups_by_model(draft):
    study = draft.load()
    assert study.groups == ["A", "B"]
    assert study.samples_of_group("A") == ["A_untreated", "A_AC"] and study.model_of_group("B") == "B"


def test_groups_by_model_and_timepoint(draft):
    draft.config["regulons"]["group_by"] = ["model", "timepoint"]
    study = draft.load()
    assert study.groups == ["A_untreated", "A_persister", "B_untreated", "B_persister"]
    assert study.samples_of_group("B_persister") == ["B_AC"] and study.model_of_group("B_persister") == "B"


def test_tools_of_this_python_are_found_first_and_once(monkeypatch):
    own = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join(["/usr/bin", own, "/bin"]))
    for _ in range(2):
        find_own_tools()
        assert os.environ["PATH"].split(os.pathsep) == [own, "/usr/bin", "/bin"]
