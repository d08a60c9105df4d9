"""Every line of the page of formats about profiles, networks, gene sets, factors and motif tables."""

# ruff: noqa: E501  (a table: a case a line)

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from docs_table import lines_of
from shared_cases import case

from scripts.base.job import UserError
from scripts.base.names import check_shared
from scripts.profiles.genes import check_names
from scripts.profiles.networks import read_network, read_sets
from scripts.profiles.tables import read_profiles
from scripts.regulons.databases import read_annotated, read_tfs
from scripts.scenic.motif_table import load_annotations

GENES = ["FOSL1", "JUNB", "MTOR"]
VALUES = [[3726, 11499], [5, 11], [12, 8]]


@dataclass
class Form:
    """``content`` of a file called ``name``, what ``reader`` makes of it, or the words with which it refuses."""

    content: str | bytes
    name: str = "f.tsv"
    words: str = ""


def table(
    mark: str = "\t", end: str = "\n", head: str = "", more: str = "", last: str = "", column: str = "symbol"
) -> str:
    """Return a table of two profiles."""
    rows = [[column, "c0", "c1"], *([gene, *map(str, values)] for gene, values in zip(GENES, VALUES, strict=True))]
    return head + end.join(mark.join(row) + last for row in rows) + end + more


COUNTED = 'Geneid\tChr\tStart\tEnd\tStrand\tLength\tc0\tc1\n' + "".join(
    f"{gene}\tchr1;chr1\t1;9\t5;12\t+;+\t3080\t{a}\t{b}\n" for gene, (a, b) in zip(GENES, VALUES, strict=True)
)  # fmt: skip
ZIP = b"PK\x03\x04\x14\x00\x06\x00\x08\x00"
PROFILES = {
    "genes × samples with tabs, commas or semicolons": [Form(table(mark)) for mark in "\t,;"] + [Form(table(column="Gene Symbol"))],
    "featureCounts, with its line `# Program:`": [Form('# Program:featureCounts v2.0.1; Command:"featureCounts" "-T" "8"\n' + COUNTED)],
    "htseq-count's or STAR's summary rows, spike-ins": [Form(table(more="__no_feature\t40043\t246774\nN_unmapped\t1\t2\nERCC-00002\t9\t9\n"))],
    "byte-order mark, Windows line ends, quotation marks": [
        Form(table(head="\ufeff")), Form(table(end="\r\n")),
        Form("\n".join('\t'.join(f'"{cell}"' for cell in line.split("\t")) for line in table().splitlines()) + "\n"),
        Form(gzip.compress(table(head="\ufeff", end="\r\n").encode())),
    ],
    "separators at the end of each line": [Form(table(last="\t")), Form(table(",", last=",,"))],
    "transcripts (Salmon's quant.sf, kallisto's abundance.tsv)": [
        Form("Name\tLength\tc0\tc1\nENST00000312551.9\t9\t1\t2\nNM_005438.5\t9\t1\t2\n", words=r"rows are transcripts, not genes \(ENST00000312551.9, NM_005438.5\); sum")
    ],
    "table without a header (STAR's ReadsPerGene.out.tab)": [
        Form("N_unmapped\t1\t1\t1\nFOSL1\t3726\t1\t2\n", words=r"the first line holds N_unmapped, 1, 1, not names of columns; give a header")
    ],
    "decimal commas": [Form("symbol\tc0\tc1\nFOSL1\t1,5\t2,5\n", words=r"row 2 \(FOSL1\), column c0: '1,5' is not a number; give")],
    "dates for genes (SEPT2, MARCH1)": [Form("symbol\tc0\tc1\n2-Sep\t1\t2\n", words=r"row 2: '2-Sep' is not a gene: .*; export")],
    "Excel workbook, also one named .tsv": [Form(ZIP, words=r"an Excel workbook .*; give a text table .*: save it as tab-separated")],
    "text in UTF-16": [Form(table().encode("utf-16"), words=r"text in UTF-16, .*; give a text table .*: save it as")],
}  # fmt: skip
EDGES = [["FOSL1", "KRT16", 1.0], ["FOSL1", "KRT6A", -1.0]]
OMNIPATH = "source\ttarget\tsource_genesymbol\ttarget_genesymbol\tis_stimulation\tis_inhibition\nP1\tQ1\tFOSL1\tKRT16\t1\t0\nP1\tQ2\tFOSL1\tKRT6A\t0\t1\n"
MOTIFS = "#motif_id\tmotif_name\tgene_name\tmotif_similarity_qvalue\torthologous_identity\tdescription\n"
OTHERS = {
    "network of source, target and weight or mor": [
        Form("source\ttarget\tmor\nFOSL1\tKRT16\t1\nFOSL1\tKRT6A\t-1\n"), Form("\ufefftf,target,weight\r\nFOSL1,KRT16,1\r\n FOSL1 ,KRT6A,-1\r\n"),
        Form('"source";"target";"mor"\n"FOSL1";"KRT16";1\n"FOSL1";"KRT6A";-1\n'),
    ],
    "network of OmniPath, symbols in addition to UniProt identifiers": [Form(OMNIPATH)],
    "network whose weights are all 0 or cancel": [
        Form("source\ttarget\tmor\nFOSL1\tKRT16\t1\nFOSL1\tKRT16\t-1\n", words=r"all weights are 0, or those of an edge that occurs twice cancel; give"),
    ],
    "network or gene sets of other names than the study's genes": [
        Form("source\ttarget\tmor\nP34345\tQ00663\t1\nP34345\tQ57342\t1\n", words=r"has 0% of its genes in common with the study, less than 10%; it names genes Q00663, Q57342, the study FOSL1, JUNB, KRT16: give"),
        Form("source\ttarget\tmor\nP34345\tENSG00000075426\t1\n", words=r"it names genes ENSG00000075426, the study FOSL1, JUNB, KRT16: give gene symbols"),
    ],
    "gene sets as .gmt": [Form("SET\thttp\tFOSL1\tJUNB\n", "s.gmt"), Form('\ufeffSET\thttp\t"FOSL1"\tJUNB\t\t\r\n', "s.gmt")],
    "gene sets as .gmt with a name twice for other genes": [
        Form("SET\tx\tFOSL1\nSET\tx\tJUNB\n", "s.gmt", r"row 2: the set SET occurs twice, with different genes; give each")
    ],
    "gene sets as a table with a column gene": [
        Form("set\tgene\nSET\tFOSL1\nSET\tJUNB\n"), Form('"gs_name";"gene_symbol"\n"SET";"FOSL1"\n"SET";"JUNB"\n', "s.tsv"),
        Form("gene,set\nFOSL1,SET\nJUNB,SET\n", "s.csv"),
    ],
    "gene sets as a list of genes, with or without a heading": [
        Form("FOSL1\nJUNB\n", "SET.txt"), Form("\ufeffgene\r\n\"FOSL1\"\r\n JUNB\r\n", "SET.txt"), Form("# mine\nFOSL1\nJUNB\nJUNB\n", "SET.txt"),
    ],
    "table of gene sets without a header": [
        Form("SET\tFOSL1\nSET\tJUNB\n", words=r"row 1: 2 columns and none is called gene \(SET, FOSL1\); give"),
        Form("FOSL1\tAP-1\nJUNB\tAP-1\n", words=r"row 1: 2 columns and none is called gene"),
    ],
    "factors, one a line, with a byte-order mark": [Form("\ufeffFOSL1\nJUNB\n", "t.txt"), Form('# x\r\nTF\r\n"FOSL1"\r\nJUNB\r\n', "t.txt")],
    "factors with a second column": [Form("FOSL1\tAP-1\nJUNB\tAP-1\n", "t.txt"), Form("gene,family\nFOSL1,AP-1\nJUNB,AP-1\n", "t.txt")],
    "factors side by side in one row": [Form("FOSL1\tJUNB\tMYC\n", "t.txt", r"row 1: 3 names in one row; give one gene symbol per line")],
    "motif table of cisTarget": [
        Form(f"{MOTIFS}m1\tm1\tFOSL1\t0.0\t1.0\tgene is directly annotated\nm2\tm2\tJUNB\t0.0\t1.0\tx\n"),
        Form(f"\ufeff{MOTIFS}m1\tm1\t FOSL1\t0\t1\tx\nm2\tm2\tJUNB \t0\t1\ty\n".replace("\n", "\r\n")),
        Form(gzip.compress(f'{MOTIFS}m1\tm1\t"FOSL1"\t0\t1\tx "y\nm2\tm2\tJUNB\t0\t1\ty\n'.encode())),
    ],
    "motif table without descriptions, or with None for them": [
        Form(f"{MOTIFS}m1\tm1\tFOSL1\t0.0\t1.0\tNone\nm2\tm2\tJUNB\t0.0\t1.0\tNone\n"),
        Form("#motif_id\tgene_name\tmotif_similarity_qvalue\torthologous_identity\nm1\tFOSL1\t0\t1\nm2\tJUNB\t0\t1\n"),
    ],
    "motif table with a q-value or an identity that is no number": [
        Form(f"{MOTIFS}m1\tm1\tFOSL1\tdirect\t1.0\tx\n", words=r"row 2, column motif_similarity_qvalue: 'direct' is not a number"),
        Form(f"{MOTIFS}m1\tm1\tFOSL1\t0\t1.0\tx\nm1\tm1\tFOSL1\t0\tNone\tx\n", words=r"row 3, column orthologous_identity: 'None' is not a number .*\(1 of 2 rows\); give"),
    ],
}  # fmt: skip


