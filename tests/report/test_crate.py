"""The crate of a run: read back by the library, with every result, input and hash that the manifest has."""

import json

import pytest
from rocrate.rocrate import ROCrate

from scripts.report import crate

MANIFEST = {
    "workflow": {"version": "0.1.0", "commit": "c" * 40, "source": "d" * 64},
    "config": {"title": "A study"},
    "inputs": {
        "sheets": {"samples.tsv": "a" * 64},
        "reads": {"A_R1.fastq.gz": 7},
        "matrices": {"gone.h5ad": None},
    },
    "results": {"switches/switches.tsv": "b" * 64},
    "run": {"first_result": "2025-01-01T00:00:00+00:00", "last_result": None, "written": "2025-01-02T00:00:00+00:00"},
}


@pytest.fixture
def written(tmp_path, make_job):
    """Return the crate of a small run, as the library reads it."""
    folder = tmp_path / "results"
    files = ["switches/switches.tsv", "cells/figures/attrition.png", "cells/figures/.hidden", "report/report.html"]
    for name in [*files, "manifest.json"]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    findings = [folder / "switches/switches.tsv", folder / "cells/figures"]
    given = {"findings": findings, "report": folder / "report/report.html", "manifest": folder / "manifest.json"}
    crate.main(make_job(input=given, output={"crate": folder / "ro-crate-metadata.json"}))
    return ROCrate(folder)


def test_it_holds_every_result_with_its_hash(written):
    files = {"switches/switches.tsv", "cells/figures/attrition.png", "report/report.html", "manifest.json"}
    assert {file.id for file in written.root_dataset["hasPart"]} == files
    assert written.get("switches/switches.tsv")["sha256"] == "b" * 64
    assert written.get("cells/figures/attrition.png")["encodingFormat"] == "image/png"
    # The profile's validator asks for it of every file.
    assert all(entity.get("encodingFormat") for entity in written.data_entities if entity.type == "File")


def test_it_says_by_what_and_from_what_they_were_made(written):
    run = written.get("#run")
    assert run["instrument"]["softwareVersion"] == f"0.1.0 ({'c' * 40})" and "version" not in run["instrument"]
    assert {entry["name"] for entry in run["object"]} == {"samples.tsv", "A_R1.fastq.gz", "gone.h5ad"}
    assert written.get("#input/samples.tsv")["sha256"] == "a" * 64
    assert written.get("#input/A_R1.fastq.gz")["contentSize"] == "7"
    assert {entry.id for entry in run["result"]} == {entry.id for entry in written.root_dataset["hasPart"]}
    assert run["endTime"] == MANIFEST["run"]["written"] and written.name == "A study"
    assert written.root_dataset["conformsTo"].id == crate.PROFILE


def test_no_path_of_this_machine_is_in_it(written, tmp_path):
    assert str(tmp_path) not in (tmp_path / "results" / "ro-crate-metadata.json").read_text()
