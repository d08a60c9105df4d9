"""Index parameters, the D-list against reads without insert, and the whitelists."""

from __future__ import annotations

import gzip
import random
import subprocess

import numpy as np
import pytest

from scripts.base.job import UserError
from scripts.counts.count_kb import find_tool
from scripts.references import index_kb, index_star, provide_whitelist
from scripts.references.barcodes import unpack
from scripts.references.chemistries import CHEMISTRIES


def test_star_parameters_follow_the_genome():
    """Two mammals: full seeds, thinned suffix array. A small genome: shorter seeds. Many contigs: smaller bins."""
    mammals = index_star.index_parameters([3_100_000_000, 2_700_000_000], 100)
    assert mammals == {"genomeSAindexNbases": 14, "genomeChrBinNbits": 18, "genomeSAsparseD": 3, "sjdbOverhang": 100}
    small = index_star.index_parameters([400_000], 100)
    assert small["genomeSAindexNbases"] == 8 and small["genomeSAsparseD"] == 1
    assert index_star.index_parameters([1_000] * 500_000, 100)["genomeChrBinNbits"] == 9


def test_contig_lengths_are_read_from_a_plain_fasta(tmp_path):
    """Line ends aren't bases."""
    (tmp_path / "g.fa").write_text(">a\nACGT\nAC\n>b\nA\n")
    assert index_star.contig_lengths(str(tmp_path / "g.fa")) == [6, 1]


def test_kb_ref_is_told_its_d_list(tmp_path):
    """kb-python's default (the genome) is said explicitly, beside the artefact reads."""
    command = [str(word) for word in index_kb.kb_ref_command("g.fa", "a.gtf", "i", "t2g", 2, tmp_path)]
    assert command[command.index("--d-list") + 1] == f"g.fa,{tmp_path / 'artefacts.fa'}"


def test_reads_without_insert_are_counted_nowhere(tmp_path):
    """A template-switch oligo that runs into the poly-A tail hits a transcript with ATGGG A26 by one 31-mer, unless the
    D-list knows it.
    """
    rng = random.Random(1)
    bases = lambda n: "".join(rng.choice("ACGT") for _ in range(n))  # noqa: E731
    transcript = bases(300) + "CATGGG" + "A" * 26 + "C" + bases(300)
    (tmp_path / "t.fa").write_text(f">t\n{transcript}\n")
    (tmp_path / "artefacts.fa").write_text(index_kb.artefact_fasta())
    empty = "CATATG" + index_kb.TEMPLATE_SWITCH_OLIGO[6:] + "A" * 60
    reads = [empty, transcript[100:190]]
    (tmp_path / "r1.fq").write_text("".join(f"@r{i}\n{'ACGT' * 7}\n+\n{'F' * 28}\n" for i in range(2)))
    (tmp_path / "r2.fq").write_text("".join(f"@r{i}\n{s[:90]}\n+\n{'F' * 90}\n" for i, s in enumerate(reads)))
    kallisto, mapped = find_tool("kallisto"), {}
    for name, d_list in {"plain": [], "d_list": ["-d", tmp_path / "artefacts.fa"]}.items():
        index = tmp_path / f"{name}.idx"
        subprocess.run(
            [kallisto, "index", "-i", index, "-T", tmp_path / "tmp", *d_list, tmp_path / "t.fa"],
            check=True,
            capture_output=True,
        )
        command = [
            kallisto,
            "bus",
            "-x",
            "10XV3",
            "-i",
            index,
            "-o",
            tmp_path / name,
            tmp_path / "r1.fq",
            tmp_path / "r2.fq",
        ]
        subprocess.run(command, check=True, capture_output=True)
        mapped[name] = '"n_pseudoaligned": 2' in (tmp_path / name / "run_info.json").read_text()
        assert mapped[name] or '"n_pseudoaligned": 1' in (tmp_path / name / "run_info.json").read_text()
    assert mapped == {"plain": True, "d_list": False}


def test_the_whitelist_is_copied_and_packed(tmp_path, make_job):
    """The packed numbers are the text's barcodes, sorted (v2: 737,280)."""
    output = {"text": tmp_path / "v2.txt.gz", "packed": tmp_path / "v2.npy"}
    provide_whitelist.main(make_job(output=output, wildcards={"chemistry": "v2"}))
    text = gzip.decompress(output["text"].read_bytes()).split()
    packed = np.load(output["packed"])
    assert len(packed) == len(text) == 737_280
    assert packed.dtype == np.uint32 and (packed[1:] > packed[:-1]).all()
    assert unpack(packed[:1000]).tolist() == sorted(text)[:1000]


def test_every_chemistry_has_its_whitelist():
    """ngs_tools ships what the pipeline names."""
    assert all(provide_whitelist.whitelist_path(name).stat().st_size > 1_000_000 for name in CHEMISTRIES)


@pytest.mark.parametrize("text", [b"", b"ACGT\n", b"ACGTACGTACGTACGT\nACGTACGTACGTACGTA\n", b"ACGTACGTACGTACGN\n"])
def test_what_is_no_whitelist_is_refused(text):
    """Barcodes of another length, with N, or none at all."""
    with pytest.raises(UserError, match="not a whitelist of 16-base barcodes"):
        provide_whitelist.pack_whitelist(text, "w.txt")
