"""Each way in which a lane's files can be wrong, and what is said of a sound lane."""

from __future__ import annotations

import gzip
import json

import pytest

from scripts.base.job import UserError
from scripts.reads import check_reads

READ1 = [f"{'ACGTACGTACGTACGT'}{i:012b}".replace("0", "A").replace("1", "C") for i in range(200)]
READ2 = ["ACGGT" * 18] * 200


def fastq(sequences, name="r{}", comment=""):
    """Return FASTQ text."""
    return "".join(f"@{name.format(i)}{comment}\n{s}\n+\n{'F' * len(s)}\n" for i, s in enumerate(sequences))


def write(path, content):
    """Write bytes, or text compressed if the name says so; return the path as str."""
    if isinstance(content, str):
        content = gzip.compress(content.encode(), mtime=0) if path.suffix == ".gz" else content.encode()
    path.write_bytes(content)
    return str(path)


def zipped(text):
    """Return gzip bytes."""
    return gzip.compress(text.encode(), mtime=0)


def test_a_sound_lane_is_described(tmp_path):
    """Pairs, lengths and unreadable barcodes."""
    first = [*READ1[:-2], "N" * 28, READ1[0][:27]]
    seen = check_reads.check_pair(write(tmp_path / "1.fq.gz", fastq(first)), write(tmp_path / "2.fq.gz", fastq(READ2)))
    assert seen == {
        "pairs": 200,
        "read1_length": {"min": 27, "max": 28, "mode": 28},
        "read2_length": {"min": 90, "max": 90, "mode": 90},
        "read1_shorter": {"27": 1},
        "unreadable_barcodes": 1,
    }


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (fastq(READ1, "r{}/1"), fastq(READ2, "r{}/2")),
        (fastq(READ1, comment=" 1:N:0:ACGT"), fastq(READ2, comment=" 2:N:0:ACGT")),
        (fastq(READ1, "r{}/1", " x"), fastq(READ2, "r{}/2", " y")),
        (fastq(READ1, "SRR1.{}.1", " {} length=28"), fastq(READ2, "SRR1.{}.2", " {} length=90")),
    ],
)
def test_names_may_differ_in_mate_number_and_comment(tmp_path, one, two):
    """Old and new Illumina names, and those that fastq-dump numbers by mate."""
    assert check_reads.check_pair(write(tmp_path / "1.fq.gz", one), write(tmp_path / "2.fq.gz", two))["pairs"] == 200


@pytest.mark.parametrize(
    ("first", "second"),
    [("SRR1.1", "SRR1.2"), ("SRR1.7.2", "SRR1.7.1"), ("SRR1.7.1", "SRR1.8.2"), ("a/1", "b/2"), ("a.b/1", "a.b.2")],
)
def test_names_of_other_reads_are_not_of_one_fragment(first, second):
    """The number behind the dot may be the read's, not the mate's."""
    assert not check_reads.same_fragment(first, second)


def test_plain_text_and_joined_gzip_members_are_fine(tmp_path):
    """bgzip and `cat a.gz b.gz` make files of several members."""
    half = fastq(READ1[:100]), "".join(f"@r{i}\n{s}\n+\n{'F' * 28}\n" for i, s in enumerate(READ1[100:], 100))
    one = write(tmp_path / "1.fq.gz", zipped(half[0]) + zipped(half[1]))
    assert check_reads.check_pair(one, write(tmp_path / "2.fastq", fastq(READ2)))["pairs"] == 200


