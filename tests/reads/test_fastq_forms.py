"""Every form of FASTQ that the table of formats names: read equally by all readers, or refused for what it is."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from docs_table import lines_of

from scripts.base.job import UserError
from scripts.reads import check_reads, detect_chemistry
from scripts.reads.fastq import batches, records
from scripts.references.barcodes import distinct, pack

RNG = random.Random(7)


def bases(number):
    """Return random bases."""
    return "".join(RNG.choices("ACGT", k=number))


LISTED = [bases(16) for _ in range(100)]
WHITELISTS = {"v3": distinct(pack(np.array(LISTED, dtype="S16"))[0])}
ONE = [LISTED[i % 100] + bases(12) for i in range(300)]
TWO = [bases(90) for _ in range(300)]


def fastq(sequences, end="\n", name="r{}"):
    """Return FASTQ text."""
    return "".join(f"@{name.format(i)}{end}{s}{end}+{end}{'F' * len(s)}{end}" for i, s in enumerate(sequences))


def wrapped(sequences):
    """Return FASTQ whose sequences and qualities take two lines."""
    return "".join(
        f"@r{i}\n{s[:20]}\n{s[20:]}\n+\n{'F' * 20}\n{'F' * (len(s) - 20)}\n" for i, s in enumerate(sequences)
    )


def zipped(text):
    """Return gzip bytes."""
    return gzip.compress(text.encode(), mtime=0)


LOWER = [s.lower() for s in TWO]
FORMS = {
    "plain text": (fastq(TWO).encode(), ""),
    "gzip": (zipped(fastq(TWO)), ""),
    "gzip of several members": (zipped(fastq(TWO[:0])) + zipped(fastq(TWO)), ""),
    "zero bytes behind the gzip stream": (zipped(fastq(TWO)) + bytes(512), ""),
    "lower-case bases": (zipped(fastq(LOWER)), ""),
    "the name again behind +": (zipped(fastq(TWO).replace("\n+\n", "\n+r\n")), ""),
    "Windows line ends": (zipped(fastq(TWO, "\r\n")), "record 1: lines end in Windows format"),
    "no end of the last line": (zipped(fastq(TWO)[:-1]), "record 300: the last line has no line feed"),
    "wrapped lines": (zipped(wrapped(TWO)), "record 1: not a FASTQ record of four lines .* wrapped"),
    "names that aren't ASCII": (zipped(fastq(TWO, name="µ{}")), "record 1: a letter that isn't ASCII"),
    "a read without bases": (zipped(fastq([*TWO[:9], "", *TWO[10:]])), "record 10: a read without bases"),
    "an empty line at the end": (zipped(fastq(TWO) + "\n"), "record 301: not a FASTQ record"),
    "garbage behind the gzip stream": (zipped(fastq(TWO)) + b"garbage", "the gzip stream is damaged"),
    "a cut gzip stream": (zipped(fastq(TWO))[:-100], "truncated"),
}
"""A form, the file of read 2, and what is said of it; nothing: it is read, with the right value."""


def sequali(path, folder):
    """Return whether Sequali makes its measures of a file."""
    command = [Path(sys.executable).with_name("sequali"), "--threads", "1", "--outdir", folder, path]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_read_alike_or_refused_by_all(tmp_path, form):
    """The check of lanes, preflight's look at the first reads and the chemistry say the same; what passes, Sequali
    reads.
    """
    content, message = FORMS[form]
    one, two = tmp_path / "1.fq.gz", tmp_path / ("2.fq" if form == "plain text" else "2.fq.gz")
    one.write_bytes(zipped(fastq(ONE, name="µ{}" if "ASCII" in form else "r{}")))
    if "ASCII" in form:  # of the first mate that has it
        message = r"1\.fq\.gz, " + message
    two.write_bytes(content)
    asked = (
        lambda: check_reads.check_pair(str(one), str(two)),
        lambda: check_reads.check_pair(str(one), str(two), most=10_000),
        lambda: detect_chemistry.detect_lane(str(one), str(two), WHITELISTS, 10_000, 0.5),
    )
    for ask in asked:
        if message:
            with pytest.raises(UserError, match=message):
                ask()
        else:
            found = ask()
            assert found.get("pairs", found.get("pairs_examined")) == 300
            assert found["read2_length"] == {"min": 90, "max": 90, "mode": 90}
    if not message:
        assert sequali(two, tmp_path / "out")


def test_lower_case_barcodes_are_on_their_list(tmp_path):
    """0.0 % of them were."""
    one, two = tmp_path / "1.fq.gz", tmp_path / "2.fq.gz"
    one.write_bytes(zipped(fastq([s.lower() for s in ONE])))
    two.write_bytes(zipped(fastq(TWO)))
    assert detect_chemistry.detect_lane(str(one), str(two), WHITELISTS, 1000, 0.5)["whitelist_overlap"]["v3"] == 1.0
    one.write_bytes(zipped(fastq(["n" * 28] * 300)))
    with pytest.raises(UserError, match="all 300 barcodes are N"):
        check_reads.check_pair(str(one), str(two))


def test_batches_join_to_the_file(tmp_path, monkeypatch):
    """Whatever their size; the first reads are the file's first."""
    monkeypatch.setattr("scripts.reads.fastq.BATCH", 7)
    path = tmp_path / "1.fq.gz"
    path.write_bytes(zipped(fastq(ONE)))
    assert [len(batch.names) for batch in batches(str(path))] == [7] * 42 + [6]
    assert [sequence for _, sequence in records(str(path))] == ONE
    assert [name for name, _ in records(str(path), 10)] == [f"r{i}" for i in range(10)]
    two = tmp_path / "2.fq.gz"
    two.write_bytes(zipped(fastq(TWO[:100])))
    with pytest.raises(UserError, match=r"2\.fq\.gz has 100 reads, .*1\.fq\.gz has 300"):
        check_reads.check_pair(str(path), str(two))


def test_a_few_short_read_1_among_the_first_refuse_no_lane(tmp_path):
    """One did. Beyond the share they do."""
    two = tmp_path / "2.fq.gz"
    two.write_bytes(zipped(fastq(TWO)))
    one = tmp_path / "1.fq.gz"
    one.write_bytes(zipped(fastq([ONE[0][:20], *ONE[1:]])))
    assert detect_chemistry.detect_lane(str(one), str(two), WHITELISTS, 1000, 0.5)["chemistry"] == "v3"
    assert check_reads.check_pair(str(one), str(two))["read1_shorter"] == {"20": 1}
    one.write_bytes(zipped(fastq([s[:20] for s in ONE[:16]] + ONE[16:])))
    with pytest.raises(UserError, match="16 of the first 300 reads are shorter than the 28 bp"):
        detect_chemistry.detect_lane(str(one), str(two), WHITELISTS, 1000, 0.5)


def test_the_page_has_a_line_for_every_form():
    """With the same answer; and every line has a form, or a test of both counters (tests/counts)."""
    page, held = lines_of("Reads: files"), {"some read 1 too short for barcode and UMI"}
    for form, (_, message) in FORMS.items():
        (line,) = [line for line in page if form.replace("+", "`+`") in line.split(", ")]
        assert page[line] is (not message), form
        held.add(line)
    assert held == set(page)
