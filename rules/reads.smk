# Reads: mates checked to the end, chemistry recognised by the whitelist, quality per lane, one MultiQC page.
from hashlib import sha256

from scripts.references.chemistries import known

# Both files get their names when they are whole.
QUALITY = (
    "sequali --threads {threads} --json {output.json:q}.part --html {output.html:q}.part {input.fq2:q} > {log:q} 2>&1 && "
    "mv {output.json:q}.part {output.json:q} && mv {output.html:q}.part {output.html:q}"
)


# The stage's target and its page are about the study: a biopsy to be scored changes neither.
rule reads:
    """Chemistry and quality of the reads of each library (reads/multiqc.html)."""
    input:
        collect("<results>/reads/{lane.sample}/{lane.unit}.check.json", lane=study.studied_lanes),
        collect("<results>/reads/sequali/{lane.sample}.{lane.unit}.R2.html", lane=study.studied_lanes),
        collect("<results>/reads/{sample}.chemistry.json", sample=study.sequenced),
    localrule: True


rule check_reads:
    input:
        fq1=get_read1,
        fq2=get_read2,
    output:
        "<results>/reads/{sample}/{unit}.check.json",
    log:
        "<logs>/check_reads/{sample}/{unit}.log",
    benchmark:
        "<benchmarks>/check_reads/{sample}/{unit}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("check_reads", base=500),
        runtime=minutes("check_reads", base=180),
    priority: LONGEST_PATH
    params:
        code=code_of("reads/check_reads.py"),
    script:
        "../scripts/reads/check_reads.py"


rule detect_chemistry:
    input:
        fq1=get_all_read1,
        fq2=get_all_read2,
        whitelists=collect(
            "<results>/references/whitelists/{chemistry}.npy", chemistry=known(config["reads"]["whitelist_5p_v3"])
        ),
    output:
        "<results>/reads/{sample}.chemistry.json",
    log:
        "<logs>/detect_chemistry/{sample}.log",
    benchmark:
        "<benchmarks>/detect_chemistry/{sample}.tsv"
    conda:
        "../envs/python.yaml"
    resources:
        mem_mb=memory("detect_chemistry", base=1_000),
        runtime=minutes("detect_chemistry", base=30),
    priority: LONGEST_PATH
    params:
        code=code_of("reads/detect_chemistry.py"),
        units=get_units_of_sample,
        chemistries=known(config["reads"]["whitelist_5p_v3"]),
        configured=config["reads"]["chemistry"],
        sample_reads=config["reads"]["sample_reads"],
        min_overlap=config["reads"]["min_whitelist_overlap"],
        max_short_read1=config["reads"]["max_short_read1"],
    script:
        "../scripts/reads/detect_chemistry.py"


rule measure_quality:
    input:
        fq2=get_read2,
        # A broken file is then refused once, with our message.
        check="<results>/reads/{sample}/{unit}.check.json",
    output:
        # No sample has a dot in its name: with a _, lane B_L1 of A and lane L1 of A_B would be one file.
        json="<results>/reads/sequali/{sample}.{unit}.R2.json",
        html="<results>/reads/sequali/{sample}.{unit}.R2.html",
    log:
        "<logs>/measure_quality/{sample}/{unit}.log",
    benchmark:
        "<benchmarks>/measure_quality/{sample}/{unit}.tsv"
    wildcard_constraints:
        sample=one_of(study.all_sequenced),
    conda:
        "../envs/qc.yaml"
    resources:
        mem_mb=memory("measure_quality", base=2_000),
        runtime=minutes("measure_quality", base=180),
    params:
        code=sha256(QUALITY.encode()).hexdigest()[:16],
    shell:
        QUALITY


rule report_reads:
    input:
        sequali=collect("<results>/reads/sequali/{lane.sample}.{lane.unit}.R2.json", lane=study.studied_lanes),
        chemistry=collect("<results>/reads/{sample}.chemistry.json", sample=study.sequenced),
        audits=collect("<results>/counts/{sample}.audit.json", sample=study.counted),
        saturation=collect("<results>/counts/{sample}.saturation.tsv", sample=study.counted),
        attrition="<results>/cells/attrition.tsv",
        quality=collect("<results>/cells/{sample}.quality.tsv", sample=study.libraries),
    output:
        html=report(
            "<results>/reads/multiqc.html",
            caption="../resources/captions/reads.rst",
            category="Reads",
            labels={"table": "MultiQC"},
        ),
        data=directory("<results>/reads/multiqc_data"),
    log:
        "<logs>/report_reads.log",
    benchmark:
        "<benchmarks>/report_reads.tsv"
    conda:
        "../envs/qc.yaml"
    resources:
        mem_mb=memory("report_reads", base=2_000, per_input_gb=10_000),
        runtime=minutes("report_reads", base=30),
    params:
        code=code_of("reads/report_reads.py"),
    script:
        "../scripts/reads/report_reads.py"
