# Markers: the smallest gene panels that tell persister from untreated in patients they weren't learned from.


rule find_markers:
    input:
        profiles="<results>/programme/profiles.h5ad",
        locations=own("resources/markers/surface_secreted.tsv"),
    output:
        markers=report(
            "<results>/programme/markers.tsv",
            caption="../../resources/captions/markers_table.rst",
            category="Programme",
            labels={"figure": "markers (table)"},
        ),
        panels="<results>/programme/markers_panels.tsv",
        scores="<results>/programme/markers_scores.tsv",
    log:
        "<logs>/find_markers.log",
    benchmark:
        "<benchmarks>/find_markers.tsv"
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=2_000, per_input_gb=50_000),
        # Panels are learned in all models but one, their size in all but two, again for every deal of the labels.
        runtime=minutes_by_models(least=240, per_square=1.2),
    params:
        contrast=lookup(within=config, dpath="contrast"),
        sizes=lookup(within=config, dpath="programme/markers/sizes"),
        permutations=lookup(within=config, dpath="programme/markers/permutations"),
        random=lookup(within=config, dpath="programme/markers/random_panels"),
        seed=lookup(within=config, dpath="programme/seed"),
    script:
        "../../scripts/programme/markers/find_markers.py"


rule plot_markers:
    input:
        panels="<results>/programme/markers_panels.tsv",
        scores="<results>/programme/markers_scores.tsv",
    output:
        report(
            "<results>/programme/markers.png",
            caption="../../resources/captions/markers.rst",
            category="Programme",
            labels={"figure": "marker panels"},
        ),
    log:
        "<logs>/plot_markers.log",
    benchmark:
        "<benchmarks>/plot_markers.tsv"
    localrule: True
    conda:
        "../../envs/evidence.yaml"
    threads: 1
    resources:
        mem_mb=scaled_memory(base=1_500, per_input_gb=5_000),
        runtime="20m",
    params:
        contrast=lookup(within=config, dpath="contrast"),
        models=get_model_order,
        note=lookup(within=config, dpath="regulons/standin_note"),
    script:
        "../../scripts/programme/markers/plot_markers.py"
