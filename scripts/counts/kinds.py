"""Features of a count matrix that are genes, without antibodies, guides, summary rows and spike-ins."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scripts.base import job
from scripts.base.names import is_summary
from scripts.counts.table import Table

GENE_EXPRESSION = "Gene Expression"
OTHER_KINDS = frozenset(
    name.lower()
    for name in (
        "Antibody Capture", "CRISPR Guide Capture", "Custom", "Multiplexing Capture", "Peaks", "Antigen Capture",
        "Chromatin Accessibility", "VDJ", "Protein Expression", "Oligo Capture",
    )
)  # fmt: skip
"""Kinds of features of 10x that aren't gene expression (Cell Ranger's feature reference, ARC and multi)."""

TAG_KINDS = ("antibody capture", "multiplexing capture", "custom")
"""Kinds of features, in lower case, that may be tags of samples: hashing antibodies, CellPlex, others."""


def select_features(table: Table, keep: np.ndarray) -> Table:
    """Return the table with the features selected by the mask."""
    at = np.flatnonzero(keep)
    symbols = [table.symbols[i] for i in at] if table.symbols is not None else None
    return Table(
        table.matrix[:, at], table.barcodes, [table.ids[i] for i in at], symbols, table.format, table.genes_are
    )


def only_genes(table: Table, kinds: Sequence[str | None] | None, path: str) -> Table:
    """Return the table without antibody, CRISPR and other features that aren't gene expression.

    ``kinds``: kind of each feature, or None. If the column has other content (biotypes, chromosomes, genomes), all
    features are kept. Raises :class:`job.UserError` if there are kinds but no genes.
    """
    if kinds is None:
        return table
    lower = [(kind or GENE_EXPRESSION).strip().lower() for kind in kinds]
    genes = np.array([kind == GENE_EXPRESSION.lower() for kind in lower], dtype=bool)
    said = sorted({str(kind) for kind in kinds if kind})
    if genes.all():
        return table
    if not any(kind and kind.strip().lower() == GENE_EXPRESSION.lower() for kind in kinds):
        if OTHER_KINDS & set(lower):
            raise job.UserError(
                f"{path}: no feature has the type {GENE_EXPRESSION} ({', '.join(said[:3])}); give the matrix of gene "
                "expression"
            )
        job.log.info("%s: %s are read as biotypes, not as feature types", path, ", ".join(said[:3]))
        return table
    job.log.info("%d features other than gene expression are left out", int((~genes).sum()))
    return select_features(table, genes)


def only_tags(table: Table, kinds: Sequence[str | None] | None, path: str) -> Table:
    """Return the table with the features that may be tags of samples (:data:`TAG_KINDS`), or all if it has no kinds.

    Raises :class:`job.UserError` if there are kinds but no tags.
    """
    if kinds is None:
        return table
    tags = np.array([(kind or "").strip().lower() in TAG_KINDS for kind in kinds], dtype=bool)
    if not tags.any():
        said = ", ".join(sorted({str(kind) for kind in kinds if kind})[:3])
        raise job.UserError(
            f"{path}: no feature is a tag ({', '.join(TAG_KINDS)}), but {said}; give the counts of the tags, or a "
            "table of assignments, in cells.pools"
        )
    return select_features(table, tags)


def without_summaries(table: Table, path: str) -> Table:
    """Return the table without rows that aren't genes: summaries of reads, totals, spike-ins. They are logged."""
    names = table.symbols or table.ids
    no_gene = np.array(
        [is_summary(one) or is_summary(name) for one, name in zip(table.ids, names, strict=True)], dtype=bool
    )
    if not no_gene.any():
        return table
    left = [names[i] for i in np.flatnonzero(no_gene)]
    job.log.warning(
        "%s: %d rows are summaries or spike-ins, not genes, and are left out (%s)", path, len(left), ", ".join(left[:5])
    )
    return select_features(table, ~no_gene)
