"""Joining two genomes: names, checks, and one message for each mistake."""

from __future__ import annotations

import gzip
import logging

import pandas as pd
import pytest

from scripts.base.job import UserError
from scripts.references import join_genomes

FASTA = ">chr1 primary\nACGTACGTAC\nGGGGGGGGGG\n>MT\nACGTAACCGGTT\n"
GTF = (
    "#!genome-build X\n"
    'chr1\tx\tgene\t1\t20\t.\t+\t.\tgene_id "G1"; gene_name "TP53";\n'
    'chr1\tx\texon\t1\t15\t.\t+\t.\tgene_id "G1"; gene_version "4"; transcript_id "T1"; transcript_version "2"; '
    'gene_name "TP53";\n'
    'chr1\tx\texon\t2\t20\t.\t-\t.\tgene_id "G2"; transcript_id "T2"; gene_name "MTOR";\n'
    'MT\tx\texon\t1\t12\t.\t+\t.\tgene_id "G3"; transcript_id "T3";\n'
)


def write(path, text):
    """Write text, gzip if the name says so; return the path."""
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.fixture
def joined(tmp_path, make_job):
    """Return a function that joins what it is given and returns the three results."""

    def run(prefixes, biotypes=None, **inputs):
        output = {"fasta": tmp_path / "genome.fa", "gtf": tmp_path / "annotation.gtf", "genes": tmp_path / "genes.tsv"}
        params = {"prefixes": prefixes, "biotypes": biotypes}
        join_genomes.main(make_job(input=inputs, output=output, params=params))
        return output["fasta"].read_text(), output["gtf"].read_text(), pd.read_csv(output["genes"], sep="\t")

    return run


def test_both_species_are_prefixed_and_joined(tmp_path, joined):
    """Contigs, gene_id, transcript_id and gene_name carry the prefix; the graft comes first; gzip and plain text may
    mix.
    """
    fasta, gtf, genes = joined(
        {"graft": "H_", "host": "M_"},
        graft_fasta=write(tmp_path / "h.fa.gz", FASTA),
        graft_gtf=write(tmp_path / "h.gtf", GTF),
        host_fasta=write(tmp_path / "m.fa", FASTA),
        host_gtf=write(tmp_path / "m.gtf.gz", GTF),
    )
    assert [line for line in fasta.splitlines() if line.startswith(">")] == [">H_chr1", ">H_MT", ">M_chr1", ">M_MT"]
    assert 'gene_id "H_G1"; transcript_id "H_T1"; gene_name "H_TP53";' in gtf
    assert all(line.startswith(("H_", "M_")) for line in gtf.splitlines())
    assert genes.columns.tolist() == ["gene_id", "symbol", "species", "mitochondrial", "biotype"]
    assert genes["gene_id"].tolist() == ["H_G1", "H_G2", "H_G3", "M_G1", "M_G2", "M_G3"]
    assert genes["symbol"].tolist() == ["TP53", "MTOR", "G3"] * 2
    assert genes["species"].tolist() == ["graft"] * 3 + ["host"] * 3


def test_mitochondrial_genes_are_told_by_contig_or_symbol_but_mtor_is_none(tmp_path, joined):
    """MT-CO1 on an odd contig counts, MTOR on a chromosome doesn't, a nameless gene on MT does."""
    gtf = GTF + 'chr1\tx\texon\t1\t5\t.\t+\t.\tgene_id "G4"; transcript_id "T4"; gene_name "mt-Co1";\n'
    _, _, genes = joined(
        {"graft": "H_"}, graft_fasta=write(tmp_path / "h.fa", FASTA), graft_gtf=write(tmp_path / "h.gtf", gtf)
    )
    assert genes.set_index("symbol")["mitochondrial"].to_dict() == {"TP53": 0, "MTOR": 0, "G3": 1, "mt-Co1": 1}
    assert set(genes["species"]) == {"graft"}


def test_ensembl_versions_are_dropped_so_that_both_counters_name_genes_alike(tmp_path, joined):
    """kb-python would make G1.4 of gene_id G1 and gene_version 4; STAR G1."""
    _, gtf, _ = joined(
        {"graft": "H_"}, graft_fasta=write(tmp_path / "h.fa", FASTA), graft_gtf=write(tmp_path / "h.gtf", GTF)
    )
    assert "_version" not in gtf


