"""What is odd about a library's audit. Apart, so that what only reads audits needs none of their arithmetic."""

from __future__ import annotations

FEWEST_IN_GENES = 0.2
"""Share of the reads in genes below which a library is suspect. 3' libraries of cells have 0.4 and more as a rule (the
demo's 0.94), those of nuclei less, unless introns are counted.
"""


def doubt(report: dict) -> str:
    """Return what is odd about a library's audit, or nothing.

    The share is of all reads, not of those with a valid barcode: kallisto doesn't map what lies against its gene, and
    only what it maps has a barcode. That the barcodes are right was found when the chemistry was.
    """
    found = report["reads_in_genes_fraction"]
    if found is None or found >= FEWEST_IN_GENES:
        return ""
    nuclei = "" if report.get("introns") else "nuclei (counts.introns), "
    return (
        f"only {found:.1%} of the reads have a valid barcode and lie in one gene, in its direction: {nuclei}a small "
        "reference, or reads of another species?"
    )
