# A stand-in ranking database: one motif per CollecTRI factor whose sites are its known targets, and random motifs as the null.


rule build_stand_in:
    input:
        network="../shared/data/study_profiles/TFs_network_CollecTRI.csv.gz",
        matrices=[study.samples.loc[sample, "matrix"] for sample in study.imported],
    output:
        database="<results>/stand_in/collectri.genes_vs_motifs.rankings.feather",
        motifs="<results>/stand_in/motifs.tbl",
    log:
        "<logs>/build_stand_in.log",
    benchmark:
        "<benchmarks>/build_stand_in.tsv"
    conda:
        "../../../envs/scenic.yaml"
    resources:
        mem_mb=memory("build_stand_in", base=2_000),
        runtime=minutes("build_stand_in", base=20),
    params:
        seed=1,
        random_motifs=1500,
        min_targets=10,
    script:
        "build_stand_in.py"
