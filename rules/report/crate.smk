# Crate: the finished run in the words of RO-Crate, so that archives and search engines can read what the folder holds.


rule make_crate:
    input:
        get_findings,
        report="<results>/report/report.html",
        manifest="<results>/manifest.json",
    output:
        "<results>/ro-crate-metadata.json",
    log:
        "<logs>/make_crate.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        code=code_of("report/crate.py"),
    script:
        "../../scripts/report/crate.py"
