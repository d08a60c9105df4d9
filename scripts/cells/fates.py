"""Fates of the barcodes of a pool, as named in its tables."""

EMPTY, SAMPLE = "empty", "sample"
UNASSIGNED, TWO, OTHER = "unassigned", "two tags", "another tag"
"""Fates of a cell without a sample: it has no clear tag, two tags, or the tag of no sample of the sheet."""
