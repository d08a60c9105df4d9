# All stages, the target of the whole study, and what a run says at its end.
import sys
from pathlib import Path

from scripts.study import messages
from scripts.study.stages import STAGES

# What has failed is reported once more at the end, on one screen.
failures = messages.listen(logger)


include: "common.smk"


for stage in STAGES:

    include: f"{stage}.smk"


include: "programme.smk"
include: "biopsy.smk"
include: "exports.smk"
include: "report.smk"
include: "preflight.smk"


# Rules that make the inputs themselves: the demo's simulation, a test's stand-in database.
if config["input_rules"]:

    include: os.path.join(root, config["input_rules"])


rule all:
    """The whole study: preflight, every stage, the report with its exports, and the biopsies of the sheet."""
    input:
        "<results>/preflight.txt",
        # Biopsies alone, scored against a frozen reference, make no study to report about.
        rules.report.input if len(study.samples) else [],
        rules.biopsy.input,
    default_target: True


onsuccess:
    print(messages.finished(Path(config.get("pathvars", {}).get("results", "results"))), file=sys.stderr)


onerror:
    print(messages.failed(list(failures.failures)), file=sys.stderr)
