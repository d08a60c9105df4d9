# Manifest: what made the results, with hashes, so that a run can be compared with another and repeated.


rule make_manifest:
    input:
        get_findings,
        sheets=[config[sheet] for sheet in ("samples", "units") if config[sheet]],
    output:
        "<results>/manifest.json",
    log:
        "<logs>/make_manifest.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        code=code_of("report/manifest.py"),
        # As params: inputs that are gone by the end are reported, not required.
        inputs=study.input_files,
        stored=study.stored,
        settings=leave_out(config, "pathvars", "input_rules", "check_files", "container", "store"),
    script:
        "../../scripts/report/manifest.py"
