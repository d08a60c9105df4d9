"""Peaks and promoters are read as callers write them, and refused in one line where they can't be right."""

import gzip

import numpy as np
import pandas as pd
import pytest

from scripts.base.job import UserError
from scripts.chromatin import peaks, promoters

STARTS = pd.DataFrame(
    {"gene": ["A", "A", "B", "C"], "chromosome": ["1", "1", "1", "2"], "position": [1000, 3000, 60_000, 500],
     "length": [5000.0, 5000.0, 1000.0, 100.0]}
)  # fmt: skip


@pytest.fixture
def write(tmp_path):
    def make(text: str, name: str = "p.bed"):
        path = tmp_path / name
        path.write_text(text) if not name.endswith("gz") else path.write_bytes(gzip.compress(text.encode()))
        return path

    return make


def test_narrow_peaks_with_track_lines_and_without_chr_are_the_same(write):
    line = "\t100\t300\tp1\t190\t.\t12.5\t22.7\t19.0\t150\n"
    a = peaks.read_peaks(write(f'track type=narrowPeak name="x"\n# made by a caller\nchr1{line}chrM{line}'))
    b = peaks.read_peaks(write(f"1{line}MT{line}", "q.narrowPeak.gz"))
    pd.testing.assert_frame_equal(a, b)
    assert a["chromosome"].tolist() == ["1", "MT"] and a["signal"].tolist() == [12.5, 12.5]


def test_a_header_equal_peaks_and_scores_of_a_bed(write):
    found = peaks.read_peaks(write("chrom\tstart\tend\nchr2\t5\t9\tx\t3\r\nchr2\t5\t9\ty\t7\r\nchr1\t0\t4\tz\t.\r\n"))
    assert found.to_numpy().tolist() == [["1", 0, 4, 1.0], ["2", 5, 9, 7.0]]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("chr1\t10\t20\nchr1\t30\t30\n", "line 2", "counts from 1"),
        ("chr1\t-1\t20\n", "line 1", "below 0"),
        ("chr1\t10.5\t20\n", "line 1", "'10.5' is not a whole number"),
        ("chr1 10 20\n", "line 1", "separate columns by tabs"),
        ("chr1\t10\t20\nstart\tend\tx\n", "line 2", "'end' is not a whole number"),
        ("\t10\t20\n", "line 1", "no chromosome name"),
        ("track name=x\n\n", "", "no peak in the file"),
        ("chr1\t1\t9\tp\t1\t.\tx\t2\t3\t4\n", "line 1, column 7", "not a signal"),
    ],
)
def test_what_is_no_interval_is_named_with_its_line(write, text, line, said):
    with pytest.raises(UserError, match=f"p.bed(, )?{line}.*{said}") as raised:
        peaks.read_peaks(write(text))
    assert "\n" not in str(raised.value)


def test_counts_are_means_of_replicates_and_each_interval_stands_once(write):
    found = peaks.read_counts(write("chr\tstart\tend\ta\tb\nchr1\t1\t9\t4\t6\nchr1\t20\t30\t0\t1\n"))
    # 4 and 7 reads: each replicate is scaled to 5.5.
    assert found["count"].tolist() == pytest.approx([(4 * 5.5 / 4 + 6 * 5.5 / 7) / 2, (0 + 5.5 / 7) / 2])
    with pytest.raises(UserError, match=r"line 2.*a value that is not a count"):
        peaks.read_counts(write("chr1\t1\t9\t4\nchr1\t20\t30\t-2\n"))
    with pytest.raises(UserError, match="line 2: 3 columns"):
        peaks.read_counts(write("chr1\t1\t9\t4\nchr1\t20\t30\n"))
    with pytest.raises(UserError, match="two lines"):
        peaks.read_counts(write("chr1\t1\t9\t4\nchr1\t1\t9\t4\n"))


def test_distances_are_those_counted_base_by_base():
    rng = np.random.default_rng(0)
    start = rng.integers(0, 900, 30)
    own = pd.DataFrame({"chromosome": "1", "start": start, "end": start + rng.integers(1, 60, 30), "signal": 1.0})
    at = pd.DataFrame({"gene": "g", "chromosome": "1", "position": np.arange(1000), "length": np.nan})
    covered = {base for row in own.itertuples() for base in range(row.start, row.end)}
    expected = [min(abs(base - position) for base in covered) for position in range(1000)]
    assert promoters.distances(at, own).tolist() == expected
    few = at.iloc[[100, 500]]
    brute = [min(abs(b - p) for b in range(r.start, r.end) for p in (100, 500)) for r in own.itertuples()]
    assert promoters.peak_distances(own, few).tolist() == brute
    other = own.assign(start=own["start"] + 40, end=own["end"] + 40).iloc[:8]
    theirs = {base for row in other.itertuples() for base in range(row.start, row.end)}
    shared = [any(base in theirs for base in range(row.start, row.end)) for row in own.itertuples()]
    assert peaks.overlaps(own, other).tolist() == shared and 0 < sum(shared) < 30


