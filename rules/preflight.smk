# Preflight: the whole study looked at before anything heavy runs; one page of what will run, and what can't be answered.


def get_given_files(wildcards):
    """Every file that the study gives; what the workflow itself makes for a demo is made first."""
    regulons = config["regulons"]
    entries = [*regulons["databases"], regulons["motif_annotations"] or {}, regulons["tfs"] or {}]
    reads = [path for sample in study.all_sequenced for mates in study.fastqs(sample) for path in mates]
    matrices = [path for path in dict.fromkeys(study.everything["matrix"]) if path]
    genomes = list(get_genomes(wildcards).values()) if study.all_sequenced else []
    return [*reads, *matrices, *genomes, *(entry["path"] for entry in entries if entry.get("path"))]


def get_rows(wildcards):
    """All samples and lanes: with other ones, the study is looked at anew."""
    return {"samples": study.everything.reset_index().to_dict("records"), "units": study.units.to_dict("records")}


def get_promises(wildcards):
    """The settings that the look depends on."""
    return {key: config[key] for key in ("references", "regulons", "contrast", "programme")}


def get_stages_to_run(wildcards):
    """The stage of every rule that makes something, but for this one."""
    made = {rule.name for rule in workflow.rules if rule.output}
    return {name: stage for name, stage in get_stages(wildcards).items() if name in made and stage != "preflight"}


rule preflight:
    input:
        "<results>/preflight.txt",
    localrule: True


rule check_study:
    input:
        # Looked at once: a newer date on one of them is no reason to look again.
        ancient(get_given_files),
    output:
        page="<results>/preflight.txt",
        findings="<results>/preflight.tsv",
    log:
        "<logs>/check_study.log",
    localrule: True
    conda:
        "../envs/study.yaml"
    # Fast, and whatever it refuses would show only after hours of other work.
    priority: 100
    params:
        rows=get_rows,
        settings=get_promises,
        stages=get_stages_to_run,
    script:
        "../scripts/study/check_study.py"
