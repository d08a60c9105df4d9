"""The supported 10x chemistries: lists of barcodes that distinguish them, and the kits that share a list."""

from __future__ import annotations

from dataclasses import dataclass

BARCODE_LENGTH = 16


@dataclass(frozen=True)
class Chemistry:
    """Structure of read 1 (barcode, then UMI), list of its barcodes, and names in the tools.

    ``whitelist`` is a file of ngs_tools; None: the user provides the list. ``forward`` and ``reverse`` are the kits
    with sense (3') or antisense (5') read 2.
    """

    name: str
    kb: str
    umi_length: int
    whitelist: str | None
    forward: str
    reverse: str = ""

    @property
    def read1_length(self) -> int:
        """Number of bases of read 1 that are used; longer reads are accepted."""
        return BARCODE_LENGTH + self.umi_length

    def kit(self, strand: str) -> str:
        """Return the kit's name by strand, or the list's name if it has no kit with that strand."""
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

v3.1 and the high-throughput kit 3' HT have v3's barcodes and read structure, 5' HT those of 5' v2. Multiome GEX has
v3's read structure, but its own barcodes.
"""
LONGEST_READ1 = max(chemistry.read1_length for chemistry in CHEMISTRIES.values())
"""Length (bp) of read 1 that is sufficient for all chemistries."""
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
"""Values of `reads.chemistry`: list of barcodes, and strand of read 2.

A high-throughput kit (HT) can't be distinguished by its barcodes, which it shares with another kit. Only the config
distinguishes them.
"""


def known(own_list: str | None) -> list[str]:
    """Return the names of the available lists: all of ngs_tools, and that of 5' v3 if the user provides it."""
    return [name for name, chemistry in CHEMISTRIES.items() if chemistry.whitelist or own_list]