GOOD1, GOOD2 = fastq(READ1), fastq(READ2)
LINES = GOOD1.splitlines(keepends=True)
DAMAGED = bytearray(zipped(GOOD1))
DAMAGED[-6] ^= 0xFF
MISTAKES = {
    "empty": (b"", GOOD2, "the file is empty"),
    "no read": ("", GOOD2, "no read in the file"),
    "truncated": (zipped(GOOD1)[:-200], GOOD2, "truncated, the gzip stream ends early"),
    "damaged": (bytes(DAMAGED), GOOD2, "the gzip stream is damaged (CRC"),
    "garbage after the end": (zipped(GOOD1) + b"garbage!", GOOD2, "the gzip stream is damaged (Not a gzipped file"),
    "not gzip": (GOOD1.encode(), GOOD2, "not gzip although it is named .gz"),
    "three lines in the last record": ("".join(LINES[:-1]), GOOD2, "record 200: not a FASTQ record of four lines"),
    "two lines in the last record": ("".join(LINES[:-2]), GOOD2, "record 200: not a FASTQ record of four lines"),
    "a line lost within": ("".join(LINES[:42] + LINES[43:]), GOOD2, "record 11: not a FASTQ record of four lines"),
    "a name lost": ("".join(LINES[:40] + LINES[41:]), GOOD2, "record 11: not a FASTQ record of four lines"),
    "short qualities": (GOOD1.replace("F" * 28, "F" * 20, 1), GOOD2, "record 1: not a FASTQ record of four lines"),
    "FASTA": (">r0\nACGT\n", GOOD2, "record 1: not a FASTQ record of four lines"),
    "fewer reads 1": ("".join(LINES[:400]), GOOD2, "1.fq.gz has 100 reads, "),
    "fewer reads 2": (GOOD1, fastq(READ2[:150]), "2.fq.gz has 150 reads, "),
    "other names": (GOOD1, fastq(READ2, "q{}"), "record 1: names differ (r0 and q0)"),
    "both are mate 1": (fastq(READ1, "r{}/1"), fastq(READ2, "q{}/1"), "record 1: names differ"),
    "letters that are no bases": (
        GOOD1,
        GOOD2.replace("ACGGT", "ACXGT", 1),
        "record 1: 'X' in the sequence is not a base",
    ),
    "index read as mate": (fastq(["ACGTACGT"] * 200), GOOD2, "reads of 8 bp are index reads"),
    "all barcodes masked": (fastq(["N" * 28] * 200), GOOD2, "all 200 barcodes are N"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_each_mistake_has_one_message(tmp_path, make_job, name):
    """The message names sample, unit and file."""
    one, two, message = MISTAKES[name]
    given = {"fq1": write(tmp_path / "1.fq.gz", one), "fq2": write(tmp_path / "2.fq.gz", two)}
    job = make_job(input=given, output={"_": [tmp_path / "c.json"]}, wildcards={"sample": "S", "unit": "L001"})
    with pytest.raises(UserError) as error:
        check_reads.main(job)
    text = str(error.value)
    assert text.startswith("sample S, unit L001: ") and message in text and str(tmp_path) in text
    assert not (tmp_path / "c.json").exists()


def test_a_longer_mate_is_counted_to_its_end(tmp_path):
    """Both numbers are said, whichever file is short."""
    short, long = write(tmp_path / "1.fq.gz", fastq(READ1[:7])), write(tmp_path / "2.fq.gz", GOOD2)
    with pytest.raises(UserError, match=r"has 7 reads, .* has 200;"):
        check_reads.check_pair(short, long)
    with pytest.raises(UserError, match=r"has 7 reads, .* has 200;"):
        check_reads.check_pair(long, short)


def test_a_missing_file_is_said(tmp_path):
    """With the sheet to mend."""
    with pytest.raises(UserError, match="no such file; correct its path in the units sheet"):
        check_reads.check_pair(str(tmp_path / "none.fq.gz"), write(tmp_path / "2.fq.gz", GOOD2))


def test_the_report_is_json(tmp_path, make_job):
    """Sample and unit next to what was seen."""
    given = {"fq1": write(tmp_path / "1.fq.gz", GOOD1), "fq2": write(tmp_path / "2.fq.gz", GOOD2)}
    check_reads.main(
        make_job(input=given, output={"_": [tmp_path / "c.json"]}, wildcards={"sample": "S", "unit": "L001"})
    )
    report = json.loads((tmp_path / "c.json").read_text())
    assert (report["sample"], report["unit"], report["pairs"]) == ("S", "L001", 200)


def test_the_most_frequent_length_is_the_shorter_of_a_tie():
    """So that the report doesn't depend on the order of reads."""
    assert check_reads.describe_lengths({90: 5, 28: 5, 30: 1}) == {"min": 28, "max": 90, "mode": 28}
