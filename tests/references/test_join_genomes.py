"""Joining two genomes: names, checks, and one message for each mistake."""

from __future__ import annotations

import gzip

import pandas as pd
import pytest

from scripts.job import UserError
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

    def run(prefixes, **inputs):
        output = {"fasta": tmp_path / "genome.fa", "gtf": tmp_path / "annotation.gtf", "genes": tmp_path / "genes.tsv"}
        join_genomes.main(make_job(input=inputs, output=output, params={"prefixes": prefixes}))
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
    assert genes.columns.tolist() == ["gene_id", "symbol", "species", "mitochondrial"]
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


def exon(contig="chr1", start="1", end="10", attributes='gene_id "G"; transcript_id "T";'):
    """Return one exon line."""
    return f"{contig}\tx\texon\t{start}\t{end}\t.\t+\t.\t{attributes}\n"


MISTAKES = {
    "contig twice": (FASTA + ">MT\nAC\n", GTF, "line 6: contig MT occurs twice"),
    "not FASTA": ("chr1\nACGT\n", GTF, "line 1: not FASTA"),
    "empty FASTA": ("", GTF, "no sequence in it"),
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
        "2 exons lie on 2 contigs that the FASTA hasn't (1, 2; the FASTA has chr1, MT",
    ),
    "exon beyond the contig": (FASTA, exon(end="21"), "exon ends at 21, but contig chr1 has 20 bp"),
    "exon backwards": (FASTA, exon(start="9", end="3"), "exon from 9 to 3 isn't a span"),
    "exon from zero": (FASTA, exon(start="0"), "exon from 0 to 10 isn't a span"),
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
