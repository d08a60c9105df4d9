"""A finished study without the work: every file of its graph is there, with the metadata that Snakemake keeps.

The project is copied, so that scripts and captions can be changed. A dry run names every output; the files are made,
too large to be compared by content (2 MB, sparse), and `snakemake --touch` writes what a run would have written of
code, params and inputs. What a dry run says after a change is then what a user would see.
"""

from __future__ import annotations

import os
import re
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import in_process
import pandas as pd
import yaml
from snakemake.api import SnakemakeApi
from snakemake.dag import DAG
from snakemake.jobs import Reason
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, Quietness, ResourceSettings

ROOT = Path(__file__).parents[2]
PARTS = ("Snakefile", "rules", "scripts", "config", "resources", "envs")
MODELS = ["HBCx95", "HBCx218"]
"""The single-cell patients left in the study; bulk and array profiles all stay."""
LARGE = 2_000_000
"""Bytes. Snakemake compares inputs of up to 1 MB by content, and goes by the time of larger ones, as genomes are."""
OUTPUTS = re.compile(r"^(?:local)?rule (\w+):\n(?:    input: (.*)\n)?    output: (.*)\n", re.MULTILINE)
"""A job in the text of a dry run."""
NEW, CHANGED, FOLLOWS = "new", "changed", "follows"


@dataclass(frozen=True)
class Job:
    """A job of the graph: what it reads of other jobs (their numbers, but not as ancient), and why it is to do.

    ``why``: its output is missing (new); it differs itself in params, code or set of inputs, or an input of the user's
    is newer (changed); it follows a job that is to do (follows); empty if it is done.
    """

    number: int
    rule: str
    wildcards: dict[str, str]
    reads: frozenset[int]
    why: str
    reason: str


@dataclass(frozen=True)
class Answer:
    """The graph of a study with what is to do in it; targets, which make nothing, are left out."""

    jobs: list[Job]

    def count(self, *why: str, **wildcards: str) -> dict[str, int]:
        """Return jobs by rule that are to do (for one of the reasons, with these wildcards)."""
        chosen = [job for job in self.jobs if job.why and job.why in (why or (NEW, CHANGED, FOLLOWS))]
        return dict(Counter(job.rule for job in chosen if wildcards.items() <= job.wildcards.items()))

    def after(self, *why: str) -> dict[str, int]:
        """Return by rule the jobs that are to do for these reasons, and all that come after them in the graph."""
        done = {job.number for job in self.jobs if job.why in why}
        while more := {job.number for job in self.jobs if job.reads & done} - done:
            done |= more
        return dict(Counter(job.rule for job in self.jobs if job.number in done))

    def reasons(self) -> str:
        """Return a line per job that is to do for a reason of its own."""
        lines = [f"{job.rule} {job.wildcards}: {job.reason}" for job in self.jobs if job.why in (NEW, CHANGED)]
        return "\n".join(lines)


def why(reason: Reason) -> str:
    """Return Snakemake's reason in one word; what follows another job may only be said to follow."""
    own = (reason.params_changed, reason.code_changed, reason.input_changed, reason.software_stack_changed)
    changed = any(map(bool, own))
    if reason.missing_output and not changed and not reason.updated_input_run:
        return NEW
    return CHANGED if changed or reason.updated_input or reason.incomplete_output or reason.forced else FOLLOWS


