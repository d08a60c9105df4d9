# The report, the exports and the biopsies copied to an object store, if the config names one.
from scripts.exports.results import FOLDERS, stored_results


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
        file=one_of(file for file in stored_results(study) if file not in FOLDERS),
    localrule: True
    conda:
        "../../envs/python.yaml"
    params:
        code=code_of("exports/store_result.py"),
    script:
        "../../scripts/exports/store_result.py"


use rule store_result as store_folder with:
    output:
        directory(storage.s3(config["store"] + "/{file}")),
    log:
        "<logs>/store_folder/{file}.log",
    wildcard_constraints:
        file=one_of(FOLDERS),
