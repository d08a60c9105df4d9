"""Every kit that the table of formats names: counted as what it is, or refused by its name with what to do instead."""

from __future__ import annotations

import gzip
import random

import numpy as np
import pytest
from docs_table import lines_of, remedies_of

from scripts.base.job import UserError
from scripts.counts import strand
from scripts.reads import detect_chemistry, strangers
from scripts.references import provide_whitelist
from scripts.references.barcodes import distinct, pack, unpack
from scripts.references.chemistries import CHEMISTRIES, KITS

RNG = random.Random(19)


def bases(number):
    """Return random bases."""
    return "".join(RNG.choices("ACGT", k=number))


LISTS: dict[str, np.ndarray] = {}


@pytest.fixture
def whitelists():
    """Return 10x' own lists, and a stand-in for that of GEM-X 5', which no package brings."""
    if not LISTS:
        for name, chemistry in CHEMISTRIES.items():
            if chemistry.whitelist:
                path = provide_whitelist.whitelist_path(name)
                LISTS[name] = provide_whitelist.pack_whitelist(gzip.decompress(path.read_bytes()), name)
        stand_in = np.array([bases(16) for _ in range(3000)], dtype="S16")
        LISTS["5p_v3"] = distinct(pack(stand_in)[0])
    return LISTS


def write(folder, ones, twos):
    """Write a lane; return its files."""
    paths = []
    for mate, reads in (("1", ones), ("2", twos)):
        path = folder / f"{mate}.fq.gz"
        path.write_bytes(
            gzip.compress("".join(f"@r{i}\n{s}\n+\n{'F' * len(s)}\n" for i, s in enumerate(reads)).encode())
        )
        paths.append(str(path))
    return paths


KNOWN = [
    ("10x 3' v2", "v2", 26, "v2", "10XV2", 10, "forward"),
    ("10x 3' v3 / v3.1", "v3", 28, "v3", "10XV3", 12, "forward"),
    ("10x 3' v3 / v3.1", "v3", 28, "auto", "10XV3", 12, "forward"),
    ("10x 3' HT v3.1", "v3", 28, "v3_ht", "10XV3", 12, "forward"),
    ("10x GEM-X 3' v4", "v4", 28, "v4", "10XV4", 12, "forward"),
    ("10x Multiome GEX", "multiome", 28, "multiome", "10XV3", 12, "forward"),
    ("10x 5' v1 / v2", "v2", 26, "5p_v1", "10XV2", 10, "reverse"),
    ("10x 5' v1 / v2", "v2", 150, "5p_v2", "10XV2", 10, "reverse"),
    ("10x 5' HT v2", "v2", 26, "5p_v2_ht", "10XV2", 10, "reverse"),
    ("10x GEM-X 5' v3", "5p_v3", 28, "5p_v3", "10XV3", 12, "reverse"),
]
BASE = {"10x 3' HT v3.1": "10x 3' v3 / v3.1", "10x 5' HT v2": "10x 5' v1 / v2"}
"""High-throughput kits, and the ones whose list and geometry they have: reads alone don't tell them apart."""


@pytest.mark.parametrize(("ht", "base"), [("v3_ht", "v3"), ("5p_v2_ht", "5p_v2")])
def test_a_high_throughput_kit_has_the_list_and_geometry_of_its_base(ht, base):
    assert KITS[ht] == KITS[base]
    lane = {"chemistry": KITS[base][0], "pairs_examined": 10, "whitelist_overlap": {KITS[base][0]: 1.0}}
    one, other = (detect_chemistry.decide({"L1": dict(lane)}, kit) for kit in (ht, base))
    assert {**one, "configured": base} == other and one["configured"] == ht


