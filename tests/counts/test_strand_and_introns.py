"""Both counters: reads along and against their genes, with and without introns, too short, and in small letters."""

from __future__ import annotations

import gzip
import shutil
from types import SimpleNamespace

import pandas as pd
import pytest
from spliced import NESTED, Spliced, by_gene, reverse

from scripts.base.job import UserError
from scripts.counts import strand

STAR = shutil.which("STAR") is not None
of_star = [pytest.mark.full, pytest.mark.skipif(not STAR, reason="STAR is not installed")]
COUNTERS = ["kb", pytest.param("starsolo", marks=of_star)]
"""STARsolo's part of `make test` is in test_counters."""


MADE = SimpleNamespace(reference=None, molecules=None)


@pytest.fixture
def spliced(tmp_path_factory, make_job):
    """Return the reference, indexed by the first test that asks, and molecules."""
    if MADE.reference is None:
        reference = Spliced(tmp_path_factory.mktemp("spliced"))
        reference.index(make_job)
        MADE.reference, MADE.molecules = reference, reference.molecules()
    return MADE


def exons_of(molecules):
    """Return the molecules of spliced transcripts."""
    return [molecule for molecule in molecules if not molecule[3]]


@pytest.mark.parametrize("counter", COUNTERS)
@pytest.mark.parametrize("umi", [10, 12])
def test_reads_against_their_genes_are_counted_as_those_along_them(spliced, tmp_path, make_job, counter, umi):
    """Twins whose read 2 is reversed, as a 5' kit reads it, give the same UMIs (≥ .98 asked for; here all)."""
    reference, molecules = spliced.reference, exons_of(spliced.molecules)
    reads = reference.sequence(molecules, umi=umi)
    twins = [(one, reverse(two)) for one, two in reads]
    tables, kits = {}, {}
    for name, given in (("forward", reads), ("reverse", twins)):
        lanes = reference.write_lanes(tmp_path / name, given, umi)
        tables[name], audit, said = reference.count(make_job, counter, lanes, tmp_path / f"{name}_out")
        assert audit["strand"] == said["strand"] == name
        kits[name] = audit["kit"]
    assert tables["forward"].sum().sum() >= 0.99 * len(molecules)
    pd.testing.assert_frame_equal(tables["forward"], tables["reverse"])
    if umi == 10:
        assert kits == {"forward": "10x 3' v2", "reverse": "10x 5' v1 / v2"}


@pytest.mark.parametrize("counter", COUNTERS)
def test_a_strand_that_the_config_says_is_taken(spliced, tmp_path, make_job, counter, caplog):
    """Counted on the wrong strand hardly anything is left, and a warning says so."""
    reference = spliced.reference
    lanes = reference.write_lanes(tmp_path / "reads", reference.sequence(exons_of(spliced.molecules)[::4]))
    with pytest.raises(UserError, match=r"no UMI was counted|no read maps"):
        reference.count(make_job, counter, lanes, tmp_path / "out", strand="reverse")
    assert "reads/strand is reverse, but of its first reads" in caplog.text


@pytest.mark.parametrize("counter", COUNTERS)
def test_introns_are_counted_when_asked(spliced, tmp_path, make_job, counter):
    """Every gene within 1 % of its true UMIs, off and on; a gene within another's intron keeps its own."""
    reference, molecules = spliced.reference, spliced.molecules
    lanes = reference.write_lanes(tmp_path / "reads", reference.sequence(molecules))
    for introns in (False, True):
        table, audit, said = reference.count(make_job, counter, lanes, tmp_path / str(introns), introns=introns)
        truth = by_gene(molecules, introns=introns)
        share = table.sum().reindex(truth.index) / truth
        assert share.between(0.99, 1.01).all(), share.to_dict()
        assert audit["introns"] is introns and said["introns"] == ("yes" if introns else "no")
        assert audit["umis"] == audit["reads_in_genes"] == table.sum().sum()
    assert f"H_{NESTED}" in truth.index and truth.sum() > 1.2 * by_gene(molecules, introns=False).sum()


@pytest.mark.full
@pytest.mark.skipif(not STAR, reason="STAR is not installed")
@pytest.mark.parametrize("introns", [False, True])
def test_both_counters_agree_gene_by_gene(spliced, tmp_path, make_job, introns):
    """Within 1 % of each other, with introns and without."""
    reference = spliced.reference
    lanes = reference.write_lanes(tmp_path / "reads", reference.sequence(spliced.molecules))
    one, other = (
        reference.count(make_job, counter, lanes, tmp_path / counter, introns=introns)[0].sum()
        for counter in ("kb", "starsolo")
    )
    assert (one[other > 0] / other[other > 0]).between(0.99, 1.01).all()
    assert one.corr(other) >= 0.99


