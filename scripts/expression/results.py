"""Which files of expression the report reads and the target names, by what a study has."""

from __future__ import annotations

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
    return files


def of_report(study: Study) -> list[str]:
    """Return the files that the report reads, in the folder of the stage."""
    return [*REPORT, *(["gene_sets.tsv"] if study.gene_set_files else [])]