@pytest.mark.parametrize(("name", "listed", "read1", "configured", "kb", "umi", "strand"), KNOWN)
def test_a_known_kit_is_told_by_its_list_and_strand(
    whitelists, tmp_path, name, listed, read1, configured, kb, umi, strand
):
    """With 10x' own lists; a UMI of 10 or 12 bases."""
    picked = unpack(whitelists[listed][:: max(1, len(whitelists[listed]) // 500)]).tolist()
    ones = [barcode.decode() + bases(read1 - 16) for barcode in picked]
    lane = detect_chemistry.detect_lane(*write(tmp_path, ones, [bases(90) for _ in ones]), whitelists, 10_000, 0.5)
    assert lane["chemistry"] == listed and lane["whitelist_overlap"][listed] == 1.0
    assert sum(share > 0.5 for share in lane["whitelist_overlap"].values()) == 1
    library = detect_chemistry.decide({"L1": lane}, configured)
    assert (library["kb"], library["umi_length"]) == (kb, umi)
    assert library["configured_strand"] == (None if configured == "auto" else strand)
    assert CHEMISTRIES[listed].kit(strand) == BASE.get(name, name)


def test_a_kit_of_the_config_must_have_the_list_of_the_barcodes(whitelists, tmp_path):
    """5' v2 has 3' v2's list, not v3's."""
    picked = unpack(whitelists["v3"][:500]).tolist()
    ones = [barcode.decode() + bases(12) for barcode in picked]
    lane = detect_chemistry.detect_lane(*write(tmp_path, ones, [bases(90) for _ in ones]), whitelists, 10_000, 0.5)
    with pytest.raises(UserError, match="the config says chemistry 5p_v2, the barcodes say v3"):
        detect_chemistry.decide({"L1": lane}, "5p_v2")
    assert {listed for listed, _ in KITS.values()} == set(CHEMISTRIES)


def visium():
    """Return barcodes of Visium's list."""
    text = gzip.decompress(provide_whitelist.whitelist_file(detect_chemistry.VISIUM).read_bytes())
    return text.decode().split()


STRANGERS = {
    "10x Flex (probes)": (lambda: bases(28), lambda: bases(50) + "ACGCGGTTAGCACGTA" + bases(24), "cellranger multi"),
    "10x Flex v2 (probes)": (lambda: bases(28), lambda: bases(50) + "CCCATATAAGAAA" + bases(20), "cellranger multi"),
    "Parse / SPLiT-seq": (
        lambda: bases(66),
        lambda: bases(18) + "GTGGCCGATGTTTCGCATCGGCGTACGACT" + bases(8) + "ATCCACGTGCTTGAGAGGCCAGAGCATTCG" + bases(8),
        "kb count -x SPLIT-SEQ",
    ),
    "BD Rhapsody": (lambda: bases(9) + "ACTGGCCTGCGA" + bases(9) + "GGTAGCGGTGACA" + bases(17), None, "BDWTA"),
    "BD Rhapsody, enhanced beads": (lambda: "A" + bases(9) + "GTGA" + bases(9) + "GACA" + bases(17), None, "BDWTA"),
    "inDrops": (lambda: bases(8) + "GAGTGATTGCTTGTGACGCCTT" + bases(14), None, "INDROPSV2"),
    "SureCell": (lambda: bases(6) + "TAGCCATCGCATTGC" + bases(6) + "TACCTCTGAGCTGAA" + bases(14), None, "SURECELL"),
    "Smart-seq3": (lambda: "ATTGCGCAATG" + bases(8) + "GGG" + bases(50), None, "SMARTSEQ3"),
    "10x 3' v1": (lambda: bases(14), None, "10XV1"),
    "Drop-seq": (lambda: bases(20), None, "DROPSEQ"),
    "10x ATAC": (lambda: bases(50), lambda: bases(16), "give the library of RNA"),
    "10x Multiome ATAC": (lambda: bases(50), lambda: bases(24), "give the library of RNA"),
    "10x Visium": (lambda: RNG.choice(visium()) + bases(12), None, "Space Ranger"),
    "unknown": (lambda: bases(75), None, "column matrix of the samples sheet"),
}


@pytest.mark.parametrize("kit", STRANGERS)
def test_a_kit_that_is_not_counted_is_refused_by_name(whitelists, tmp_path, kit):
    """With what to do instead."""
    one, two, remedy = STRANGERS[kit]
    ones, twos = [one() for _ in range(200)], [(two or (lambda: bases(90)))() for _ in range(200)]
    with pytest.raises(UserError) as error:
        detect_chemistry.detect_lane(*write(tmp_path, ones, twos), whitelists, 10_000, 0.5)
    named = kit.split(",")[0].replace(" v2 (probes)", "")
    assert remedy in str(error.value) and (kit == "unknown" or named in str(error.value))


def test_a_probe_library_is_refused_though_its_barcodes_are_known(whitelists, tmp_path):
    """Its probes would be counted as genes."""
    ones = [barcode.decode() + bases(12) for barcode in unpack(whitelists["v3"][:200]).tolist()]
    twos = [bases(50) + "ACGCGGTTAGCACGTA" + bases(24) for _ in ones]
    with pytest.raises(UserError, match="these are reads of 10x Flex"):
        detect_chemistry.detect_lane(*write(tmp_path, ones, twos), whitelists, 10_000, 0.5)


def test_the_list_that_is_missing_is_asked_for(whitelists, tmp_path):
    """GEM-X 5' without its list: where it is to be had."""
    lists = {name: listed for name, listed in whitelists.items() if name != "5p_v3"}
    ones = [barcode.decode() + bases(12) for barcode in unpack(whitelists["5p_v3"][:500]).tolist()]
    with pytest.raises(UserError, match=r"For GEM-X 5' v3 name its list .*whitelist_5p_v3"):
        detect_chemistry.detect_lane(*write(tmp_path, ones, [bases(90) for _ in ones]), lists, 10_000, 0.5)


def test_a_sequence_that_few_reads_carry_names_nothing():
    """By chance, or as contamination."""
    reads = [bases(90) for _ in range(100)]
    reads[:20] = [bases(50) + "ACGCGGTTAGCACGTA" + bases(24) for _ in range(20)]
    assert strangers.name_design([bases(28) for _ in reads], reads) == ""


PAGE = {
    "10x 3' v2": "10x 3' v2",
    "10x 3' v3 / v3.1": "10x 3' v3, v3.1",
    "10x 3' HT v3.1": "10x 3' HT v3.1 (high-throughput)",
    "10x GEM-X 3' v4": "10x GEM-X 3' v4",
    "10x Multiome GEX": "10x Multiome GEX",
    "10x 5' v1 / v2": "10x 5' v1, v2",
    "10x 5' HT v2": "10x 5' HT v2 (high-throughput)",
    "10x GEM-X 5' v3": "10x GEM-X 5' v3",
    "10x Flex (probes)": "10x Flex",
    "10x Flex v2 (probes)": "10x Flex",
    "10x 3' v1": "10x 3' v1",
    "10x Visium": "10x Visium",
    "10x ATAC": "10x ATAC, the ATAC half of Multiome",
    "10x Multiome ATAC": "10x ATAC, the ATAC half of Multiome",
    "Parse / SPLiT-seq": "Parse / SPLiT-seq",
    "BD Rhapsody": "BD Rhapsody",
    "BD Rhapsody, enhanced beads": "BD Rhapsody",
    "inDrops": "inDrops",
    "SureCell": "SureCell",
    "Smart-seq3": "Smart-seq3",
    "Drop-seq": "Drop-seq, Seq-Well",
    "unknown": "anything else, such as Smart-seq2 or bulk reads",
}
"""The line of the page by kit."""
BY_STRAND = ("5' libraries whose read 1 goes on into the cDNA", "a known list on the other strand")
"""Lines whose tests are test_a_known_kit_is_told_by_its_list_and_strand (read 1 of 150 bp), and below."""
UNSTRANDED = "3' and 5' lanes as one library, or unstranded reads"
SAYS = {"10x 3' v1": "kb count -x 10XV1", "unknown": "name a matrix", "10x Visium": "Space Ranger"}
"""What the page says to do where the message has other words."""


def test_a_known_list_on_the_other_strand_is_counted_with_a_warning(caplog):
    """No kit with v3's list reads against its genes."""
    found = strand.tell({"forward": 50, "reverse": 950}, "auto", {"chemistry": "v3", "configured": "auto"}, "S")
    assert found["strand"] == "reverse" and "unknown for kits with the barcodes of 10x 3' v3 / v3.1" in caplog.text
    with pytest.raises(UserError, match="the library is not stranded"):
        strand.tell({"forward": 500, "reverse": 500}, "auto", {"chemistry": "v3", "configured": "auto"}, "S")


def test_the_page_names_every_kit_as_it_is_treated():
    """Each line is a kit of these tests and each kit has a line, with the same answer and the same remedy."""
    page, remedies = lines_of("Reads: kits"), remedies_of("Reads: kits")
    counted = [line for line, read in page.items() if read]
    refused = [line for line, read in page.items() if not read]
    assert set(counted) == {PAGE[name] for name, *_ in KNOWN} | set(BY_STRAND)
    assert set(refused) == {PAGE[kit] for kit in STRANGERS} | {UNSTRANDED}
    for name, _, _, configured, *_ in KNOWN:
        assert configured == "auto" or f"`{configured}`" in remedies[PAGE[name]], name
    for kit, (_, _, remedy) in STRANGERS.items():
        assert SAYS.get(kit, remedy) in remedies[PAGE[kit]], kit
