# Common: the config and the sheets checked, the study as all rules ask for it, memory by input, names in paths.
import os
import re
import sys

from scripts import job
from scripts.figure.rule import params_of, read_n
from scripts.study.load import load_study
from scripts.study.resources import find_own_tools, follow, forbid_others_to_write, read_measured, scaled_memory

try:
    # Jobs parse the workflow again: whether files exist was asked before they started.
    study = load_study(config, check_files=workflow.is_main_process)
except job.UserError as error:
    sys.exit("\n".join(f"error: {line}" for line in str(error).splitlines()))

find_own_tools()
forbid_others_to_write()

# In place, so that scripts and reports see the defaults too.
config.update(study.config)
# As a module of another workflow that says where results go, with its own words for it.
config["pathvars"] = {**(config.get("pathvars") or {}), "results": workflow.pathvars.apply("<results>")}

root = os.path.dirname(workflow.current_basedir.get_path_or_uri(secret_free=True))


def one_of(names):
    """A wildcard constraint: one of ``names``, or nothing."""
    return "|".join(map(re.escape, names)) or "(?!)"


def own(path):
    """A file of this workflow's, from its root: found wherever Snakemake runs, and from within another workflow."""
    return os.path.relpath(os.path.join(root, path))


def given(files):
    """Files of the user's that stay what they are: a copy of a genome with a newer time is no new genome.

    Where rules make them (the demo's simulation), their time does count.
    """
    return files if config["prepare"] else ancient(files)


def get_sample_row(wildcards):
    """What the samples sheet says about a sample."""
    return {"sample": wildcards.sample, **study.everything.loc[wildcards.sample].to_dict()}


def get_units_of_sample(wildcards):
    """The lanes of a library, in the order of the sheet."""
    return study.units_of(wildcards.sample)


def figures_of(stage):
    """What the rule that draws a stage's figures is told: the study's names, the stage's words, and which code draws."""

    def get_figures(wildcards):
        return params_of(stage, config, cells=len(study.libraries) > 0)

    return get_figures


def in_report(category):
    """How a folder of figures appears in Snakemake's report."""
    return {
        "patterns": ["{figure}.png"],
        "caption": "../resources/captions/figure.rst",
        "category": category,
        "labels": get_figure_labels,
    }


def get_figure_labels(wildcards, output, params):
    """A figure's title and its n."""
    name, _, page = wildcards.figure.partition("-")
    title = params.figures["words"][name]["title"] + (f", page {page}" if page else "")
    return {"figure": title, "n": read_n(output[0], name)}


wildcard_constraints:
    sample=one_of(study.everything.index),
    unit=one_of(dict.fromkeys(study.units["unit"])),
    model=one_of(entry["model"] for entry in config["models"]),
    timepoint=one_of(config["timepoints"]),
    group=one_of(study.groups),