def test_a_joined_pair_passes_through(tmp_path, joined):
    """What is prefixed already stays as it is; species come from the prefixes."""
    fasta = ">H_1\nACGTACGT\n>M_1\nACGTACGT\n"
    gtf = "".join(
        f'{p}_1\tx\texon\t1\t8\t.\t+\t.\tgene_id "{p}_G"; transcript_id "T{p}"; gene_name "{p}_NAME";\n'
        for p in ("H", "M")
    )
    out_fasta, out_gtf, genes = joined(
        {"graft": "H_", "host": "M_"},
        joined_fasta=write(tmp_path / "j.fa.gz", fasta),
        joined_gtf=write(tmp_path / "j.gtf.gz", gtf),
    )
    assert (out_fasta, out_gtf) == (fasta, gtf)
    assert genes[["gene_id", "symbol", "species"]].values.tolist() == [
        ["H_G", "NAME", "graft"],
        ["M_G", "NAME", "host"],
    ]


def typed(gene, kind, attribute="gene_type", feature="exon"):
    """Return a line of a gene of a biotype, or of none."""
    tag = f' {attribute} "{kind}";' if kind else ""
    return f'chr1\tx\t{feature}\t1\t9\t.\t+\t.\tgene_id "{gene}"; transcript_id "T{gene}";{tag} gene_name "{gene}";\n'


TYPED = "".join([
    typed("CODING", "protein_coding", feature="gene"),
    typed("CODING", "protein_coding"),
    typed("PSEUDO", "processed_pseudogene", feature="gene"),
    typed("PSEUDO", "processed_pseudogene"),
    typed("ENSEMBL", "lncRNA", "gene_biotype"),
    typed("SMALL", "snRNA", "gene_biotype"),
    typed("UNTYPED", None),
    typed("NCBI", "tRNA", "gene_biotype", feature="gene"),
    typed("NCBI", None),
])  # fmt: skip
NAMES = ["CODING", "PSEUDO", "ENSEMBL", "SMALL", "UNTYPED", "NCBI"]


@pytest.mark.parametrize(
    ("biotypes", "kept"),
    [
        (["protein_coding", "lncRNA"], ["CODING", "ENSEMBL", "UNTYPED"]),
        (["snRNA"], ["SMALL", "UNTYPED"]),
        (None, NAMES),
    ],
)
def test_genes_of_other_biotypes_are_left_out(tmp_path, joined, caplog, biotypes, kept):
    """By GENCODE's attribute or Ensembl's, on every line or, as NCBI does, on the gene's; a gene without one is kept;
    the log says how many weren't.
    """
    files = {"graft_fasta": write(tmp_path / "h.fa", FASTA), "graft_gtf": write(tmp_path / "h.gtf", TYPED)}
    with caplog.at_level(logging.INFO, "persister-regulons"):
        _, gtf, genes = joined({"graft": "H_"}, biotypes, **files)
    assert genes["symbol"].tolist() == kept
    assert {name for name in NAMES if f'"H_{name}"' in gtf} == set(kept)
    assert f"{len(kept)} genes, {len(NAMES) - len(kept)} of other biotypes left out" in caplog.text


@pytest.mark.parametrize("kept", [None, ["protein_coding", "lncRNA", "tRNA", "snRNA", "processed_pseudogene"]])
def test_the_table_of_genes_tells_biotypes(tmp_path, joined, kept):
    """Whichever attribute tells it, on whichever line; empty where none does. Prefixes don't hide it."""
    files = {"graft_fasta": write(tmp_path / "h.fa", FASTA), "graft_gtf": write(tmp_path / "h.gtf", TYPED)}
    found = joined({"graft": "H_"}, kept, **files)[2].set_index("symbol")["biotype"].fillna("")
    assert found.to_dict() == {
        "CODING": "protein_coding", "PSEUDO": "processed_pseudogene", "ENSEMBL": "lncRNA", "SMALL": "snRNA",
        "UNTYPED": "", "NCBI": "tRNA",
    }  # fmt: skip


