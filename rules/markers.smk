# Markers: the smallest gene panels that distinguish persister from untreated in patients they were not learned from.


rule markers:
    input:
        collect(
            "<results>/markers/{file}",
            file=["markers.tsv", "markers_panels.tsv", "markers.png"] if study.has_activity else [],
        ),
    localrule: True


rule find_markers:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        locations=workflow_file("resources/markers/surface_secreted.tsv"),
    output:
        markers=report(
            "<results>/markers/markers.tsv",
            caption="../resources/captions/markers_table.rst",
            category="Markers",
            labels={"figure": "markers (table)"},
        ),
        panels="<results>/markers/markers_panels.tsv",
        scores="<results>/markers/markers_scores.tsv",
    log:
        "<logs>/find_markers.log",
    benchmark:
        "<benchmarks>/find_markers.tsv"
    conda:
        "../envs/evidence.yaml"
    resources:
        mem_mb=memory("find_markers", base=2_000, per_input_gb=50_000),
        # Panels are learned in all models but one, their size in all but two, again for every deal of the labels.
        runtime=minutes("find_markers", base=minutes_by_models(least=240, per_square=1.2)),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        sizes=lookup(within=config, dpath="markers/sizes"),
        permutations=lookup(within=config, dpath="markers/permutations"),
        random=lookup(within=config, dpath="markers/random_panels"),
        seed=lookup(within=config, dpath="statistics/seed"),
    script:
        "../scripts/markers/find_markers.py"


rule plot_markers:
    input:
        panels="<results>/markers/markers_panels.tsv",
        scores="<results>/markers/markers_scores.tsv",
    output:
        report(
            "<results>/markers/markers.png",
            caption="../resources/captions/markers.rst",
            category="Markers",
            labels={"figure": "marker panels"},
        ),
    log:
        "<logs>/plot_markers.log",
    benchmark:
        "<benchmarks>/plot_markers.tsv"
    localrule: True
    conda:
        "../envs/evidence.yaml"
    params:
        contrast=lookup(within=config, dpath="contrast"),
        models=get_model_order,
        note=lookup(within=config, dpath="regulons/synthetic_data_note"),
    script:
        "../scripts/markers/plot_markers.py"
