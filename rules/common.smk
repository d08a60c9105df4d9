# Common: the config and the sheets checked, the study as all rules ask for it, memory by input, names in paths.
import os
import re
import sys

from scripts.base import job
from scripts.figure.rule import params_of, read_n
from scripts.study.load import load_study
from scripts.study.resources import find_own_tools, forbid_others_to_write, memory, minutes, scaled_threads

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
    return files if config["input_rules"] else ancient(files)


def get_sample_row(wildcards):
    """What the samples sheet says about a sample."""
    return {"sample": wildcards.sample, **study.everything.loc[wildcards.sample].to_dict()}


def get_units_of_sample(wildcards):
    """The lanes of a library, in the order of the sheet."""
    return study.units_of(wildcards.sample)


def get_sample_rows(wildcards):
    """The rows of the samples sheet that the study learns from."""
    columns = ["model", "timepoint", "arm", "replicate", "assay"]
    return study.samples[columns].reset_index(names="sample").to_dict("records")


def get_profile_rows(wildcards):
    """The same rows with the table, column and platform of each profile."""
    columns = ["model", "timepoint", "arm", "replicate", "assay", "matrix", "column", "platform"]
    return study.samples[columns].reset_index(names="sample").to_dict("records")


def get_profile_tables(wildcards):
    """The tables of genes × samples that profiles are columns of."""
    return list(dict.fromkeys(study.samples.loc[study.profiles, "matrix"]))


def get_group_of_samples(wildcards):
    """The group that each library's activity is scored in."""
    return {sample: group for group in study.groups for sample in study.samples_of_group(group)}


def get_arm_order(wildcards):
    """All arms, in the order of the config."""
    return [entry["arm"] for entry in config["arms"]]


def get_model_order(wildcards):
    """All models, in the order of the config: those without libraries keep their colour too."""
    return [entry["model"] for entry in config["models"]]


def get_cells_of_model(wildcards):
    """The kept cells of a model's libraries; nothing in a study of profiles alone."""
    return collect("<results>/cells/{sample}.h5ad", sample=study.samples_of(wildcards.model)) if study.groups else []


def get_network(wildcards):
    """The config's network of factors and targets; nothing if there is none."""
    return given(collect("<results>/references/gene_lists/{file}", file=study.network_files))


def get_network_of_study(wildcards):
    """The regulons; in a study of profiles alone, the network whose factors are scored in profiles."""
    return "<results>/regulons/consensus.tsv" if study.groups else get_network(wildcards)


def get_gene_lists(key):
    """The files of gene sets or signatures that the config names under a key of ``expression``."""
    return collect("<results>/references/gene_lists/{file}", file=study.files_of(key))


def get_mean_activity(wildcards):
    """Activity by sample: means over cells or, in a study of profiles alone, that of factors by profile."""
    return "<results>/activity/activity.tsv" if study.groups else "<results>/activity/profile_activity.tsv"


def get_activity_tables(wildcards):
    """Activity by sample: of the network's factors, and of regulons where there are libraries to score."""
    factors = ["profile_activity.tsv"] if study.network_files else []
    regulons = ["activity.tsv"] if study.groups else []
    return collect("<results>/activity/{file}", file=factors + regulons)


def get_activity_of_model(wildcards):
    """Activity of the model's cells; in a study of profiles alone, that of all profiles."""
    if not study.groups:
        return ["<results>/activity/profile_activity.tsv"]
    groups = [group for group in study.groups if study.model_of_group(group) == wildcards.model]
    return collect("<results>/regulons/{group}/activity.parquet", group=groups)


def minutes_by_models(least, per_square):
    """Minutes that grow with the square of the number of models: each is left out in turn, of ever larger fits."""
    return round(least + per_square * study.samples["model"].nunique() ** 2)


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
