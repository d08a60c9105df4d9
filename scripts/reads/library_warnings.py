"""Warnings about a library's audit, in a separate module, so that readers of audits don't import their calculation."""

from __future__ import annotations

FEWEST_IN_GENES = 0.2
"""Minimum share of reads in genes; a library with less gets a warning. 3' libraries of cells usually have 0.4 or more
(the demo 0.94), those of nuclei less, unless introns are counted.
"""


def doubt(report: dict) -> str:
    """Return the warning about a library's audit, or an empty string.

    The share is of all reads, not of those with a valid barcode. kallisto doesn't map antisense reads, and only mapped
    reads have a barcode. The barcodes were already checked when the chemistry was detected.
    """
    found = report["reads_in_genes_fraction"]
    if found is None or found >= FEWEST_IN_GENES:
        return ""
    nuclei = "" if report.get("introns") else "nuclei (counts.introns), "
    return (
        f"only {found:.1%} of the reads have a valid barcode and lie in one gene, in its direction; possible causes: "
        f"{nuclei}a small reference, or reads of another species"
    )
