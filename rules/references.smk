# References: both genomes joined under prefixes, indexed; whitelists; ranking databases, motifs and factors linked or fetched.
from scripts.figure.rule import hash_of
from scripts.references.chemistries import CHEMISTRIES

# Versions are those of the lock, whether or not conda is used; the cache, which goes by params, needs them.
ENVIRONMENTS = workflow_file("envs")


rule references:
    """Genomes, indices, barcode lists, motif databases and gene lists that the study needs."""
    input:
        "<results>/references/genes.tsv" if study.all_sequenced else [],
        branch(
            config["counts"]["aligner"],
            cases={
                "kb": collect("<results>/references/{folder}/index.idx", folder=study.kb_indices),
                "starsolo": "<results>/references/star",
            },
        )
        if study.all_sequenced
        else [],
        user_file(collect("<results>/references/databases/{name}.feather", name=study.databases)),
        user_file(collect("<results>/references/{name}", name=["motifs.tbl", "tfs.txt"] if study.databases else [])),
    localrule: True


# Inputs in an object store: Snakemake's plugin fetches them, and each is copied to where all other rules look for it.
rule copy_stored:
    input:
        get_stored,
    output:
        "<results>/inputs/{file}",
    log:
        "<logs>/copy_stored/{file}.log",
    wildcard_constraints:
        file=one_of(STORED),
    localrule: True
    conda:
        "../envs/python.yaml"
    params:
        code=code_of("references/copy_stored.py"),
    script:
        "../scripts/references/copy_stored.py"


rule join_genomes:
    input:
        unpack(get_genomes),
    output:
        fasta="<results>/references/genome.fa",
        gtf="<results>/references/annotation.gtf",
        genes="<results>/references/genes.tsv",
    log:
        "<logs>/join_genomes.log",
    benchmark:
        unless_cached("<benchmarks>/join_genomes.tsv")
    cache: "omit-software" if CACHED else False
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("join_genomes", base=2_000, per_input_gb=500),
        runtime=minutes("join_genomes", base=60),
    params:
        code=code_of("references/join_genomes.py"),
        prefixes=study.prefixes,
        biotypes=study.biotypes,
        genomes=get_genomes_by_content,
    script:
        "../scripts/references/join_genomes.py"


rule index_kb:
    input:
        fasta="<results>/references/genome.fa",
        gtf="<results>/references/annotation.gtf",
    output:
        index="<results>/references/kb/index.idx",
        t2g="<results>/references/kb/t2g.txt",
    log:
        "<logs>/index_kb.log",
    benchmark:
        unless_cached("<benchmarks>/index_kb.tsv")
    cache: "omit-software" if CACHED else False
    conda:
        "../envs/kb.yaml"
    threads: 8
    resources:
        # Measured: 2.8 GB for two genomes of 400 Mb (`make scale`), 2.6 GB per GB of input.
        mem_mb=memory("index_kb", base=1_000, per_input_gb=3_500),
        runtime=minutes("index_kb", base=240),
    params:
        code=code_of("references/index_kb.py"),
        introns=False,
        software=hash_of(ENVIRONMENTS, "kb.yaml"),
    script:
        "../scripts/references/index_kb.py"


use rule index_kb as index_kb_introns with:
    output:
        index="<results>/references/kb_introns/index.idx",
        t2g="<results>/references/kb_introns/t2g.txt",
    log:
        "<logs>/index_kb_introns.log",
    benchmark:
        unless_cached("<benchmarks>/index_kb_introns.tsv")
    cache: "omit-software" if CACHED else False
    resources:
        # Unspliced transcripts are most of the genome. Measured: 7.7 GB for two genomes of 400 Mb and 35,000 genes, 7.0 GB per GB of
        # input (`make scale`); extrapolated 56 GB for human and mouse, if they repeat themselves as little as random sequence.
        mem_mb=memory("index_kb_introns", base=4_000, per_input_gb=9_000),
        runtime=minutes("index_kb_introns", base=720),
    params:
        introns=True,


