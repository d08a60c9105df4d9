# Common: the config and the sheets checked, the study that all rules ask, and every function of rules.
import os
import sys
from pathlib import Path

from scripts.base import job
from scripts.base.closure import Code
from scripts.figure.rule import labels_of, params_of, report_of
from scripts.study.carried import days, own_columns, own_values
from scripts.study.files import list_files, missing_entry
from scripts.study.load import load_study
from scripts.study.reference_manifest import hash_file
from scripts.study.resources import (
    DECLARED,
    check_python,
    find_own_tools,
    forbid_others_to_write,
    memory,
    minutes,
    scaled_threads,
)
from scripts.study.stages import captions_of, results_of_stages, stage_of, stages_of
from scripts.study.wildcards import one_of

# As a module of another workflow that says where results go, with its own words for it.
if isinstance(config.get("pathvars") or {}, dict):
    config["pathvars"] = {**(config.get("pathvars") or {}), "results": workflow.pathvars.apply("<results>")}

try:
    check_python()
    # Jobs parse the workflow again: whether files exist was asked before they started.
    study = load_study(config, check_files=workflow.is_main_process)
except job.UserError as error:
    sys.exit("\n".join(f"error: {line}" for line in str(error).splitlines()))

find_own_tools()
forbid_others_to_write()

# In place, so that scripts and reports see the defaults too.
config.update(study.config)

# The one place that names an image; used by --sdm apptainer alone.
if config["container"]:

    container: config["container"]


# Columns of the samples sheet that cells, report and exports carry, by sample; days under treatment.
carried = own_values(study.all_samples)
carried_columns = own_columns(study.all_samples)
days_of_samples = days(study.samples)

root = os.path.dirname(workflow.current_basedir.get_path_or_uri(secret_free=True))


# The modules of ours, each read once.
own_code = Code(root)


# Settings of the score of activity: of regulons, at equal depth, of families of factors, of biopsies.
ACTIVITY = ["engine", "activity_score", "activity_auc_threshold", "activity_own_gene", "max_target_share"]


# Priority of the jobs that most others wait for, from reads to regulons: these start first where cores are few.
LONGEST_PATH = 10


# Whether references are shared between studies: --cache, and the folder that this variable of Snakemake's names.
CACHED = bool(os.environ.get("SNAKEMAKE_OUTPUT_CACHE"))


def workflow_file(path):
    """A file of this workflow, from its root: found wherever Snakemake runs, and from within another workflow."""
    return os.path.relpath(os.path.join(root, path))


def user_file(files):
    """Files of the user that don't change: a copy of a genome with a newer time is no new genome.

    Where rules make them (the demo's simulation, copies from an object store), their time does count.
    """
    if config["input_rules"]:
        return files
    if not study.stored:
        return ancient(files)
    several = [files] if isinstance(files, str) else files
    # Files below the results are links to the user's files, or to copies.
    made = [path in study.stored or path.startswith("<results>") for path in several]
    dated = [path if own else ancient(path) for path, own in zip(several, made)]
    return dated[0] if isinstance(files, str) else dated


def reference_file(name):
    """A file of the frozen reference: of the one that the config names, or of this study's own."""
    return os.path.join(config["biopsy"]["reference"] or "<results>/reference", name)


def temp_unless_kept(path):
    """A BAM that is removed once it is audited, unless the config keeps it."""
    return path if config["counts"]["keep_bam"] else temp(path)


def pick(settings, *keys):
    """The settings that a job depends on: a change of any other doesn't repeat it."""
    return {key: settings[key] for key in keys}


def leave_out(settings, *keys):
    """All settings but these."""
    return {key: value for key, value in settings.items() if key not in keys}


def unless_cached(benchmark):
    """A rule's benchmark; none where its results may come from the cache, which leaves nothing to measure."""
    return "" if CACHED else benchmark