def profiles_of(path: str) -> object:
    """Return genes and values as the rule join_profiles does."""
    names, values = read_profiles(path, ["c0", "c1"], "samples.tsv")
    check_names(names, path)
    return names, values.to_numpy().tolist()


def network_of(path: str) -> object:
    """Return the edges, held against the study's genes as by the rule infer_activity."""
    edges = read_network(path)
    check_shared(edges["target"], [*GENES, "KRT16"], path, "the study")
    return edges.to_numpy().tolist()


READERS: tuple[tuple[str, Callable[[str], object], object], ...] = (
    ("network", network_of, EDGES),
    ("gene sets", read_sets, {"SET": ["FOSL1", "JUNB"]}),
    ("table of gene sets", read_sets, None),
    ("factors", read_tfs, ["FOSL1", "JUNB"]),
    ("motif table", lambda path: read_annotated(path, {}).to_numpy().tolist(), [["m1", "FOSL1"], ["m2", "JUNB"]]),
)
SINGLE = [(name, n, form) for forms in (PROFILES, OTHERS) for name, own in forms.items() for n, form in enumerate(own)]


def reader_of(name: str) -> tuple[Callable[[str], object], object]:
    """Return the reader of a line of the page, and what it gives."""
    if name in PROFILES:
        return profiles_of, (GENES, VALUES)
    return next((reader, right) for start, reader, right in READERS if name.startswith(start))