class Project:
    """A copy of the project with a small study in it."""

    def __init__(self, folder: Path):
        """Keep the folder."""
        self.folder = folder

    @classmethod
    def make(cls, folder: Path) -> Project:
        """Copy the project, cut the shipped study to two single-cell patients, three seeds and two chunks."""
        for name in PARTS:
            source = ROOT / name
            if source.is_dir():
                # With compiled modules: each question imports those of the copy anew.
                shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
            else:
                shutil.copy(source, folder / name)
        project = cls(folder)
        config = yaml.safe_load((folder / "config" / "config.yaml").read_text())
        config["regulons"] |= {"seeds": [1, 2, 3], "min_seeds": 2, "chunks": 2}
        project.write_config(config)
        samples = project.read("samples")
        kept = samples[(samples["assay"] == "profile") | samples["model"].isin(MODELS)]
        biopsy = kept[kept["assay"] == "profile"].iloc[-1].to_dict()
        biopsy |= {"sample": "biopsy", "column": "biopsy", "replicate": "biopsy", "role": "query"}
        kept = pd.concat([kept, pd.DataFrame([biopsy])], ignore_index=True)
        units = project.read("units")
        project.write("samples", kept)
        project.write("units", units[units["sample"].isin(kept["sample"])])
        project.make_inputs()
        return project

    @property
    def config(self) -> dict:
        """Return the config as written."""
        return yaml.safe_load((self.folder / "config" / "config.yaml").read_text())

    def write_config(self, config: dict) -> None:
        """Write the config."""
        (self.folder / "config" / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))

    def set(self, key: str, value: object) -> None:
        """Set a key of the config, given as a.b.c."""
        config = self.config
        *path, last = key.split(".")
        part = config
        for step in path:
            part = part.setdefault(step, {})
        part[last] = value
        self.write_config(config)

    def read(self, name: str) -> pd.DataFrame:
        """Return a sheet."""
        return pd.read_csv(self.folder / "config" / f"{name}.tsv", sep="\t", dtype=str, keep_default_na=False)

    def write(self, name: str, table: pd.DataFrame) -> None:
        """Write a sheet."""
        table.fillna("").to_csv(self.folder / "config" / f"{name}.tsv", sep="\t", index=False)

    def add(self, name: str, *rows: dict) -> None:
        """Add rows to a sheet and make what they name."""
        self.write(name, pd.concat([self.read(name), pd.DataFrame(rows)]))
        self.make_inputs()

    @property
    def references(self) -> list[str]:
        """Return genomes, annotations, databases, motif table and factors."""
        config = self.config
        genomes = [config["references"][species][part] for species in ("graft", "host") for part in ("fasta", "gtf")]
        regulons = config["regulons"]
        entries = [*regulons["databases"], regulons["motif_annotations"], regulons["tfs"]]
        return [*genomes, *(entry["path"] for entry in entries)]

    def make_inputs(self) -> None:
        """Make every file that config and sheets name and that isn't there, too large to be compared by content."""
        units = self.read("units")
        for path in [*self.references, *units["fq1"], *units["fq2"], *filter(None, self.read("samples")["matrix"])]:
            fill(self.folder / path)

    def snakemake(self, *arguments: str, check: bool = True) -> str:
        """Call Snakemake in the folder; return what it says."""
        said = in_process.snakemake(self.folder, "--cores", "2", *arguments)
        assert said.code == 0 or not check, said.text
        return said.text

    def ask(self, *configfiles: str) -> Answer:
        """Ask Snakemake, in this process, what there is to do."""
        settings = ConfigSettings(configfiles=[self.folder / name for name in configfiles])
        with (
            in_process.restored(self.folder),
            in_process.modules_of(self.folder),
            SnakemakeApi(OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False)) as api,
        ):
            resources = ResourceSettings(cores=1)
            asked = api.workflow(resources, settings, snakefile=self.folder / "Snakefile", workdir=self.folder)
            asked.dag(DAGSettings()).execute_workflow(executor="dryrun")
            return read_graph(asked._workflow.dag)

    def copy(self, folder: Path) -> Project:
        """Return a copy in another place, times and links kept."""
        shutil.copytree(self.folder, folder, symlinks=True, copy_function=copy_sparse)
        return Project(folder)

    def finish(self) -> None:
        """Make every output and the metadata of a run that made them."""
        text = self.snakemake("--dry-run", "--forceall")
        for rule, inputs, outputs in OUTPUTS.findall(text):
            for name in outputs.split(", "):
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if rule.startswith("provide_") and inputs and not name.endswith(".json"):
                    path.symlink_to(os.path.relpath(self.folder / inputs.split(", ")[0], path.parent))
                elif path.suffix:
                    fill(path)
                else:
                    fill(path / "file")
        self.snakemake("--touch", "--forceall", "--cores", "8")


def read_graph(dag: DAG) -> Answer:
    """Return the graph of Snakemake's jobs; targets are looked through."""
    jobs = list(dag.jobs)
    number = {job: i for i, job in enumerate(jobs)}
    read = []
    for job in jobs:
        if job.output:
            heeded = {str(file) for file in job.input if not file.is_ancient}
            reads = frozenset(
                number[other] for other, files in dag.dependencies[job].items() if heeded & set(map(str, files))
            )
            reason = dag.reason(job)
            word = why(reason) if dag.needrun(job) else ""
            read.append(Job(number[job], job.rule.name, dict(job.wildcards_dict), reads, word, str(reason)))
    return Answer(read)


def copy_sparse(source: str, to: str) -> str:
    """Copy a file with its times; one that :func:`fill` made still takes no room."""
    status = os.stat(source)
    if status.st_blocks or not status.st_size:
        return shutil.copy2(source, to)
    with open(to, "wb") as handle:
        handle.truncate(status.st_size)
    shutil.copystat(source, to)
    return to


def fill(path: Path) -> None:
    """Make a file of 2 MB that takes no room, if there is none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as handle:
            handle.truncate(LARGE)
