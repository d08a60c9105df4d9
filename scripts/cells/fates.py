"""What becomes of the barcodes of a pool: the words of its tables."""

EMPTY, SAMPLE = "empty", "sample"
UNASSIGNED, TWO, OTHER = "unassigned", "two tags", "another tag"
"""What becomes of a cell that is no sample's: no tag stands out; two do; one does that no sample of the sheet has."""
