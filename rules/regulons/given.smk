# A lab's own regulons in place of inferred ones.

if study.given_regulons:

    # The user's regulons replace all inference.
    ruleorder: take_regulons > check_databases
    ruleorder: take_regulons > consensus_over_models

    rule take_regulons:
        input:
            gmt=user_file(f"<results>/references/gene_lists/{study.given_regulons[0]}"),
            tfs=user_file("<results>/references/tfs.txt") if config["regulons"]["tfs"] else [],
            cells=collect("<results>/cells/{sample}.h5ad", sample=study.libraries),
        output:
            databases="<results>/regulons/databases.json",
            regulons="<results>/regulons/consensus.tsv",
            gmt="<results>/regulons/consensus.gmt",
            support="<results>/regulons/support.tsv",
            summary="<results>/regulons/summary.tsv",
        log:
            "<logs>/take_regulons.log",
        localrule: True
        conda:
            "../../envs/scenic.yaml"
        params:
            code=code_of("regulons/take_regulons.py"),
            min_targets=config["regulons"]["min_targets"],
        script:
            "../../scripts/regulons/take_regulons.py"
