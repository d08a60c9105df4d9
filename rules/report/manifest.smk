# Manifest: what made the results, with hashes, so that a run can be told from another and done again.
from scripts.study.config import list_files


def get_own_inputs(wildcards):
    """The files of the user's that a run began with, by kind. As params: what is gone by the end is said, not asked for."""
    genomes = [genome for genome in (config["references"] or {}).values() if isinstance(genome, dict)]
    return {
        "references": [genome[part] for genome in genomes for part in ("fasta", "gtf") if genome.get(part)],
        "databases": [entry["path"] for _, entry in list_files(config) if entry.get("path")],
        "matrices": sorted(set(study.everything["matrix"]) - {""}),
        "reads": [*study.units["fq1"], *study.units["fq2"]],
    }


rule make_manifest:
    input:
        rules.findings.input,
        sheets=[config[sheet] for sheet in ("samples", "units") if config[sheet]],
    output:
        "<results>/manifest.json",
    log:
        "<logs>/make_manifest.log",
    localrule: True
    conda:
        "../../envs/report.yaml"
    params:
        inputs=get_own_inputs,
        settings=get_settings,
    script:
        "../../scripts/report/manifest.py"