def code_of(*scripts):
    """A param that says what a job runs: its script and the modules of ours that this imports, without comments.

    Scripts are relative to scripts/. They are read when the first job asks, not when the workflow is parsed.
    """

    def get_code(wildcards):
        return own_code.hash_of(*scripts)

    return get_code


def minutes_by_models(least, per_square):
    """Minutes that grow with the square of the number of models: each is left out in turn, of ever larger fits."""
    return round(least + per_square * study.samples["model"].nunique() ** 2)


# Inputs that lie in an object store: what Snakemake's plugin fetches, by the name of its copy below inputs/. Where files aren't
# checked, as in a question about a run that goes on, copies that are there stay as they are.
STORED = {
    address.removeprefix("s3://"): storage.s3(address)
    for path, address in study.stored.items()
    if config["check_files"] or not os.path.exists(path)
}


def get_stored(wildcards):
    """The file in an object store that a copy is of."""
    return STORED[wildcards.file]


# The samples sheet; inputs and settings of references, reads and counts.


def get_sample_row(wildcards):
    """The row of a sample in the samples sheet."""
    return {"sample": wildcards.sample, **study.all_samples.loc[wildcards.sample].to_dict()}


def get_genomes(wildcards):
    """The genomes and annotations that the study gives, by name."""
    return {name: user_file(path) for name, path in study.genomes.items()}


def get_genomes_by_content(wildcards, input):
    """Which genome is whose, by content, where results may come from the cache: it knows files, not what they are for."""
    files = {name: path for name, path in input.items() if CACHED and os.path.exists(path)}
    return {name: hash_file(Path(path)) for name, path in sorted(files.items())}


def given_file(entry):
    """Where a file of the config lies; nothing if it is to be fetched. One that isn't there ends the run in one line."""
    path = (entry or {}).get("path") or []
    made = bool(config["input_rules"]) or (path and path in study.stored)
    if path and not made and config["check_files"] and workflow.is_main_process:
        if message := missing_entry(config, entry):
            sys.exit(f"error: {message}")
    return user_file(path)


def get_database(wildcards):
    """Where a ranking database lies; nothing if it is to be fetched."""
    return given_file(study.databases[wildcards.name])


def get_motifs(wildcards):
    """Where the motif table lies; nothing if it is to be fetched."""
    return given_file(config["regulons"]["motif_annotations"])


def get_pruning_databases(wildcards):
    """Ranking databases that modules are pruned by: with that of peaks, if the config says so."""
    tracks = ["<results>/chromatin/peaks.genes_vs_tracks.rankings.feather"] if study.has_tracks else []
    return ancient(collect("<results>/references/databases/{name}.feather", name=study.databases)) + tracks


def get_pruning_motifs(wildcards):
    """What the rows of these databases stand for."""
    return "<results>/chromatin/motifs.tbl" if study.has_tracks else ancient("<results>/references/motifs.tbl")


def get_tfs(wildcards):
    """Where the list of factors lies; nothing if it is to be fetched."""
    return given_file(config["regulons"]["tfs"])


def get_gene_list(wildcards):
    """Where a network or gene set lies; nothing if it is to be fetched."""
    return given_file(study.gene_lists[wildcards.file])


def get_units_of_sample(wildcards):
    """The lanes of a library, in the order of the sheet."""
    return study.units_of(wildcards.sample)


def get_read1(wildcards):
    """Read 1 (barcode, UMI) of one lane."""
    return study.lanes[wildcards.sample, wildcards.unit].fq1


def get_read2(wildcards):
    """Read 2 (cDNA) of one lane."""
    return study.lanes[wildcards.sample, wildcards.unit].fq2


def get_all_read1(wildcards):
    """Read 1 of all lanes of a library."""
    return study.fastqs(wildcards.sample)[0]


def get_all_read2(wildcards):
    """Read 2 of all lanes of a library."""
    return study.fastqs(wildcards.sample)[1]


def get_checks(wildcards):
    """The checks of a library's lanes, which must pass before anything is counted."""
    return collect("<results>/reads/{{sample}}/{unit}.check.json", unit=study.units_of(wildcards.sample))