def test_every_line_of_the_page_has_a_case_and_every_case_a_line():
    for heading, forms in (("Tables of profiles", PROFILES), ("Networks, gene sets", OTHERS)):
        said = lines_of(heading)
        assert list(said) == list(forms)
        for name, is_read in said.items():
            assert all(bool(form.words) != is_read for form in forms[name]), name


@pytest.mark.parametrize(("name", "form"), [(n, f) for n, _, f in SINGLE], ids=[f"{n}, {i}" for n, i, _ in SINGLE])
def test_a_form_gives_its_content_or_one_line(name, form, tmp_path):
    path: Path = tmp_path / form.name
    path.write_bytes(form.content if isinstance(form.content, bytes) else form.content.encode())
    reader, right = reader_of(name)
    if not form.words:
        assert reader(str(path)) == right
        return
    with pytest.raises(UserError, match=form.words) as refused:
        reader(str(path))
    assert str(refused.value).startswith(str(path)) and "\n" not in str(refused.value)


# --- the same with the shared cases


@pytest.mark.parametrize("name", ["description_none", "no_description"])
def test_motif_tables_that_lost_words_say_what_the_sound_one_says(name):
    sound = read_annotated(str(case("motifs/sound.tbl")))
    assert len(sound) == 62
    path = str(case(f"motifs/{name}.tbl"))
    pd.testing.assert_frame_equal(read_annotated(path), sound)
    # Pruning leaves out what has no description.
    assert load_annotations(path)["annotation"].eq("not described").all()


@pytest.mark.parametrize(("name", "rows"), [("identity_none_half", 31), ("qvalue_word", 62)])
def test_motif_tables_that_lost_numbers_are_refused(name, rows):
    with pytest.raises(
        UserError, match=rf"{name}.tbl, row 2, column \w+: '\w+' is not a number .*\({rows} of 62 rows\)"
    ):
        read_annotated(str(case(f"motifs/{name}.tbl")))


@pytest.mark.parametrize("name", ["tfs_bom", "tfs_tab"])
def test_no_factor_is_lost(name):
    assert read_tfs(str(case(f"motifs/{name}.txt"))) == ["FOSL1", "JUNB"]


def test_omnipath_gives_the_sound_network():
    sound = read_network(str(case("profiles/net_sound.tsv")))
    pd.testing.assert_frame_equal(read_network(str(case("profiles/net_omnipath.tsv"))), sound)
    assert len(sound) > 500


def test_profiles_as_counters_write_them():
    """No summary row of htseq-count; featureCounts' table by the names of its columns."""
    columns = ["P1_before", "P1_after"]
    genes, values = read_profiles(str(case("profiles/htseq.tsv")), columns, "samples.tsv")
    assert len(genes) == 457 and not any(gene.startswith("__") for gene in genes)
    assert values.iloc[0].tolist() == [3726, 11499]
    columns = [f"bam/{name}.bam" for name in columns]
    genes, values = read_profiles(str(case("profiles/featurecounts.txt")), columns, "samples.tsv")
    assert len(genes) == 457 and genes[0] == "FOSL1" and values.iloc[0].tolist() == [3726, 11499]
