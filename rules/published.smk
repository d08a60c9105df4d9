# Published: other people's drug-tolerance signatures, and the study's place among them.
from scripts.published.results import targets


rule published:
    """The study's place among published drug-tolerance signatures (published/signatures.tsv)."""
    input:
        collect("<results>/published/{file}", file=targets(study)),
    localrule: True


rule compare_published:
    input:
        profiles="<results>/profiles/profiles.h5ad",
        signature="<results>/expression/signature.tsv",
        shipped=get_shipped_signatures,
        signatures=collect("<results>/references/gene_lists/{file}", file=study.published_files("signatures")),
        rankings=collect("<results>/references/gene_lists/{file}", file=study.published_files("regulators")),
        switches="<results>/switches/switches.tsv" if study.has_activity else [],
        regulons=get_network_of_study if study.has_activity else [],
    output:
        signatures="<results>/published/signatures.tsv",
        by_model="<results>/published/by_model.tsv",
        similarity="<results>/published/similarity.tsv",
        regulators="<results>/published/regulators.tsv",
        agreement="<results>/published/agreement.tsv",
    log:
        "<logs>/compare_published.log",
    benchmark:
        "<benchmarks>/compare_published.tsv"
    localrule: True
    conda:
        "../envs/programme.yaml"
    params:
        code=code_of("published/compare_published.py"),
        contrast=config["contrast"],
        fdr=config["statistics"]["fdr"],
        seed=config["statistics"]["seed"],
    script:
        "../scripts/published/compare_published.py"


rule draw_published:
    input:
        tables=rules.compare_published.output,
    output:
        report(directory("<results>/published/figures"), **in_report("Published signatures")),
    log:
        "<logs>/draw_published.log",
    localrule: True
    conda:
        "../envs/figures.yaml"
    params:
        code=code_of("published/figures.py"),
        figures=figures_of("published"),
        settings=pick(config["statistics"], "fdr"),
    script:
        "../scripts/published/figures.py"