def get_contents_of_matrix(wildcards):
    """Which species and barcodes of its matrix are a library's, by the samples sheet."""
    told = study.library_row(wildcards.sample)[["species", "barcodes", "introns"]].to_dict()
    return told | {"is_query": all(name in study.queries.index for name in study.samples_in(wildcards.sample))}


def get_introns(wildcards):
    """Whether introns are counted in a library that comes as reads."""
    return study.counts_introns(wildcards.sample)


def get_kb_index(wildcards):
    """The index that kallisto counts a library with, and its table of genes: without or with introns."""
    folder = "kb_introns" if study.counts_introns(wildcards.sample) else "kb"
    return {"index": f"<results>/references/{folder}/index.idx", "t2g": f"<results>/references/{folder}/t2g.txt"}


def get_genes_of_transcripts(wildcards):
    """The genes of the transcripts that a library was counted with."""
    return get_kb_index(wildcards)["t2g"]


def get_own_whitelist(wildcards):
    """The list of barcodes that the user names; nothing for those that ngs_tools brings."""
    path = config["reads"].get(f"whitelist_{wildcards.chemistry}")
    return user_file(path) if path and (path in study.stored or os.path.exists(path)) else []


def get_matrix(wildcards):
    """The count matrix that a library comes as."""
    return study.library_row(wildcards.sample)["matrix"]


def get_expected_cells(wildcards):
    """How many cells a library is expected to hold, of both species."""
    return study.cells_config(wildcards.sample)["expected_cells"]


def get_library_labels():
    """Model and timepoint of every library; of a pool what its samples share, else that they are several."""
    samples, found = set(study.libraries), []
    for library in study.counted:
        rows = [study.library_row(sample) for sample in study.samples_in(library) if sample in samples]
        told = {name: {row[name] for row in rows} for name in ("model", "timepoint")}
        found.append(
            {"sample": library, **{name: own.pop() if len(own) == 1 else "several" for name, own in told.items()}}
        )
    return found


# Inputs and settings of cells, clusters and regulons.


def get_droplet_settings(wildcards):
    """What distinguishes empty droplets from cells: a changed quality cut must not repeat the test."""
    return pick(study.cells_config(wildcards.sample), "expected_cells", "empty_drops", "seed")


def get_cell_settings(wildcards):
    """What decides about droplets with cells."""
    settings = study.cells_config(wildcards.sample)
    keys = ("species", "ambient", "doublets", "composition", "malignant", "annotation", "qc", "seed")
    return pick(settings, *keys)


def get_part_of_pool(part):
    """A file of the pool that holds a sample."""

    def get_part(wildcards):
        return part.format(pool=study.library_of(wildcards.sample))

    return get_part


def get_tags_of_pool(wildcards):
    """The table or counts that assign the cells of a pool to its samples: the user's, those of its tags' reads, or its matrix."""
    if study.tag_reads(wildcards.sample):
        return [f"<results>/cells/{wildcards.sample}.tags.tsv"]
    given = [path for path in study.pool_settings(wildcards.sample).values() if path]
    return user_file(given or [study.library_row(wildcards.sample)["matrix"]])


def get_reads_of_tags(wildcards):
    """The reads of a pool's tags, their sequences, and the table of their barcodes if one is given."""
    return {key: user_file(paths) for key, paths in study.tag_reads(wildcards.sample).items()}


def get_samples_by_tag(wildcards):
    """The samples of a pool by tag."""
    return study.pools[wildcards.sample]


def get_pool(wildcards):
    """The samples of a pool by tag, and whether its table holds assignments."""
    assigned = bool(study.pool_settings(wildcards.sample)["assignments"])
    return {"tags": study.pools[wildcards.sample], "assigned": assigned}


def get_counts_of_cells(wildcards):
    """The counts that a sample's cells are taken from: its library's, or its own part of a pool."""
    place = "cells/{sample}.counts" if wildcards.sample in study.pool_of else "counts/{sample}"
    return f"<results>/{place}.h5ad"


