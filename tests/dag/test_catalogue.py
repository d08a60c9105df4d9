"""What the catalogue of Snakemake workflows asks of a repository."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def test_the_files_that_it_looks_for_are_there():
    """A Snakefile in workflow/, a page about the config, a licence and a README."""
    for name in (
        "workflow/Snakefile",
        "config/README.md",
        "config/config.yaml",
        "README.md",
        "LICENSE",
        "CITATION.cff",
    ):
        assert (ROOT / name).is_file(), name


def test_it_is_told_how_the_workflow_is_used():
    """At least one way to deploy software works, and flags that a user must give are said; all of it is true."""
    usage = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text())["usage"]
    deployment = usage["software-stack-deployment"]
    assert set(deployment) == {"conda", "apptainer", "apptainer+conda"} and any(deployment.values())
    rules = "".join(path.read_text() for path in (ROOT / "rules").rglob("*.smk"))
    assert deployment["conda"] == ("conda:" in rules) and usage["report"] == ("report(" in rules)
    # Who builds an image names it in the config; the workflow brings none.
    keys = yaml.safe_load((ROOT / "config" / "schemas" / "config.schema.yaml").read_text())["properties"]
    assert deployment["apptainer"] == (keys["container"]["default"] is not None)
    assert usage["mandatory-flags"]["flags"].startswith("--configfile") and usage["mandatory-flags"]["desc"]


def test_what_stands_below_the_title_is_true():
    """Instead of badges, which need a network: the version and the least versions of the project, and its licence."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = (ROOT / "README.md").read_text().splitlines()[2]
    (least,) = (entry.partition(">=")[2] for entry in project["dependencies"] if entry.startswith("snakemake>="))
    python = project["requires-python"].removeprefix(">=").partition(",")[0]
    true = [f"Version {project['version']}", f"{project['license']} licence", f"Python {python}"]
    assert said.split(" · ")[:4] == [*true, f"Snakemake {least} or later"]
    assert f'min_version("{least}")' in (ROOT / "Snakefile").read_text()


def test_the_citation_names_the_version_and_the_title():
    """The version is that of the project."""
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = (ROOT / "pyproject.toml").read_text()
    assert cited["title"] == "persister-regulons" and f'version = "{cited["version"]}"' in project


def test_the_changelog_has_the_notes_of_the_version():
    """Versions stand in falling order, each with its date, below what isn't released yet."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    heads = re.findall(r"^## \[(.+?)\](.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    versions = [version for version, _ in heads if version != "Unreleased"]
    assert versions[0] == project["version"]
    numbers = [tuple(map(int, version.split("."))) for version in versions]
    assert numbers == sorted(numbers, reverse=True)
    dates = [rest.removeprefix(" - ") for version, rest in heads if version != "Unreleased"]
    assert all(re.fullmatch(r"\d{4}-\d{2}-\d{2}", date) for date in dates)
