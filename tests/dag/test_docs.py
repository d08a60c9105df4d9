"""The documents beside the README: every command is accepted, every link leads somewhere, every name exists."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "config" / "own-study.md", *sorted((ROOT / "resources" / "docs").glob("*.md"))]
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = sorted({
    line for path in DOCUMENTS for block in FENCE.findall(path.read_text()) for line in block.splitlines() if line
})  # fmt: skip
SNAKEMAKE = [command for command in COMMANDS if command.startswith("snakemake ")]
CODE = {code for path in DOCUMENTS for code in re.findall(r"`([^`\n]+)`", path.read_text())}


def test_there_are_commands_to_try():
    assert len(DOCUMENTS) == 3 and len(SNAKEMAKE) >= 7


@pytest.mark.parametrize("command", SNAKEMAKE)
def test_snakemake_accepts_every_command(shipped, command):
    """Each as a dry run of the shipped study, whose files lie in a folder ``mine`` too, as the first page has it."""
    mine = shipped.folder / "mine"
    mine.mkdir()
    for name in ("samples.tsv", "units.tsv", "config.yaml"):
        (mine / name).write_bytes((shipped.folder / "config" / name).read_bytes())
    arguments = [word for word in shlex.split(command)[1:] if word != "--dry-run"]
    arguments = [str(ROOT / word) if word.startswith("config/profiles/") else word for word in arguments]
    # Targets stand behind the other options, lest Snakemake take --cores for one of theirs.
    said = shipped.dry_run("--executor", "local", *arguments)
    # The profile of one machine lists jobs in a table of its own.
    assert said.jobs or ("profiles/local" in command and "infer_network" in said.text)


def test_other_commands_are_of_make_or_of_the_shell():
    makefile = (ROOT / "Makefile").read_text()
    for command in set(COMMANDS) - set(SNAKEMAKE):
        words = shlex.split(command)
        assert words[0] in {"make", "source", "mkdir", "cp"}, command
        if words[0] == "make":
            assert re.search(rf"^{words[1]}:", makefile, re.MULTILINE), command
        if words[0] == "cp":
            assert all((ROOT / name).exists() for name in words[1:-1]), command


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_links_between_documents_lead_somewhere(path):
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text()):
        assert (path.parent / link).exists(), link


def test_config_keys_and_rules_that_are_named_exist(rules):
    schema = yaml.safe_load((ROOT / "config" / "schemas" / "config.schema.yaml").read_text())
    keys = [code.split(":")[0] for code in CODE if re.match(r"^(?:cells|clusters|regulons|programme)\.\w+", code)]
    assert len(keys) >= 3
    for key in keys:
        part = schema
        for step in key.split("."):
            assert step in part["properties"], key
            part = part["properties"][step]
    named = {code for code in CODE if re.fullmatch(r"(?:check|select|agree)_\w+", code)}
    assert named and named <= set(rules)


def test_files_of_the_report_that_are_named_are_made(rules):
    made = " ".join(str(path) for rule in rules.values() for path in [*rule.output, *rule.input])
    for name in {code for code in CODE if code.startswith("report/")}:
        assert f"results/demo/{name.rstrip('/')}" in made, name
