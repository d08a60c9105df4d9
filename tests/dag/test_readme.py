"""What the documents name is there: files, make targets, stages, config keys, and links."""

import re
from pathlib import Path

import pytest
import yaml

from scripts.study import stages
from scripts.study.stages import stage_of

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "resources" / "docs").glob("*.md") if p.stem != "calibration")]
README = PAGES[0].read_text()
STAGE_PAGE = (ROOT / "resources" / "docs" / "stages.md").read_text()
ALL = "\n".join(page.read_text() for page in PAGES)
MOST_LINES = 130
MAKEFILE = (ROOT / "Makefile").read_text()
STAGES = [*stages.STAGES, "report", "biopsy"]
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
CODE = re.findall(r"`([^`\n]+)`", ALL) + re.findall(r"^    (\S.*)$", ALL, re.MULTILINE)


def test_the_patterns_find_something():
    assert {"demo", "test", "lint", "benchmark", "format", "clean-demo"} <= TARGETS
    assert len(CODE) > 80


def test_the_readme_is_short():
    assert len(README.splitlines()) <= MOST_LINES


def test_every_make_target_named_exists():
    named = {word for code in CODE for word in re.findall(r"^make ([a-z-]+)", code)}
    assert {"demo", "test", "lint"} <= named <= TARGETS


def test_every_tracked_file_named_exists():
    pattern = re.compile(r"^(?:config|envs|rules|scripts|tests|resources|\.ci)/[\w./*-]+$|^[\w-]+\.(?:lock|toml)$")
    named = {code for code in CODE if pattern.match(code)} | set(re.findall(r"\]\((?!http)([^)#]+)\)", README))
    assert len(named) > 10
    missing = {name for name in named if not (list(ROOT.glob(name)) if "*" in name else (ROOT / name).exists())}
    assert missing == set()


def test_every_stage_is_in_picture_and_table():
    for stage in STAGES:
        assert f'{stage}["<b>{stage}</b>' in STAGE_PAGE
        assert re.search(rf"^\| {stage} \|", STAGE_PAGE, re.MULTILINE)


def test_the_picture_has_the_edges_of_the_workflow(rules):
    """An arrow from stage to stage in stages.md for each stage whose files another one reads, ways round left out."""
    drawn = set(re.findall(r"^    (\w+)(?:\[.*\])? --> (\w+)", STAGE_PAGE, re.MULTILINE))
    drawn = {(a, b) for a, b in drawn if a in STAGES}
    read = set()
    for rule in rules.values():
        stage = stage_of(rule)
        for path in map(str, rule.input):
            folder = path.removeprefix("results/demo/").split("/")[0]
            if (
                path.startswith("results/demo/")
                and folder in STAGES
                and not rule.norun
                and {stage, folder} <= set(STAGES)
            ):
                read.add((folder, stage))
    read = {(a, b) for a, b in read if STAGES.index(a) < STAGES.index(b) and b != "report"}
    reach = {stage: {b for a, b in drawn if a == stage} for stage in STAGES}
    for stage in reversed(STAGES):
        reach[stage] |= set().union(*(reach[b] for b in reach[stage]))
    assert len(read) > 5
    assert {(a, b) for a, b in read if b not in reach[a]} == set()


def test_every_config_key_named_exists():
    schema = yaml.safe_load((ROOT / "config" / "schemas" / "config.schema.yaml").read_text())
    named = {
        code.split(":")[0]
        for code in CODE
        if not code.endswith((".tsv", ".tsv.gz"))
        and re.match(
            r"^(?:counts|cells|clusters|regulons|profiles|expression|activity|switches|markers)\.\w[\w.]+(?::.*)?$",
            code,
        )
    }
    assert len(named) >= 5
    for key in named:
        part = schema
        for step in key.split("."):
            assert step in part["properties"], key
            part = part["properties"][step]


@pytest.mark.parametrize(
    "document", ["README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "Makefile", "config/README.md"]
)
def test_documents_name_no_registry_and_no_folder_of_one_machine(document):
    text = (ROOT / document).read_text()
    assert not re.search(r"pypi\.org|anaconda\.org|/home/|/root/|/tmp/", text)


def test_the_citation_can_be_read():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0" and citation["license"] == "MIT"
    assert [reference["year"] for reference in citation["references"]] == [2025, 2017, 2019]
    assert citation["version"] in (ROOT / "pyproject.toml").read_text()


def test_continuous_integration_does_what_make_does():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().rstrip().endswith("make lint\nmake test\nmake test-all")
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [hook["entry"] for repo in hooks for hook in repo["hooks"]] == ["make lint"]