def get_annotation(wildcards):
    """The user's table of cells; nothing if there is none."""
    return user_file(study.cells_config(wildcards.sample)["annotation"] or [])


def get_chemistry(wildcards):
    """What the reads of a library are of; nothing for one that came as counts."""
    return [f"<results>/reads/{wildcards.sample}.chemistry.json"] if wildcards.sample in study.sequenced else []


def get_composition(wildcards):
    """What a model's libraries are made of, by the config."""
    return study.composition_of(wildcards.model)


def get_sample_labels(wildcards):
    """The sample's row of the sheet that its cells carry."""
    row = study.all_samples.loc[wildcards.sample, ["model", "timepoint", "arm", "replicate"]]
    labels = {"sample": wildcards.sample, **{key: str(value) for key, value in row.items()}}
    return labels | ({"own": carried[wildcards.sample]} if carried[wildcards.sample] else {})


def get_cells_of_model(wildcards):
    """The kept cells of a model's libraries; nothing in a study of profiles alone."""
    return collect("<results>/cells/{sample}.h5ad", sample=study.samples_of(wildcards.model))


def get_cells_of_timepoint(wildcards):
    """The kept cells of a model at a timepoint (arms, replicates)."""
    return collect("<results>/cells/{sample}.h5ad", sample=study.samples_of(wildcards.model, wildcards.timepoint))


def get_samples_of_group(wildcards):
    """The samples whose cells share one network."""
    return study.samples_of_group(wildcards.group)


def get_cells_of_groups_model(wildcards):
    """The kept cells of the model that a group's cells are of."""
    model = study.model_of_group(wildcards.group)
    return collect("<results>/cells/{sample}.h5ad", sample=study.samples_of(model))


def get_expression_of_model(wildcards):
    """The selected expression of a model's cells, a file per group that they are in."""
    return collect("<results>/regulons/{group}/expression.h5ad", group=study.groups_of_model(wildcards.model))


def get_timepoints_of_model(wildcards):
    """The timepoints of a model, in the order of the config."""
    return study.timepoints_of(wildcards.model)


def get_clusters_of_model(wildcards):
    """A model's clustered cells, a file per timepoint, in the order of the config."""
    return collect("<results>/clusters/{{model}}/{timepoint}.h5ad", timepoint=study.timepoints_of(wildcards.model))


def get_clusters_of_group(wildcards):
    """The clusters that a group's cells belong to."""
    return "<results>/clusters/{model}/cells.tsv.gz".format(model=study.model_of_group(wildcards.group))


# Inputs and results of the stages that compare patients.


def get_network(wildcards):
    """The config's network of factors and targets; nothing if there is none."""
    return user_file(collect("<results>/references/gene_lists/{file}", file=study.network_files))


def get_network_of_study(wildcards):
    """The regulons; in a study of profiles alone, the network whose factors are scored in profiles."""
    if study.groups:
        return "<results>/regulons/consensus.tsv"
    (network,) = get_network(wildcards)
    return network


def get_shipped_signatures(wildcards):
    """The published signatures of this repository and the table of their sources; nothing if they are not wanted."""
    files = ("signatures.gmt", "signatures.tsv") if config["published"]["shipped"] else ()
    return [workflow_file(f"resources/published/{name}") for name in files]


def get_gene_lists(key):
    """The files of gene sets or signatures that the config names under a key of ``expression``."""
    return collect("<results>/references/gene_lists/{file}", file=study.files_of(key))


def get_promoters(wildcards):
    """Where transcription starts: the user's table of promoters or GTF, or the study's annotation."""
    own = config["chromatin"]["promoters"]
    return user_file(own) if own else "<results>/references/annotation.gtf"


def get_prefix_of_promoters(wildcards):
    """What the tumour's genes begin with in the study's own annotation; nothing in a file of the user's."""
    return "" if config["chromatin"]["promoters"] else study.prefixes.get("graft", "")


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
    return collect("<results>/regulons/{group}/activity.parquet", group=study.groups_of_model(wildcards.model))


