"""The 10x 3' chemistries that reads can be of."""

from __future__ import annotations

from dataclasses import dataclass

BARCODE_LENGTH = 16


@dataclass(frozen=True)
class Chemistry:
    """How read 1 is built (barcode, then UMI) and what the tools call it."""

    name: str
    kb: str
    umi_length: int
    whitelist: str

    @property
    def read1_length(self) -> int:
        """Bases of read 1 that are used; longer reads are fine."""
        return BARCODE_LENGTH + self.umi_length


CHEMISTRIES = {
    "v2": Chemistry("10x 3' v2", "10XV2", 10, "10x_version2_whitelist.txt.gz"),
    "v3": Chemistry("10x 3' v3 / v3.1", "10XV3", 12, "10x_version3_whitelist.txt.gz"),
    "v4": Chemistry("10x 3' v4", "10XV4", 12, "10x_version4_whitelist.txt.gz"),
}
"""Read structures from 10x Genomics' user guides; whitelists as named in ngs_tools. v3.1 has v3's barcodes and read
structure.
"""