def test_a_gene_is_as_near_as_its_nearest_start():
    own = pd.DataFrame({"chromosome": ["1"], "start": [3100], "end": [3200], "signal": [1.0]})
    found = promoters.distance_by_gene(STARTS, own)
    assert found.to_dict() == {"A": 100.0, "B": 60_000 - 3199, "C": np.inf}


def test_an_annotation_and_a_table_give_the_same_starts(write):
    tag = 'gene_id "h_E1"; gene_name "h_A"; transcript_id "h_T1";'
    gtf = (
        f"h_chr1\tx\tgene\t101\t900\t.\t+\t.\t{tag}\nh_chr1\tx\ttranscript\t101\t900\t.\t+\t.\t{tag}\n"
        f"h_chr1\tx\texon\t101\t900\t.\t+\t.\t{tag}\nh_chr1\tx\ttranscript\t201\t900\t.\t+\t.\t{tag}\n"
        'h_chr1\tx\ttranscript\t2001\t2500\t.\t-\t.\tgene_id "h_E2"; gene_name "h_B"; transcript_id "h_T2";\n'
        'm_chr1\tx\ttranscript\t1\t50\t.\t+\t.\tgene_id "m_E"; gene_name "m_C"; transcript_id "m_T";\n'
    )
    a = promoters.read_promoters(write(gtf, "a.gtf"), "h_")
    text = "chr\tstart\tend\tgene\tlength\n1\t100\t101\tA\t800\n1\t200\t201\tA\t800\n1\t2499\t2500\tB\t500\n"
    pd.testing.assert_frame_equal(a, promoters.read_promoters(write(text, "t.tsv.gz")))
    assert promoters.list_genes(a)[["gene", "n_starts"]].to_numpy().tolist() == [["A", 2], ["B", 1]]
    with pytest.raises(UserError, match="no column gene"):
        promoters.read_promoters(write("chr\tstart\tend\n1\t2\t3\n"))
    with pytest.raises(UserError, match="line 2"):
        promoters.read_promoters(write("chr\tstart\tend\tgene\n1\tx\t3\tA\n"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('1e6\t900\t.\t+\t.\tgene_id "E1";', "gene 'E1' from '1e6' to '900': positions are whole numbers"),
        ("101\t900\t.\t+\t.\tID=gene1;Name=A", "no gene has a name \\(the file is a GFF3\\)"),
    ],
)
def test_an_annotation_without_positions_or_names_is_refused(write, fields, said):
    with pytest.raises(UserError, match=said):
        promoters.read_promoters(write(f"chr1\tx\tgene\t{fields}\n", "a.gtf"))


def test_peaks_of_another_genome_are_refused(write):
    rng = np.random.default_rng(1)
    at = np.sort(rng.integers(0, 50_000_000, 1500))
    starts = pd.DataFrame({"gene": [f"g{i}" for i in range(1500)], "chromosome": "1", "position": at, "length": np.nan})
    own = pd.DataFrame({"chromosome": "1", "start": at[:800] - 100, "end": at[:800] + 100, "signal": 1.0})
    found = promoters.check_genome(own, starts, 2000, "x.bed")
    assert found["promoter"] == 1 and 0.05 < found["shifted"] < 0.25 and found["unplaced"] == 0
    with pytest.raises(UserError, match="on no chromosome"):
        promoters.check_genome(own.assign(chromosome="7"), starts, 2000, "x.bed")
    with pytest.raises(UserError, match="beyond the last gene"):
        promoters.check_genome(own.assign(start=own["start"] + 40_000_000), starts, 2000, "x.bed")
    gaps = own.assign(start=(at[:800] + at[1:801]) // 2)
    gaps = gaps[np.diff(at[:801]) > 4100].assign(end=lambda t: t["start"] + 1)
    with pytest.raises(UserError, match=r"none of .* at a promoter"):
        promoters.check_genome(gaps, starts, 2000, "x.bed")
