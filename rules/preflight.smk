# Preflight: the whole study looked at before anything heavy runs; one page of what will run, and what can't be answered.


def get_data(wildcards):
    """Reads and matrices of the study; what the workflow itself makes for a demo is made first."""
    reads = [path for sample in study.all_sequenced for mates in study.fastqs(sample) for path in mates]
    return [*reads, *(path for path in dict.fromkeys(study.everything["matrix"]) if path)]


def get_references(wildcards):
    """Genomes and files of the regulons."""
    regulons = config["regulons"]
    entries = [*regulons["databases"], regulons["motif_annotations"] or {}, regulons["tfs"] or {}]
    genomes = list(get_genomes(wildcards).values()) if study.all_sequenced else []
    return [*genomes, *(entry["path"] for entry in entries if entry.get("path"))]


def count_at_once(wildcards):
    """How many libraries may be counted at the same time: as many as fit into the queue, or beside each other here."""
    settings = workflow.resource_settings
    places = settings.nodes or max(1, (settings.cores or 1) // 8)
    return max(1, min(len(study.all_sequenced), places))


def get_rows(wildcards):
    """All samples and lanes: with other ones, the study is looked at anew."""
    return {"samples": study.everything.reset_index().to_dict("records"), "units": study.units.to_dict("records")}


def get_promises(wildcards):
    """The settings that the look depends on."""
    return {key: config[key] for key in ("references", "regulons", "contrast", "statistics", "activity", "expression")}


def get_stages_to_run(wildcards):
    """The stage of every rule that makes something, but for this one."""
    before = rules.findings.rule.name.removesuffix("findings")
    made = {name for rule in workflow.rules if rule.output for name in (rule.name, rule.name.removeprefix(before))}
    return {name: stage for name, stage in get_stages(wildcards).items() if name in made and stage != "preflight"}


rule preflight:
    input:
        "<results>/preflight.txt",
    localrule: True


rule check_study:
    input:
        # Reads that were mended are looked at again; a newer date on a reference is no reason to.
        get_data,
        ancient(get_references),
    output:
        page="<results>/preflight.txt",
        findings="<results>/preflight.tsv",
    log:
        "<logs>/check_study.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    resources:
        counted_at_once=count_at_once,
    # Fast, and whatever it refuses would show only after hours of other work.
    priority: 100
    params:
        rows=get_rows,
        settings=get_promises,
        stages=get_stages_to_run,
    script:
        "../scripts/preflight/check_study.py"
