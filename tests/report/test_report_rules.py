"""rules/report/archive.smk on a small workflow: one run ends in an archive of its own jobs, a second does nothing."""

import json
import re
import zipfile

import pytest

ARCHIVE = "out/run/report/report.zip"


@pytest.fixture(scope="module")
def page(workflow) -> str:
    """Return the page of Snakemake's report."""
    with zipfile.ZipFile(workflow.folder / ARCHIVE) as archive:
        return archive.read("report/report.html").decode()


def variable(page: str, name: str):
    """Return a variable that the page hands to its scripts."""
    block = re.search(rf'<script id="[\w-]+">\s*var {name} = (.*?);\s*</script>', page, re.DOTALL)
    return json.loads(block[1])


def test_every_figure_is_there_with_its_caption(workflow, page):
    results = variable(page, "results")
    paths = {path.removeprefix("out/run/") for path in results}
    assert paths == {"cells/figures/barnyard.png", "cells/figures/quality.png", "report/rulegraph.png"}
    caption = {path: entry["caption"] for path, entry in results.items()}
    assert "Figure quality, n = 7" in caption["out/run/cells/figures/quality.png"]
    assert "Which steps made these results" in caption["out/run/report/rulegraph.png"]
    assert not any("system-message" in text for text in caption.values())
    with zipfile.ZipFile(workflow.folder / ARCHIVE) as archive:
        assert all(archive.read("report/" + entry["data_uri"])[1:4] == b"PNG" for entry in results.values())


def test_the_first_page_says_what_holds_in_this_run(page):
    said = variable(page, "workflow_desc")
    assert "This is the demo" in said
    assert "8 models (HBCx95, HBCx39" in said
    assert "single cells: 2 libraries." in said
    assert "more than 75 % graft UMIs" in said
    assert "250 to 100,000 UMIs" in said
    assert "{{" not in said and "system-message" not in said


def test_jobs_of_this_run_are_described(page):
    rules = variable(page, "rules")
    assert set(rules) - {"make_manifest"} == {"draw_cells", "make", "make_raw", "report_reads", "plot_rulegraph"}
    assert rules["draw_cells"]["n_jobs"] == 1


def test_the_page_needs_no_network(page):
    assert not re.search(r"<(script|img|iframe)[^>]+src=[\"']?(https?:)?//", page)
    assert not re.search(r"<link[^>]+href", page)
    assert "persister-regulons" in page


def test_the_archive_holds_page_and_files(workflow):
    with zipfile.ZipFile(workflow.folder / ARCHIVE) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert "report/report.html" in names
    assert sorted(name.rsplit("/", 1)[1] for name in names if "/data/" in name) == [
        "barnyard.png",
        "quality.png",
        "rulegraph.png",
    ]


def test_nothing_is_left_to_do(workflow):
    said = workflow.dry_run(ARCHIVE)
    assert said.code == 0 and "Nothing to be done" in said.text


def test_other_words_in_a_caption_remake_the_report_alone(workflow):
    caption = workflow.folder / "resources" / "captions" / "figure.rst"
    before = caption.read_text()
    caption.write_text("Other words\n")
    said = workflow.dry_run(ARCHIVE)
    caption.write_text(before)
    assert re.findall(r"^(?:local)?rule (\w+):", said.text, re.MULTILINE) == ["archive_report"]


@pytest.mark.full
def test_a_report_that_fails_leaves_none(workflow):
    """A caption with a fault stops the report, and what was there before is gone rather than half new.

    Made again under a profile of the user's: that says how to run jobs and must not reach the question about them.
    """
    caption = workflow.folder / "resources" / "captions" / "figure.rst"
    before = caption.read_text()
    caption.write_text("{{ snakemake.nothing.at.all }}\n")
    said = workflow.run(ARCHIVE)
    caption.write_text(before)
    assert said.code != 0
    log = (workflow.folder / "out" / "run" / "logs" / "archive_report.log").read_text()
    assert "Error loading caption file" in log and "figure.rst" in log
    assert not (workflow.folder / ARCHIVE).exists()
    profile = workflow.folder / "profile"
    profile.mkdir()
    (profile / "config.yaml").write_text("report: elsewhere.html\nreport-after-run: true\nconfigfile: nowhere.yaml\n")
    said = workflow.run(ARCHIVE, SNAKEMAKE_PROFILE=str(profile))
    assert said.code == 0, said.text
