# The report, the exports and the biopsies copied to an object store, if the config names one.
from scripts.exports.results import stored_results


rule store:
    """Report, exports and biopsies in the object store that the config names (key store)."""
    input:
        [storage.s3(f"{config['store']}/{file}") for file in stored_results(study)],
    localrule: True


rule store_result:
    input:
        "<results>/{file}",
    output:
        storage.s3(config["store"] + "/{file}"),
    log:
        "<logs>/store_result/{file}.log",
    wildcard_constraints:
        file=one_of(file for file in stored_results(study) if file != "exports/tables.zip"),
    localrule: True
    conda:
        "../../envs/python.yaml"
    params:
        code=code_of("exports/store_result.py"),
    script:
        "../../scripts/exports/store_result.py"


use rule store_result as store_tables with:
    input:
        "<results>/exports/tables",
    output:
        storage.s3(config["store"] + "/exports/tables.zip"),
    log:
        "<logs>/store_tables.log",
