# Biopsy: the study's results frozen as a reference; each biopsy scored against it, independent of the others.
from scripts.figure.rule import hash_of
from scripts.study.reference_manifest import MANIFEST, files_in
from scripts.study.stroma import KINDS


rule biopsy:
    """A page for each biopsy of the sheet, scored against the frozen reference (biopsy/<sample>/biopsy.html)."""
    input:
        collect(
            "<results>/biopsy/{sample}/{file}",
            sample=study.queries.index,
            file=["scores.tsv", "cells.parquet", "biopsy.html"],
        ),
    localrule: True


# A reference that the config names is used unchanged: then no rule can make it again.
if not config["biopsy"]["reference"]:

    include: "biopsy/freeze.smk"


rule score_biopsy:
    input:
        unpack(get_biopsy),
        reference=ancient(reference_file(MANIFEST)),
        files=ancient([*map(reference_file, files_in(config["biopsy"]["reference"]))]),
    output:
        scores="<results>/biopsy/{sample}/scores.tsv",
        cells="<results>/biopsy/{sample}/cells.parquet",
        distribution="<results>/biopsy/{sample}/distribution.tsv",
    log:
        "<logs>/score_biopsy/{sample}.log",
    benchmark:
        "<benchmarks>/score_biopsy/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.queries.index),
    conda:
        "../envs/scenic.yaml"
    threads: 2
    resources:
        mem_mb=memory("score_biopsy", base=3_000, per_input_gb=30_000),
        runtime=minutes("score_biopsy", base=60),
    params:
        code=code_of("biopsy/score_biopsy.py"),
        settings=pick(config["biopsy"], "min_cells", "level", "seed"),
        species={kind: study.species_of_stroma(kind) for kind in KINDS},
        sample=get_sample_row,
        sheet=config["samples"],
    script:
        "../scripts/biopsy/score_biopsy.py"


rule draw_biopsy:
    input:
        scores="<results>/biopsy/{sample}/scores.tsv",
        cells="<results>/biopsy/{sample}/cells.parquet",
        distribution="<results>/biopsy/{sample}/distribution.tsv",
        reference=ancient(reference_file(MANIFEST)),
        template=workflow_file("resources/biopsy.html.j2"),
    output:
        page="<results>/biopsy/{sample}/biopsy.html",
    log:
        "<logs>/draw_biopsy/{sample}.log",
    benchmark:
        "<benchmarks>/draw_biopsy/{sample}.tsv"
    wildcard_constraints:
        sample=one_of(study.queries.index),
    conda:
        "../envs/report.yaml"
    resources:
        mem_mb=memory("draw_biopsy", base=1_000, per_input_gb=10_000),
        runtime=minutes("draw_biopsy", base=10),
    params:
        code=code_of("biopsy/draw_biopsy.py"),
        sample=get_sample_row,
        words=hash_of(workflow_file("resources/words"), "biopsy.yaml"),
    script:
        "../scripts/biopsy/draw_biopsy.py"