@pytest.mark.parametrize("counter", COUNTERS)
def test_short_read_1_lose_their_umis_and_this_is_said(spliced, tmp_path, make_job, counter, caplog):
    """4 % of read 1 cut to 20 bp: their UMIs aren't counted, the others are, the number stands in the audit."""
    reference, molecules = spliced.reference, exons_of(spliced.molecules)
    reads = reference.sequence(molecules)
    cut = [(one[:20] if i % 25 == 24 else one, two) for i, (one, two) in enumerate(reads)]
    short = sum(len(one) == 20 for one, _ in cut)
    lanes = reference.write_lanes(tmp_path / "reads", cut)
    table, audit, _ = reference.count(make_job, counter, lanes, tmp_path / "out")
    assert audit["reads_short_read1"] == short and f"{short} read 1 are shorter than 28 bp" in caplog.text
    assert table.sum().sum() == pytest.approx(len(molecules) - short, rel=0.005)
    with pytest.raises(UserError, match=r"sample S, unit 1: \d+ of \d+ read 1 are shorter than the 28 bp"):
        reference.count(make_job, counter, lanes, tmp_path / "refused", max_short_read1=0.01)


@pytest.mark.parametrize("counter", COUNTERS)
def test_small_letters_are_counted_as_capitals(spliced, tmp_path, make_job, counter):
    """The same counts by barcode and gene."""
    reference, molecules = spliced.reference, exons_of(spliced.molecules)
    reads = reference.sequence(molecules)
    small = [(one.lower(), two.lower()) for one, two in reads]
    tables = []
    for name, given in (("capital", reads), ("small", small)):
        lanes = reference.write_lanes(tmp_path / name, given)
        tables.append(reference.count(make_job, counter, lanes, tmp_path / f"{name}_out")[0])
    pd.testing.assert_frame_equal(*tables)
    assert tables[0].sum().sum() >= 0.99 * len(molecules)


@pytest.mark.parametrize(
    ("mapped", "chemistry", "wanted", "strand_told"),
    [
        ((900, 100), {"chemistry": "v2"}, "auto", "forward"),
        ((100, 900), {"chemistry": "v2"}, "auto", "reverse"),
        ((3, 1), {"chemistry": "v2"}, "auto", "forward"),
        ((3, 1), {"chemistry": "v2", "configured_strand": "reverse"}, "auto", "reverse"),
        ((1, 3), {"chemistry": "5p_v3"}, "auto", "reverse"),
        ((900, 100), {"chemistry": "v3"}, "reverse", "reverse"),
        ((500, 400), {"chemistry": "v3"}, "forward", "forward"),
    ],
)
def test_the_strand_is_told_by_the_reads_then_by_the_kit(mapped, chemistry, wanted, strand_told):
    """The config's word decides; too few reads tell nothing."""
    found = strand.tell(dict(zip(("forward", "reverse"), mapped, strict=True)), wanted, chemistry, "S")
    assert found["strand"] == strand_told


@pytest.mark.parametrize(
    ("mapped", "configured", "message"),
    [
        (
            (500, 400),
            "auto",
            "sample S: .* 500 map in sense and 400 in antisense direction of genes: the library is not stranded",
        ),
        ((100, 900), "v2", "the config says chemistry v2, but .* set reads/chemistry to auto or 5p_v1 or 5p_v2"),
        ((900, 100), "5p_v2", "the config says chemistry 5p_v2, but .* set reads/chemistry to auto or v2"),
    ],
)
def test_a_strand_that_contradicts_is_refused(mapped, configured, message):
    """Neither strand, or the other kit of the same barcodes."""
    expected = {"auto": None, "v2": "forward", "5p_v2": "reverse"}[configured]
    chemistry = {"chemistry": "v2", "configured": configured, "configured_strand": expected}
    with pytest.raises(UserError, match=message):
        strand.tell(dict(zip(("forward", "reverse"), mapped, strict=True)), "auto", chemistry, "S")


def test_first_reads_are_of_all_lanes(tmp_path):
    """Half of them of each of two lanes, whole records, plain or gzip."""
    lanes = []
    for lane in "ab":
        pair = (tmp_path / f"{lane}1.fq.gz", tmp_path / f"{lane}2.fq")
        text = "".join(f"@{lane}{i}\nACGT\n+\nFFFF\n" for i in range(100)).encode()
        pair[0].write_bytes(gzip.compress(text))
        pair[1].write_bytes(text)
        lanes.append(pair)
    made = strand.first_reads(lanes, 20, tmp_path)
    assert [path.read_text().count("@") for pair in made for path in pair] == [10] * 4
    assert made[1][0].read_text().splitlines()[0] == "@b0"
