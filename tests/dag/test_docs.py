"""The documents next to the README: every command is accepted, every link leads somewhere, every name exists."""

import re
import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml
from dry import dry_run, named_files

ROOT = Path(__file__).parents[2]
READMES = [ROOT / "README.md", ROOT / "config" / "README.md"]
DOCUMENTS = [ROOT / "config" / "own-study.md", *sorted((ROOT / "resources" / "docs").glob("*.md"))]
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = sorted({
    line for path in DOCUMENTS for block in FENCE.findall(path.read_text()) for line in block.splitlines() if line
})  # fmt: skip
SNAKEMAKE = [command for command in COMMANDS if command.startswith("snakemake ")]
WHOLE = re.compile(r"^ *(snakemake (?:\w+ )*-.*?)(?:  +#.*)?$|`(snakemake (?:\w+ )*-[^`]*)`", re.MULTILINE)
"""A call with options, on a line of its own or within a sentence. `snakemake biopsy` alone only names a target."""
MINE = sorted({
    (one or two).strip() for path in [*READMES, *DOCUMENTS] for one, two in WHOLE.findall(path.read_text())
} - set(SNAKEMAKE))  # fmt: skip
CODE = {code for path in DOCUMENTS for code in re.findall(r"`([^`\n]+)`", path.read_text())}


def test_there_are_commands_to_try():
    assert len(DOCUMENTS) >= 8 and len(SNAKEMAKE) >= 7


@pytest.mark.parametrize("command", sorted({*SNAKEMAKE, *MINE}))
def test_a_command_says_how_many_jobs_at_a_time(command):
    """Snakemake refuses to run without cores or a profile; only a dry run needs neither."""
    assert {"--cores", "--profile", "--dry-run", "--lint"} & set(shlex.split(command))


@pytest.fixture
def shipped(shipped):
    """Return the shipped study with one seed and one chunk of targets: options and targets are asked, no counts."""
    config = shipped.config
    config["regulons"] |= {"seeds": [1], "min_seeds": 1, "chunks": 1}
    (shipped.folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    return shipped


@pytest.mark.parametrize("command", [command for command in MINE if not re.search("PATH|FOLDER|tests/real", command)])
def test_snakemake_knows_the_words_of_the_readmes(shipped, command):
    """Options and targets, in a dry run of the shipped study; configs and profiles are replaced by what is there."""
    words = [word for word in shlex.split(command)[1:] if word not in ("--dry-run", "--lint")]
    words = ["config/config.yaml" if word in ("mine/config.yaml", "again.yaml") else word for word in words]
    words = [str(ROOT / word) if word.startswith(("config/profiles", "tests/")) else word for word in words]
    assert shipped.dry_run("--executor", "local", *words).text


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


def template(name: str, folder: Path) -> None:
    """Lay a template of config/template out as a user would: its files in ``mine``, and the files that it names."""
    mine = folder / "mine"
    shutil.copytree(ROOT / "config" / "template" / name, mine)
    given = yaml.safe_load((mine / "config.yaml").read_text())
    samples = pd.read_csv(mine / "samples.tsv", sep="\t", dtype=str, keep_default_na=False)
    units = mine / "units.tsv"
    lanes = pd.read_csv(units, sep="\t", dtype=str) if units.exists() else pd.DataFrame(columns=["fq1", "fq2"])
    names = named_files(given, samples, lanes)
    names += [given[key]["network"]["path"] for key in ("activity",) if key in given]
    names += [entry["path"] for entry in given.get("expression", {}).get("gene_sets", [])]
    for path in names:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    shutil.copytree(ROOT / "resources", folder / "resources")


@pytest.mark.parametrize(("name", "job", "n"), [("xenograft", "count_kb", 6), ("cell_line", "import_matrix", 6)])
def test_a_template_is_a_study(tmp_path, name, job, n):
    """Nothing comes from the shipped config."""
    template(name, tmp_path)
    said = dry_run(tmp_path, "--executor", "local", "--configfile", "mine/config.yaml", "--", "all")
    assert said.jobs[job] == n
    assert "HBCx" not in said.text and "results/mine/report/report.html" in said.text


def test_a_config_without_samples_is_laid_over_another(tmp_path):
    template("xenograft", tmp_path)
    (tmp_path / "lenient.yaml").write_text("regulons: {seeds: [1], min_seeds: 1}\n")
    both = ["--configfile", "mine/config.yaml", "lenient.yaml"]
    assert dry_run(tmp_path, "--executor", "local", *both, "--", "regulons").jobs["join_networks"] == 3
    shutil.copytree(tmp_path / "mine", tmp_path / "config", dirs_exist_ok=True)
    laid = dry_run(tmp_path, "--executor", "local", "--configfile", "lenient.yaml", "--", "regulons")
    assert laid.jobs["join_networks"] == 3


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_links_between_documents_lead_somewhere(path):
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text()):
        assert (path.parent / link).exists(), link


def test_config_keys_and_rules_that_are_named_exist(rules):
    schema = yaml.safe_load((ROOT / "config" / "schemas" / "config.schema.yaml").read_text())
    keys = [
        code.split(":")[0]
        for code in CODE
        if re.match(r"^(?:cells|clusters|regulons|programme)\.\w+", code) and not code.endswith((".tsv", ".tsv.gz"))
    ]
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
