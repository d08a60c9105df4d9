# From the raw reads of treated tumour models to the transcription-factor switches of drug persistence.
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from snakemake.utils import min_version

min_version("9.25")


here = workflow.current_basedir.get_path_or_uri(secret_free=True)
if "://" in here:
    # Used by name (git+file:, github(…)): Snakemake fetches files one at a time, and Python would find no package. All of them
    # come from one clone of the repository that Snakemake read this file from, at the same commit.
    from git import Repo

    source = workflow.current_basedir
    hosted = getattr(source, "hosted_repo", None)
    repository = Repo(hosted.repo_clone if hosted else source.repo_path)
    commit = repository.commit(source.ref).hexsha
    clones = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "persister-regulons"
    here = str(clones / commit)
    if not os.path.exists(here):
        clones.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=clones) as name:
            clone = Path(name) / commit
            repository.clone(clone, no_checkout=True).git.checkout(commit, detach=True)
            # In one step, since several processes may do this at once: the first one's stays.
            with contextlib.suppress(OSError):
                clone.rename(here)
    sys.path.insert(0, here)

from scripts.study import messages
from scripts.study.stages import STAGES

# What has failed is reported once more at the end, on one screen.
failures = messages.listen(logger)


# A config given by --configfile that names its samples is a study of its own; any other is laid over this one.
if "samples" not in config:

    configfile: "config/config.yaml"


pathvars:
    results="results",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


for stage in ["common", *STAGES, "programme", "biopsy", "exports", "report", "preflight"]:

    include: os.path.join(here, "rules", f"{stage}.smk")


# Rules that make the inputs themselves: the demo's simulation, a test's stand-in database.
if config["input_rules"]:

    include: os.path.join(here, config["input_rules"])


rule all:
    """The whole study: preflight, every stage, the report with its exports, and the biopsies of the sheet."""
    input:
        "<results>/preflight.txt",
        # Biopsies alone, scored against a frozen reference, make no study to report about.
        rules.report.input if len(study.samples) else [],
        rules.biopsy.input,
        rules.store.input if config["store"] else [],
    default_target: True


onsuccess:
    place = Path(config.get("pathvars", {}).get("results", "results"))
    print(messages.finished(place, messages.described(workflow)), file=sys.stderr)


onerror:
    print(messages.failed(list(failures.failures)), file=sys.stderr)
