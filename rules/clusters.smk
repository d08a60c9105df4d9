# Clusters: per model and timepoint, at the resolution that subsampling finds most stable; linked through time; scored.


def get_cells_of_timepoint(wildcards):
    """The samples (arms, replicates) of a model at a timepoint."""
    samples = study.samples_of(wildcards.model, wildcards.timepoint)
    return collect("<results>/cells/{sample}.h5ad", sample=samples)


def get_own_timepoints(wildcards):
    """The timepoints of a model, in the order of the config."""
    own = set(study.timepoints_of(wildcards.model))
    return [timepoint for timepoint in config["timepoints"] if timepoint in own]


def get_clusters_of_model(wildcards):
    """A model's clustered cells, a file per timepoint, in the order of the config."""
    return collect(
        "<results>/clusters/{{model}}/{timepoint}.h5ad",
        timepoint=get_own_timepoints(wildcards),
    )


def get_cluster_tables(wildcards):
    """What the stage's figures show: tables of all models, and of their timepoints in the order of the config."""
    tables = []
    for model in study.models:
        own = [timepoint for timepoint in config["timepoints"] if timepoint in study.timepoints_of(model)]
        files = ["cells.tsv.gz", "clusters.tsv", "links.tsv"]
        files += [f"{timepoint}.{table}.tsv" for timepoint in own for table in ("stability", "markers")]
        tables += collect("<results>/clusters/{model}/{file}", model=model, file=files)
    return tables


def get_embedding_settings(wildcards):
    """What decides where cells lie and how they score: a changed resolution must not repeat the layout."""
    keys = ("n_top_genes", "n_pcs", "n_neighbors", "regress", "min_score_genes", "seed")
    return {key: config["clusters"][key] for key in keys}


def get_cluster_settings(wildcards):
    """What decides which cells cluster and which genes mark a cluster."""
    return {key: value for key, value in config["clusters"].items() if key not in ("links", "min_score_genes")}


rule clusters:
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
            own("resources/genesets/{name}.tsv"),
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
        settings=get_embedding_settings,
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
        settings=get_cluster_settings,
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
        timepoints=get_own_timepoints,
        links=lookup(within=config, dpath="clusters/links"),
        seed=lookup(within=config, dpath="clusters/seed"),
    script:
        "../scripts/clusters/link_clusters.py"


rule draw_clusters:
    input:
        tables=get_cluster_tables,
    output:
        report(directory("<results>/clusters/figures"), **in_report("Clusters")),
    log:
        "<logs>/draw_clusters.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        figures=figures_of("clusters"),
        settings={
            "max_points": lookup(within=config, dpath="report/max_points"),
            "min_stability": lookup(within=config, dpath="clusters/min_stability"),
            "subsamples": lookup(within=config, dpath="clusters/subsamples"),
        },
    script:
        "../scripts/clusters/figures.py"
