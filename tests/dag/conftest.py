"""The workflow as Snakemake parses it, and dry runs of it: on the demo's config, and on the shipped study with files
touched.
"""

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
import yaml
from dry import DryRun, dry_run, dry_run_as_a_user, named_files
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, Quietness, ResourceSettings
from snakemake.workflow import Workflow

ROOT = Path(__file__).parents[2]
DEMO = "config/demo/config.yaml"


class Study:
    """The shipped study in a folder of its own, every file that it names touched."""

    def __init__(self, folder: Path):
        """Copy config and resources; touch the inputs."""
        self.folder = folder
        for name in ("config", "resources"):
            shutil.copytree(ROOT / name, folder / name)
        self.config = yaml.safe_load((folder / "config" / "config.yaml").read_text())
        self.touch()

    def read(self, name: str) -> pd.DataFrame:
        """Return a sheet."""
        return pd.read_csv(self.folder / "config" / f"{name}.tsv", sep="\t", dtype=str, keep_default_na=False)

    def add(self, name: str, *rows: dict) -> None:
        """Add rows to a sheet; what they name is touched."""
        sheet = pd.concat([self.read(name), pd.DataFrame(rows)]).fillna("")
        sheet.to_csv(self.folder / "config" / f"{name}.tsv", sep="\t", index=False)
        self.touch()

    def touch(self) -> None:
        """Make every file that config and sheets name, empty."""
        for path in named_files(self.config, self.read("samples"), self.read("units")):
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / path).touch()

    def dry_run(self, *arguments: str) -> DryRun:
        """Ask what there is to do."""
        return dry_run(self.folder, *arguments)


@pytest.fixture
def shipped(tmp_path) -> Study:
    """Return the shipped study, to be changed by the test."""
    return Study(tmp_path)


@pytest.fixture(scope="session")
def shipped_jobs(tmp_path_factory) -> DryRun:
    """Return a dry run of the shipped study as it is, asked as a user asks."""
    return dry_run_as_a_user(Study(tmp_path_factory.mktemp("shipped")).folder)


@pytest.fixture(scope="session")
def demo_jobs(tmp_path_factory) -> DryRun:
    """Return a dry run of the demo from nothing."""
    folder = tmp_path_factory.mktemp("demo")
    for name in ("config", "resources"):
        shutil.copytree(ROOT / name, folder / name)
    return dry_run(folder, "--configfile", DEMO)


@dataclass(frozen=True)
class Parsed:
    """The parsed workflow and the processor time that parsing took (s)."""

    workflow: Workflow
    seconds: float


@pytest.fixture(scope="session")
def parsed() -> Parsed:
    """Return the workflow as parsed for the demo; the tests read what Snakemake understood, not what a file says."""
    here = os.getcwd()
    settings = ConfigSettings(configfiles=[ROOT / DEMO])
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False)) as api:
        start = time.process_time()
        asked = api.workflow(ResourceSettings(cores=1), settings, snakefile=ROOT / "Snakefile", workdir=ROOT)
        workflow = asked._workflow  # the API offers no rules; their attributes below are checked to exist
        seconds = time.process_time() - start
    os.chdir(here)
    return Parsed(workflow, seconds)


@pytest.fixture(scope="session")
def rules(parsed) -> dict:
    """Return the rules by name."""
    return {rule.name: rule for rule in parsed.workflow.rules}
