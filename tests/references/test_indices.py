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
from scripts.study.resources import find_own_tools


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
    """kb-python's default (the genome) is said explicitly, next to the artefact reads."""
    command = [str(word) for word in index_kb.kb_ref_command("g.fa", "a.gtf", "i", "t2g", 2, tmp_path)]
    assert command[command.index("--d-list") + 1] == f"g.fa,{tmp_path / 'artefacts.fa'}"
    assert command[command.index("--workflow") + 1] == "standard"


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
    brought = [name for name, chemistry in CHEMISTRIES.items() if chemistry.whitelist]
    assert {*CHEMISTRIES} - {*brought} == {"5p_v3"}
    assert all(provide_whitelist.whitelist_path(name).stat().st_size > 1_000_000 for name in brought)


@pytest.mark.parametrize("packed", [False, True])
def test_the_list_of_gem_x_5_prime_is_the_user_s(tmp_path, make_job, packed):
    """Plain or gzip, named in the config; without it the message says where it is to be had."""
    text = b"".join(b"ACGTACGTACGTACG" + base + b"\n" for base in (b"A", b"C", b"G"))
    own = tmp_path / "list.txt"
    own.write_bytes(gzip.compress(text) if packed else text)
    output = {"text": tmp_path / "5p_v3.txt.gz", "packed": tmp_path / "5p_v3.npy"}
    job = make_job(output=output, wildcards={"chemistry": "5p_v3"}, params={"own": str(own)})
    provide_whitelist.main(job)
    assert len(np.load(output["packed"])) == 3 and gzip.decompress(output["text"].read_bytes()) == text
    for path in (None, str(tmp_path / "none.txt")):
        with pytest.raises(UserError, match=r"reads/whitelist_5p_v3: .*3M-5pgex-jan-2023.txt.gz"):
            provide_whitelist.main(make_job(output=output, wildcards={"chemistry": "5p_v3"}, params={"own": path}))


@pytest.mark.parametrize("text", [b"", b"ACGT\n", b"ACGTACGTACGTACGT\nACGTACGTACGTACGTA\n", b"ACGTACGTACGTACGN\n"])
def test_what_is_no_whitelist_is_refused(text):
    """Barcodes of another length, with N, or none at all."""
    with pytest.raises(UserError, match="not a whitelist of 16-base barcodes"):
        provide_whitelist.pack_whitelist(text, "w.txt")


@pytest.mark.parametrize("introns", [False, True])
def test_an_index_that_kb_ref_did_not_make_is_an_error(tmp_path, make_job, introns):
    """kb ref exits with 0 when kallisto is killed (here: for its memory); the advice is reached."""
    find_own_tools()
    (tmp_path / "g.fa").write_text(">c\n" + "ACGTTGCAAC" * 100 + "\n")
    (tmp_path / "g.gtf").write_text('c\tx\texon\t1\t500\t.\t+\t.\tgene_id "G"; transcript_id "T";\n')
    job = make_job(
        input={"fasta": tmp_path / "g.fa", "gtf": tmp_path / "g.gtf"},
        output={"index": tmp_path / "i.idx", "t2g": tmp_path / "t2g.txt"},
        params={"introns": introns},
    )
    # kallisto alone is short of memory: kb needs more than it for its own start.
    broken = tmp_path / "kallisto"
    broken.write_text("#!/bin/sh\nkill -9 $$\n")
    broken.chmod(0o755)
    command = index_kb.kb_ref_command

    def with_broken_kallisto(*args, **more):
        return [*command(*args, **more), "--kallisto", broken]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_kb, "kb_ref_command", with_broken_kallisto)
        with pytest.raises(UserError, match=r"kb .*give rule test more mem_mb in the profile"):
            index_kb.main(job)
    assert not (tmp_path / "i.idx").exists()