rule index_star:
    input:
        fasta="<results>/references/genome.fa",
        gtf="<results>/references/annotation.gtf",
    output:
        index=directory("<results>/references/star"),
    log:
        "<logs>/index_star.log",
    benchmark:
        unless_cached("<benchmarks>/index_star.tsv")
    cache: "omit-software" if CACHED else False
    conda:
        "../envs/star.yaml"
    threads: 8
    resources:
        # Measured: 15.3 GB for two genomes of 400 Mb with 664,000 junctions (`make scale`), about 5 of these for the junctions. From 1 Gb on
        # STAR keeps every third suffix: the base is what a smaller genome, of which it keeps all, needs in addition.
        mem_mb=memory("index_star", base=12_000, per_input_gb={"fasta": 6_000, "gtf": 8_000}),
        runtime=minutes("index_star", base=960),
    params:
        code=code_of("references/index_star.py"),
        sjdb_overhang=100,
        software=hash_of(ENVIRONMENTS, "star.yaml"),
    script:
        "../scripts/references/index_star.py"


rule provide_whitelist:
    input:
        get_own_whitelist,
    output:
        text="<results>/references/whitelists/{chemistry}.txt.gz",
        packed="<results>/references/whitelists/{chemistry}.npy",
    log:
        "<logs>/provide_whitelist/{chemistry}.log",
    benchmark:
        "<benchmarks>/provide_whitelist/{chemistry}.tsv"
    wildcard_constraints:
        chemistry="|".join(CHEMISTRIES),
    conda:
        "../envs/kb.yaml"
    resources:
        mem_mb=memory("provide_whitelist", base=2_500),
        runtime=minutes("provide_whitelist", base=10),
    params:
        code=code_of("references/provide_whitelist.py"),
        own=config["reads"]["whitelist_5p_v3"],
    script:
        "../scripts/references/provide_whitelist.py"


rule provide_database:
    input:
        get_database,
    output:
        ensure("<results>/references/databases/{name}.feather", non_empty=True),
        "<results>/references/databases/{name}.source.json",
    log:
        "<logs>/provide_database/{name}.log",
    localrule: True
    conda:
        "../envs/python.yaml"
    params:
        code=code_of("references/provide_file.py"),
        url=lookup(within=study.databases, dpath="{name}/url", default=None),
        sha256=lookup(within=study.databases, dpath="{name}/sha256", default=None),
    script:
        "../scripts/references/provide_file.py"


use rule provide_database as provide_motifs with:
    input:
        get_motifs,
    output:
        ensure("<results>/references/motifs.tbl", non_empty=True),
        "<results>/references/motifs.source.json",
    log:
        "<logs>/provide_motifs.log",
    localrule: True
    params:
        url=lookup(within=config, dpath="regulons/motif_annotations/url", default=None),
        sha256=lookup(within=config, dpath="regulons/motif_annotations/sha256", default=None),


use rule provide_database as provide_tfs with:
    input:
        get_tfs,
    output:
        ensure("<results>/references/tfs.txt", non_empty=True),
        "<results>/references/tfs.source.json",
    log:
        "<logs>/provide_tfs.log",
    localrule: True
    params:
        url=lookup(within=config, dpath="regulons/tfs/url", default=None),
        sha256=lookup(within=config, dpath="regulons/tfs/sha256", default=None),


rule provide_gene_list:
    input:
        get_gene_list,
    output:
        ensure("<results>/references/gene_lists/{file}", non_empty=True),
    log:
        "<logs>/provide_gene_list/{file}.log",
    wildcard_constraints:
        file=one_of(study.gene_lists),
    localrule: True
    conda:
        "../envs/python.yaml"
    params:
        code=code_of("references/provide_file.py"),
        url=lookup(within=study.gene_lists, dpath="{file}/url", default=None),
        sha256=lookup(within=study.gene_lists, dpath="{file}/sha256", default=None),
    script:
        "../scripts/references/provide_file.py"
