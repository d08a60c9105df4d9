"""Steps that remove barcodes, in order; importable in any environment."""

QUALITY = ("low_counts", "high_counts", "few_genes", "many_genes", "high_mt")
"""Quality cuts, in order."""
NOBODYS = ("untagged", "two_tags")
"""Reasons why a cell of a pool is of no sample. They should remove few cells."""
POOL = ("other_sample", *NOBODYS)
"""Reasons why a cell of a pool isn't assigned to the sample: it is of another sample (their number depends on the
pooling), has no tag, or has two tags. They come first. After them and the empty droplets, the sample's own cells
remain, as in a library of one sample."""
STEPS = ("empty", "host", "mixed", "doublet", "normal", *QUALITY, "unsure")
"""Reasons to remove a barcode, in order. Normal and unsure cells are called only without a host."""