def test_an_annotation_without_a_gene_to_keep_is_said(tmp_path, joined):
    """Biotypes of another spelling."""
    files = {"graft_fasta": write(tmp_path / "h.fa", FASTA), "graft_gtf": write(tmp_path / "h.gtf", typed("A", "mRNA"))}
    with pytest.raises(
        UserError, match=r"h\.gtf: none of its 1 genes has a biotype that is kept; correct references/bio"
    ):
        joined({"graft": "H_"}, ["protein_coding"], **files)


def test_a_joined_pair_keeps_genes_of_all_biotypes(tmp_path, joined):
    """Whoever joined it chose the genes."""
    files = {
        "joined_fasta": write(tmp_path / "j.fa", FASTA.replace(">", ">H_")),
        "joined_gtf": write(tmp_path / "j.gtf", typed("H_A", "mRNA").replace("chr1", "H_chr1")),
    }
    assert joined({"graft": "H_"}, ["protein_coding"], **files)[2]["symbol"].tolist() == ["A"]


def test_a_joined_contig_without_prefix_is_said(tmp_path, joined):
    """Its reads would be of no species, which the audit of STAR's alignments can't tell."""
    gtf = typed("H_A", None).replace("chr1", "H_chr1")
    files = {
        "joined_fasta": write(tmp_path / "j.fa", FASTA.replace(">chr1", ">H_chr1") + ">phiX\nACGT\n"),
        "joined_gtf": write(tmp_path / "j.gtf", gtf),
    }
    with pytest.raises(UserError, match=r"j\.fa: 2 contigs start with neither H_ \(e\.g\. MT, phiX\); prefix every"):
        joined({"graft": "H_"}, **files)


def test_padded_prefixes_of_10x_are_taken_off_whole(tmp_path, joined):
    """mm10___mt-Nd1 is mitochondrial, and called as the databases call it."""
    names = {"gene_id": "mm10___E1", "gene_name": "mm10___mt-Nd1"}, {"gene_id": "mm10___E2", "gene_name": "mm10___Actb"}
    lines = [
        f'mm10___{contig}\tx\texon\t1\t9\t.\t+\t.\ttranscript_id "T{contig}"; '
        + "".join(f'{key} "{value}"; ' for key, value in of_gene.items())
        + "\n"
        for contig, of_gene in zip(("chr1", "MT"), names[::-1], strict=True)
    ]
    _, _, genes = joined(
        {"graft": "mm10_"},
        joined_fasta=write(tmp_path / "j.fa", FASTA.replace(">", ">mm10___")),
        joined_gtf=write(tmp_path / "j.gtf", "".join(lines)),
    )
    assert genes[["symbol", "mitochondrial"]].to_numpy().tolist() == [["Actb", 0], ["mt-Nd1", 1]]


def exon(contig="chr1", start="1", end="10", attributes='gene_id "G"; transcript_id "T";'):
    """Return one exon line."""
    return f"{contig}\tx\texon\t{start}\t{end}\t.\t+\t.\t{attributes}\n"


