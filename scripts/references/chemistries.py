"""The 10x chemistries that reads can be of: lists of barcodes that distinguish them, and the kits that share a list."""

from __future__ import annotations

from dataclasses import dataclass

BARCODE_LENGTH = 16


@dataclass(frozen=True)
class Chemistry:
    """How read 1 is built (barcode, then UMI), which list its barcodes are on, and what the tools call it.

    ``whitelist`` is a file of ngs_tools; None: the user names the list. ``forward`` and ``reverse`` are the kits whose
    read 2 lies along its transcript (3') or against it (5').
    """

    name: str
    kb: str
    umi_length: int
    whitelist: str | None
    forward: str
    reverse: str = ""

    @property
    def read1_length(self) -> int:
        """Bases of read 1 that are used; longer reads are fine."""
        return BARCODE_LENGTH + self.umi_length

    def kit(self, strand: str) -> str:
        """Return the kit's name, once the strand is known; a list without a kit of that strand keeps its name."""
        return (self.forward if strand == "forward" else self.reverse) or f"{self.name}, {strand}"


CHEMISTRIES = {
    "v2": Chemistry(
        "10x 3' v2 or 5' v1 / v2", "10XV2", 10, "10x_version2_whitelist.txt.gz", "10x 3' v2", "10x 5' v1 / v2"
    ),
    "v3": Chemistry("10x 3' v3 / v3.1", "10XV3", 12, "10x_version3_whitelist.txt.gz", "10x 3' v3 / v3.1"),
    "v4": Chemistry("10x GEM-X 3' v4", "10XV4", 12, "10x_version4_whitelist.txt.gz", "10x GEM-X 3' v4"),
    "multiome": Chemistry("10x Multiome GEX", "10XV3", 12, "10x_multiome_gex_whitelist.txt.gz", "10x Multiome GEX"),
    "5p_v3": Chemistry("10x GEM-X 5' v3", "10XV3", 12, None, "", "10x GEM-X 5' v3"),
}
"""Read structures from 10x Genomics' user guides; whitelists as named in ngs_tools, by the list's name.

v3.1 and the high-throughput kit 3' HT have v3's barcodes and read structure, 5' HT those of 5' v2. Multiome GEX is read
as v3 is, with barcodes of its own.
"""
LONGEST_READ1 = max(chemistry.read1_length for chemistry in CHEMISTRIES.values())
"""Read 1 of this length (bp) is long enough for all."""
KITS = {
    "v2": ("v2", "forward"),
    "v3": ("v3", "forward"),
    "v4": ("v4", "forward"),
    "multiome": ("multiome", "forward"),
    "5p_v1": ("v2", "reverse"),
    "5p_v2": ("v2", "reverse"),
    "v3_ht": ("v3", "forward"),
    "5p_v2_ht": ("v2", "reverse"),
    "5p_v3": ("5p_v3", "reverse"),
}
"""What `reads.chemistry` may say: the list that its barcodes are on, and the strand of its read 2.

Barcodes don't tell a high-throughput kit (HT) from the one that it shares them with; only the config's word does.
"""


def known(own_list: str | None) -> list[str]:
    """Return the names of the lists that are there: all that ngs_tools has, and 5' v3's if the user names it."""
    return [name for name, chemistry in CHEMISTRIES.items() if chemistry.whitelist or own_list]
