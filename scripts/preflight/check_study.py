"""Look at the whole study before anything heavy runs: one page of what will run, and what can't be answered."""

import re
import tempfile
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.base.workflow import ask
from scripts.preflight import inspect_study
from scripts.preflight.page import page
from scripts.study.load import load_study, refuse

STATS = re.compile(r"^job +count\n[- ]+\n(.*?)^total ", re.MULTILINE | re.DOTALL)


def count_jobs(said: str, stages: dict[str, str]) -> dict[str, int]:
    """Return the jobs by stage (``stages``: of each rule), in the order of the workflow, of what a dry run said."""
    table = STATS.search(said)
    counts = dict.fromkeys(stages.values(), 0)
    for line in table[1].splitlines() if table else []:
        rule, count = line.split()
        if rule in stages:
            counts[stages[rule]] += int(count)
    return {stage: count for stage, count in counts.items() if count}


def main(snakemake) -> None:
    """Write the page and the table of findings; refuse what can't work for anyone."""
    study = load_study(snakemake.config, check_files=False)
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
            # A study that lacks what a later stage needs may still be asked for an earlier one.
            said = ""
            message = "not all results can be planned, only those of earlier stages; `snakemake --dry-run` says why"
            findings.append(inspect_study.Finding("jobs", "all results", "note", message))
    jobs = count_jobs(said, snakemake.params.stages)
    text = page(study, findings, design, jobs, free, str(results))
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