MISTAKES = {
    "contig twice": (FASTA + ">MT\nAC\n", GTF, "line 6: contig MT occurs twice"),
    "not FASTA": ("chr1\nACGT\n", GTF, "line 1: not FASTA"),
    "empty FASTA": ("", GTF, "the file has no sequence"),
    "contig without sequence": (">chr1\n>MT\nAC\n", GTF, "contig chr1 has no sequence"),
    "contig without name": (">\nAC\n", GTF, "line 1: a contig without a name"),
    "eight columns": (FASTA, "chr1\tx\texon\t1\t2\t.\t+\tG\n", "line 1: 8 tab-separated columns"),
    "GFF3": (FASTA, exon(attributes="ID=exon1;Parent=T1"), "this is GFF3"),
    "no gene_id": (FASTA, exon(attributes='transcript_id "T";'), "exon without gene_id"),
    "no transcript_id": (FASTA, exon(attributes='gene_id "G";'), "exon without transcript_id"),
    "no exon": (FASTA, GTF.replace("\texon\t", "\tCDS\t"), "no exon lines"),
    "empty GTF": (FASTA, "", "no exon lines"),
    "contig not in FASTA": (
        FASTA,
        exon() + exon("1") + exon("2"),
        "2 exons lie on 2 contigs that the FASTA lacks (1, 2; the FASTA has chr1, MT",
    ),
    "exon beyond the contig": (FASTA, exon(end="21"), "exon ends at 21, but contig chr1 has 20 bp"),
    "exon backwards": (FASTA, exon(start="9", end="3"), "exon from 9 to 3 is not an interval"),
    "exon from zero": (FASTA, exon(start="0"), "exon from 0 to 10 is not an interval"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_one_message(tmp_path, joined, name):
    """The message names the file, the place, and the mistake."""
    fasta, gtf, message = MISTAKES[name]
    with pytest.raises(UserError) as error:
        joined({"graft": "H_"}, graft_fasta=write(tmp_path / "h.fa", fasta), graft_gtf=write(tmp_path / "h.gtf", gtf))
    assert message in str(error.value)
    assert str(tmp_path) in str(error.value)


def test_a_truncated_gzip_file_is_said(tmp_path, joined):
    """A download cut short is named, with the remedy."""
    path = tmp_path / "h.fa.gz"
    path.write_bytes(gzip.compress(FASTA.encode() + b"ACGT\n" * 100)[:-10])
    with pytest.raises(UserError, match=r"h\.fa\.gz: can't be read .*fetch the file again"):
        joined({"graft": "H_"}, graft_fasta=path, graft_gtf=write(tmp_path / "h.gtf", GTF))


def test_a_joined_gene_without_prefix_is_said(tmp_path, joined):
    """The prefixes of the config must be those of the joined pair."""
    with pytest.raises(UserError, match="gene G starts with neither H_ or M_"):
        joined(
            {"graft": "H_", "host": "M_"},
            joined_fasta=write(tmp_path / "j.fa", FASTA),
            joined_gtf=write(tmp_path / "j.gtf", exon()),
        )


def test_a_species_without_genes_is_said(tmp_path, joined):
    """A host prefix that no gene has would let every host read vanish unseen."""
    with pytest.raises(UserError, match="no gene of the host"):
        joined(
            {"graft": "H_", "host": "M_"},
            joined_fasta=write(tmp_path / "j.fa", FASTA),
            joined_gtf=write(tmp_path / "j.gtf", exon(attributes='gene_id "H_G"; transcript_id "T";')),
        )


def test_the_longer_prefix_wins():
    """One prefix may begin another."""
    prefixes = {"graft": "GRC", "host": "GRCm39_"}
    assert join_genomes.species_of("GRCm39_Actb", prefixes) == "host"
    assert join_genomes.species_of("GRCACTB", prefixes) == "graft"
    assert join_genomes.species_of("ACTB", prefixes) is None


def test_names_on_the_lines_of_genes_alone_are_kept(tmp_path, joined):
    """Before or after the exons; a gene named nowhere goes by its id."""
    lines = [
        'chr1\tx\tgene\t1\t20\t.\t+\t.\tgene_id "G1"; gene_name "FOSL1";\n',
        'chr1\tx\texon\t1\t15\t.\t+\t.\tgene_id "G1"; transcript_id "T1";\n',
        'chr1\tx\texon\t2\t20\t.\t-\t.\tgene_id "G2"; transcript_id "T2";\n',
        'chr1\tx\tgene\t2\t20\t.\t-\t.\tgene_id "G2"; gene_name "JUNB";\n',
        'MT\tx\texon\t1\t12\t.\t+\t.\tgene_id "G3"; transcript_id "T3";\n',
    ]
    given = {"graft_fasta": write(tmp_path / "h.fa", FASTA), "graft_gtf": write(tmp_path / "h.gtf", "".join(lines))}
    _, _, genes = joined({"graft": "H_"}, **given)
    assert genes["symbol"].tolist() == ["FOSL1", "JUNB", "G3"]


def test_a_transcript_of_several_genes_is_refused_before_anything_is_indexed(tmp_path, joined):
    """NCBI's unassigned transcripts: kb ref fails on them, with exit code 0."""
    gtf = GTF.replace('"T2"', '"unassigned"').replace('"T1"', '"unassigned"')
    given = {"graft_fasta": write(tmp_path / "h.fa", FASTA), "graft_gtf": write(tmp_path / "h.gtf", gtf)}
    with pytest.raises(UserError, match=r"h.gtf, line 4: transcript unassigned is of genes G1 and G2"):
        joined({"graft": "H_"}, **given)
