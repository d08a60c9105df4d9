# Clusters: per model and timepoint, at the resolution that subsampling finds most stable; linked through time; scored.
from scripts.clusters.results import tables


rule clusters:
    """Clusters of the cells of each model, and how those of two timepoints correspond (clusters/<model>/)."""
    input:
        collect(
            "<results>/clusters/{model}/{file}",
            model=study.models,
            file=["cells.tsv.gz", "clusters.tsv", "links.tsv"],
        ),
        "<results>/clusters/figures" if study.models else [],
    localrule: True


rule embed_model:
    input:
        cells=get_cells_of_model,
        genesets=collect(
            workflow_file("resources/genesets/{name}.tsv"),
            name=["cell_cycle", "dissociation", "hypoxia"],
        ),
    output:
        embedding="<results>/clusters/{model}/embedding.parquet",
    log:
        "<logs>/embed_model/{model}.log",
    benchmark:
        "<benchmarks>/embed_model/{model}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("embed_model", base=2_000, per_input_gb=30_000),
        runtime=minutes("embed_model", base=120),
    params:
        code=code_of("clusters/embed_model.py"),
        # What decides where cells lie and how they score: a changed resolution must not repeat the layout.
        settings=pick(config["clusters"], "n_top_genes", "n_pcs", "n_neighbors", "regress", "min_score_genes", "seed"),
    script:
        "../scripts/clusters/embed_model.py"


rule cluster_cells:
    input:
        cells=get_cells_of_timepoint,
        embedding="<results>/clusters/{model}/embedding.parquet",
    output:
        cells="<results>/clusters/{model}/{timepoint}.h5ad",
        markers="<results>/clusters/{model}/{timepoint}.markers.tsv",
        stability="<results>/clusters/{model}/{timepoint}.stability.tsv",
    log:
        "<logs>/cluster_cells/{model}_{timepoint}.log",
    benchmark:
        "<benchmarks>/cluster_cells/{model}_{timepoint}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("cluster_cells", base=2_000, per_input_gb=30_000),
        runtime=minutes("cluster_cells", base=120),
    params:
        code=code_of("clusters/cluster_cells.py"),
        settings=leave_out(config["clusters"], "links", "min_score_genes"),
    script:
        "../scripts/clusters/cluster_cells.py"


rule link_clusters:
    input:
        clusters=get_clusters_of_model,
    output:
        links="<results>/clusters/{model}/links.tsv",
        similarity="<results>/clusters/{model}/similarity.tsv",
        clusters="<results>/clusters/{model}/clusters.tsv",
        cells="<results>/clusters/{model}/cells.tsv.gz",
    log:
        "<logs>/link_clusters/{model}.log",
    benchmark:
        "<benchmarks>/link_clusters/{model}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("link_clusters", base=1_000, per_input_gb=10_000),
        runtime=minutes("link_clusters", base=60),
    params:
        code=code_of("clusters/link_clusters.py"),
        timepoints=get_timepoints_of_model,
        links=config["clusters"]["links"],
        seed=config["clusters"]["seed"],
    script:
        "../scripts/clusters/link_clusters.py"


rule draw_clusters:
    input:
        tables=collect("<results>/clusters/{file}", file=tables(study)),
    output:
        report(directory("<results>/clusters/figures"), **in_report("Clusters")),
    log:
        "<logs>/draw_clusters.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("clusters/figures.py"),
        figures=figures_of("clusters"),
        settings={
            "max_points": config["report"]["max_points"],
            "min_stability": config["clusters"]["min_stability"],
            "subsamples": config["clusters"]["subsamples"],
        },
    script:
        "../scripts/clusters/figures.py"
