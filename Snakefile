# From the raw reads of treated tumour models to the transcription-factor switches of drug persistence.
from snakemake.utils import min_version

min_version("9.25")


configfile: "config/config.yaml"


pathvars:
    results="results",
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


include: "rules/common.smk"


rule all:
    input:
        "<results>/x.txt",


rule x:
    output:
        "<results>/x.txt",
    log:
        "<logs>/x.log",
    script:
        "scripts/study/x.py"
