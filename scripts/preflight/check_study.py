"""Check the whole study before long jobs run: one page with the planned jobs and the limits of the design."""

import contextlib
import re
import tempfile
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.base.workflow import ask
from scripts.preflight import estimate, inspect_study
from scripts.preflight.page import page
from scripts.study.introns import problems_of_introns
from scripts.study.load import load_study, refuse
from scripts.study.resources import read_measured

STATS = re.compile(r"^job +count\n[- ]+\n(.*?)^total ", re.MULTILINE | re.DOTALL)


def jobs_of(said: str) -> dict[str, int]:
    """Return the jobs by rule from the output of a dry run."""
    table = STATS.search(said)
    return {rule: int(count) for rule, count in map(str.split, table[1].splitlines())} if table else {}


def count_jobs(jobs: dict[str, int], stages: dict[str, str]) -> dict[str, int]:
    """Return the jobs by stage (``stages``: the stage of each rule), in the order of the workflow."""
    counts = dict.fromkeys(stages.values(), 0)
    for rule, count in jobs.items():
        if rule in stages:
            counts[stages[rule]] += count
    return {stage: count for stage, count in counts.items() if count}


def main(snakemake) -> None:
    """Write the page and the table of findings; reject studies in which all jobs would fail."""
    study = load_study(snakemake.config, check_files=False)
    # Once more: matrices in an object store weren't there when the run began.
    refuse(list(problems_of_introns(study.all_samples, study.config["counts"], study.config["samples"])))
    findings = inspect_study.inspect(study)
    folder = snakemake.params.get("folder")
    results = Path(folder) if folder else job.place_of(snakemake.output.page).parent
    disk, free = inspect_study.look_at_disk(study, results, snakemake.resources.get("counted_at_once", 1))
    findings.append(disk)
    design = inspect_study.design_of(study)
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        try:
            said = ask(["all", "--dry-run", "--rerun-incomplete", "--quiet", "rules"], snakemake.config, Path(name))
        except RuntimeError:
            # Earlier stages can run although a later stage lacks an input.
            said = ""
            message = "only results of earlier stages can be planned; `snakemake --dry-run` gives the reason"
            findings.append(inspect_study.Finding("jobs", "all results", "note", message))
    rules = jobs_of(said)
    jobs = count_jobs(rules, snakemake.params.stages)
    need = []
    if planned := {rule: number for rule, number in rules.items() if rule in snakemake.params.stages}:
        with contextlib.suppress(OSError):  # a missing file is reported as a finding
            sizes = estimate.input_sizes(study)
            found = estimate.estimate(planned, sizes, snakemake.params.get("declared", {}), read_measured())
            need = estimate.describe(found, snakemake.resources.get("cores_given", 1))
    text = page(study, findings, design, jobs, free, str(results), need)
    print(text)
    for finding in findings:
        if finding.verdict == "broken":
            job.log.warning("%s: %s", finding.subject, finding.message)
    refuse([finding.message for finding in findings if finding.verdict == "refused"])
    written = {"page": results / "preflight.txt", "findings": results / "preflight.tsv"} if folder else snakemake.output
    Path(written["page"]).write_text(text)
    pd.DataFrame(findings).to_csv(written["findings"], sep="\t", index=False)
    job.log.info("\n%s", text)


if __name__ == "__main__":
    job.run(main, snakemake)
