# From the raw reads of treated tumour models to the transcription-factor switches of drug persistence.
import sys
from pathlib import Path

from snakemake.utils import min_version

from scripts.study import messages
from scripts.study.stages import STAGES

min_version("9.25")

# What has failed is reported once more at the end, on one screen.
failures = messages.listen(logger)


# A config given by --configfile that names its samples is a study of its own; any other is laid over this one.
if "samples" not in config:

    configfile: "config/config.yaml"


pathvars:
    results="results",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


include: "rules/common.smk"


for stage in STAGES:

    include: f"rules/{stage}.smk"


include: "rules/programme.smk"
include: "rules/biopsy.smk"
include: "rules/exports.smk"
include: "rules/report.smk"
include: "rules/preflight.smk"


# Rules that make the inputs themselves: the demo's simulation, a test's stand-in database.
if config["input_rules"]:

    include: config["input_rules"]


rule all:
    """The whole study: preflight, every stage, the report with its exports, and the biopsies of the sheet."""
    input:
        "<results>/preflight.txt",
        # Biopsies alone, scored against a frozen reference, make no study to report about.
        rules.report.input if len(study.samples) else [],
        rules.biopsy.input,
    default_target: True


onsuccess:
    place = Path(config.get("pathvars", {}).get("results", "results"))
    print(messages.finished(place, messages.described(workflow)), file=sys.stderr)


onerror:
    print(messages.failed(list(failures.failures)), file=sys.stderr)
