# The demo study: genomes, reads, profiles and databases simulated from one seed, with their truth.
demo_profiles = study.samples.loc[study.profiles].reset_index().to_dict("records")


rule simulate_genomes:
    input:
        network=config["demo"]["network"],
    output:
        graft_fasta="<results>/simulated/genome/graft.fa.gz",
        graft_gtf="<results>/simulated/genome/graft.gtf.gz",
        host_fasta="<results>/simulated/genome/host.fa.gz",
        host_gtf="<results>/simulated/genome/host.gtf.gz",
        transcripts="<results>/simulated/genome/transcripts.npz",
        genes="<results>/truth/genes.tsv",
    log:
        "<logs>/simulate_genomes.log",
    benchmark:
        "<benchmarks>/simulate_genomes.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("simulate_genomes", base=1_000),
        runtime=minutes("simulate_genomes", base=10),
    params:
        code=code_of("demo/simulate_genomes.py"),
        seed=config["demo"]["seed"],
    script:
        "../scripts/demo/simulate_genomes.py"


rule simulate_molecules:
    input:
        network=config["demo"]["network"],
        libraries=config["demo"]["libraries"],
        whitelist="<results>/references/whitelists/v3.npy",
    output:
        molecules=temp("<results>/simulated/reads/{sample}.molecules.npz"),
        cells="<results>/truth/{sample}.cells.tsv",
        counts="<results>/truth/{sample}.counts.h5ad",
        library="<results>/truth/{sample}.library.tsv",
    log:
        "<logs>/simulate_molecules/{sample}.log",
    benchmark:
        "<benchmarks>/simulate_molecules/{sample}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("simulate_molecules", base=2_000),
        runtime=minutes("simulate_molecules", base=10),
    params:
        code=code_of("demo/simulate_molecules.py"),
        seed=config["demo"]["seed"],
        sample=get_sample_row,
        prefixes=study.prefixes,
    script:
        "../scripts/demo/simulate_molecules.py"


rule simulate_lane:
    input:
        molecules="<results>/simulated/reads/{sample}.molecules.npz",
        transcripts="<results>/simulated/genome/transcripts.npz",
    output:
        fq1="<results>/simulated/reads/{sample}_{unit}_R1.fastq.gz",
        fq2="<results>/simulated/reads/{sample}_{unit}_R2.fastq.gz",
    log:
        "<logs>/simulate_lane/{sample}_{unit}.log",
    benchmark:
        "<benchmarks>/simulate_lane/{sample}_{unit}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("simulate_lane", base=2_000, per_input_gb=10_000),
        runtime=minutes("simulate_lane", base=10),
    params:
        code=code_of("demo/simulate_lane.py"),
        seed=config["demo"]["seed"],
        lanes=get_units_of_sample,
    script:
        "../scripts/demo/simulate_lane.py"


rule simulate_profiles:
    input:
        network=config["demo"]["network"],
    output:
        table="<results>/simulated/profiles/{model}.tsv",
    log:
        "<logs>/simulate_profiles/{model}.log",
    benchmark:
        "<benchmarks>/simulate_profiles/{model}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("simulate_profiles", base=1_000),
        runtime=minutes("simulate_profiles", base=10),
    params:
        code=code_of("demo/simulate_profiles.py"),
        seed=config["demo"]["seed"],
        bulk=config["demo"]["bulk"],
        rows=demo_profiles,
    script:
        "../scripts/demo/simulate_profiles.py"


rule simulate_databases:
    input:
        network=config["demo"]["network"],
    output:
        database="<results>/simulated/databases/demo.genes_vs_motifs.rankings.feather",
        motifs="<results>/simulated/databases/motifs.tbl",
        tfs="<results>/simulated/databases/tfs.txt",
        regulons="<results>/truth/regulons.tsv",
        factors="<results>/truth/factors.tsv",
        persister="<results>/truth/persister.tsv",
        clusters="<results>/truth/clusters.tsv",
        published="<results>/simulated/published/signatures.gmt",
        signatures="<results>/truth/published.tsv",
    log:
        "<logs>/simulate_databases.log",
    benchmark:
        "<benchmarks>/simulate_databases.tsv"
    conda:
        "../envs/scenic.yaml"
    resources:
        mem_mb=memory("simulate_databases", base=1_000),
        runtime=minutes("simulate_databases", base=10),
    params:
        code=code_of("demo/simulate_databases.py"),
        seed=config["demo"]["seed"],
    script:
        "../scripts/demo/simulate_databases.py"


rule simulate_network:
    input:
        network=config["demo"]["network"],
    output:
        network="<results>/simulated/databases/network.tsv",
    log:
        "<logs>/simulate_network.log",
    benchmark:
        "<benchmarks>/simulate_network.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("simulate_network", base=1_000),
        runtime=minutes("simulate_network", base=10),
    params:
        code=code_of("demo/simulate_network.py"),
        seed=config["demo"]["seed"],
    script:
        "../scripts/demo/simulate_network.py"


rule simulate_line:
    input:
        network=config["demo"]["network"],
    output:
        table="<results>/simulated/perturbations/line.tsv",
        truth="<results>/truth/perturbations.tsv",
    log:
        "<logs>/simulate_line.log",
    benchmark:
        "<benchmarks>/simulate_line.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("simulate_line", base=1_000),
        runtime=minutes("simulate_line", base=10),
    params:
        code=code_of("demo/simulate_line.py"),
        seed=config["demo"]["seed"],
    script:
        "../scripts/demo/simulate_line.py"


rule simulate_peaks:
    input:
        network=config["demo"]["network"],
    output:
        promoters="<results>/simulated/chromatin/promoters.tsv",
        peaks=collect(
            "<results>/simulated/chromatin/{name}.narrowPeak.gz",
            name=["FOSL1_untreated", "FOSL1_persister", "STAT1_persister"],
        ),
        truth="<results>/truth/peaks.tsv",
    log:
        "<logs>/simulate_peaks.log",
    benchmark:
        "<benchmarks>/simulate_peaks.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("simulate_peaks", base=1_000),
        runtime=minutes("simulate_peaks", base=10),
    params:
        code=code_of("demo/simulate_peaks.py"),
        seed=config["demo"]["seed"],
    script:
        "../scripts/demo/simulate_peaks.py"