# Biopsies, reports and preflight.


def get_biopsy(wildcards):
    """What a biopsy comes as: its tumour and normal cells, or one profile."""
    if study.queries.loc[wildcards.sample, "assay"] == "profile":
        return {"profile": study.queries.loc[wildcards.sample, "matrix"]}
    parts = {"cells": ".h5ad", "host": ".host.h5ad", "normal": ".normal.h5ad", "summary": ".summary.json"}
    return {name: f"<results>/cells/{{sample}}{part}" for name, part in parts.items()}


def get_reads_and_matrices(wildcards):
    """Reads and matrices of the study; what the workflow itself makes for a demo is made first."""
    reads = [path for sample in study.all_sequenced for mates in study.fastqs(sample) for path in mates]
    return [*reads, *study.matrices]


def get_reference_files(wildcards):
    """Genomes, databases and gene lists that are there, or that rules make: preflight names what is missing."""
    named = [entry["path"] for _, entry in list_files(config) if entry.get("path")]
    files = list(
        dict.fromkeys([*(get_genomes(wildcards).values() if study.all_sequenced else ()), *study.regulon_files, *named])
    )
    files += [path for path in study.stored if path not in files]
    made = files if config["input_rules"] else study.stored
    return [path for path in files if path in made or os.path.exists(path)]


def get_libraries_at_once(wildcards):
    """How many libraries may be counted at the same time: as many as fit into the queue, or at the same time here."""
    settings = workflow.resource_settings
    places = settings.nodes or max(1, (settings.cores or 1) // 8)
    return max(1, min(len(study.all_sequenced), places))


def get_cores_given(wildcards):
    """How many jobs may run at a time: cores here, places in the queue of a cluster."""
    return workflow.resource_settings.nodes or workflow.resource_settings.cores or 1


def get_findings(wildcards):
    """The results of all stages. Asked for once a job wants them: of a thousand libraries these are 11,000 files."""
    return results_of_stages(rules, wildcards) + (["<results>/reads/multiqc.html"] if study.libraries else [])


def get_declared_needs(wildcards):
    """Time and memory that rules declare, before the first measurement."""
    prefix = rules.findings.rule.name.removesuffix("findings")
    names = sorted(rule.name.removeprefix(prefix) for rule in workflow.rules)
    return {name: DECLARED[name] for name in names if name in DECLARED}


def get_stages(wildcards):
    """The stage of every rule: a graph drawn from other rules is out of date. Where results are copied to is no step."""
    prefix = rules.findings.rule.name.removesuffix("findings")
    return stages_of([rule for rule in workflow.rules if not rule.name.startswith(f"{prefix}store")], prefix)


def get_stages_to_run(wildcards):
    """The stage of every rule that makes something, but for preflight itself."""
    making = [rule for rule in workflow.rules if rule.output and stage_of(rule) != "preflight"]
    return stages_of(making, rules.findings.rule.name.removesuffix("findings"))


def get_captions(wildcards):
    """The captions of all figures, and the report's own: a report with other words in it is out of date."""
    return captions_of(workflow)


def figures_of(stage):
    """Params of a drawing job: names of the study, and words of the stage."""

    def get_figures(wildcards):
        return params_of(stage, config, cells=len(study.libraries) > 0, root=Path(root))

    return get_figures


def in_report(category):
    """How a folder of figures appears in Snakemake's report."""
    return report_of(category, get_figure_labels)


def get_figure_labels(wildcards, output, params):
    """A figure's title and its n."""
    return labels_of(wildcards.figure, output[0], params.figures["words"])


wildcard_constraints:
    sample=one_of([*study.all_samples.index, *study.pools]),
    unit=one_of(dict.fromkeys(study.units["unit"])),
    model=one_of(entry["model"] for entry in config["models"]),
    timepoint=one_of(config["timepoints"]),
    group=one_of(study.groups),
    run=r"mean|seed-\d+",
