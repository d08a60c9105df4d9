"""Files of the stage expression that the report reads and the target names, depending on the study."""

from __future__ import annotations

from scripts.base.results import Results
from scripts.base.tables import ALL_ARMS
from scripts.study.study import Study

REPORT = ("differential_expression.tsv", "signature.tsv", "signature_scores.tsv", "signature_sizes.tsv",
          "expression_design.tsv", "state_structure.tsv", "state_places.tsv", "treatment.tsv",
          "treatment_correlation.tsv", "figures")  # fmt: skip


def targets(study: Study) -> list[str]:
    """Return the tables and figures that the target of the stage names."""
    files = [
        "expression_design.tsv",
        "signature_scores.tsv",
        "signature_sizes.tsv",
        "state_structure.tsv",
        "treatment.tsv",
        "figures",
    ]
    files += ["signature_cells.parquet"] if study.libraries else []
    files += ["gene_sets.tsv"] if study.gene_set_files else []
    return [*files, *of_timepoints(study)]


def of_timepoints(study: Study) -> list[str]:
    """Return the table of several persister timepoints; none if there is only one."""
    return ["persister_timepoints.tsv"] if study.further else []


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return [*REPORT, *(["gene_sets.tsv"] if study.gene_set_files else []), *of_timepoints(study)]


def numbers(results: Results) -> dict[str, int | str]:
    """Return numbers for the methods text: genes compared, changed and in the signature, sets tested, sizes tested.

    ``changed`` genes are over patients, ``voom_changed`` in these tumours (both 0 unless ``compared_twice``).
    ``signature_level`` is the level at which the signature was learned. ``distrusted`` genes cannot be part of it.
    """
    design, signature = results.table("expression/expression_design.tsv"), results.table("expression/signature.tsv")
    found = {"compared_twice": 0, "changed": 0, "voom_changed": 0, "signature_level": "", "distrusted": 0}
    genes = results.table("expression/differential_expression.tsv", dtype={"gene": str})
    if genes is not None and "distrusted" in genes:
        found["distrusted"] = int(genes.loc[genes["distrusted"] == "yes", "gene"].nunique())
    if design is not None and "voom_changed" in design:
        whole = design[(design["arm"] == ALL_ARMS) & design["voom_changed"].notna()]
        if len(whole):
            first = whole.iloc[0]
            found |= {"compared_twice": 1, "changed": int(first["changed"]), "voom_changed": int(first["voom_changed"])}
    if signature is not None and len(signature) and "level" in signature:
        found["signature_level"] = str(signature["level"].iloc[0])
    return found | {
        "compared": results.count("expression/differential_expression.tsv", "gene"),
        "signature": results.count("expression/signature.tsv", "gene"),
        "sets": results.count("expression/gene_sets.tsv", "gene_set", "p"),
        "tried": results.count("expression/signature_sizes.tsv", "left_out"),
    }
