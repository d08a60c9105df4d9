"""Chemistry by whitelist, and each reason to refuse a library."""

from __future__ import annotations

import gzip
import json
import random

import numpy as np
import pytest

from scripts.base.job import UserError
from scripts.reads import detect_chemistry
from scripts.references.barcodes import distinct, pack

RNG = random.Random(3)


def bases(number):
    """Return random bases."""
    return "".join(RNG.choice("ACGT") for _ in range(number))


LISTS = {name: [bases(16) for _ in range(300)] for name in ("v2", "v3", "v4")}
WHITELISTS = {name: distinct(pack(np.array(listed, dtype="S16"))[0]) for name, listed in LISTS.items()}


def library(folder, name, listed, read1=28, read2=90, on=1.0, number=400, swap=False):
    """Write a lane whose barcodes are on a list in a fraction ``on`` of the reads; return fq1, fq2."""
    listed = LISTS[listed]
    hits = round(on * number)
    first = [(listed[i % len(listed)] if i < hits else bases(16)) + bases(max(read1 - 16, 0)) for i in range(number)]
    first = [sequence[:read1] for sequence in first]
    second = [bases(read2) for _ in range(number)]
    paths = []
    for mate, sequences in (("1", second if swap else first), ("2", first if swap else second)):
        path = folder / f"{name}_{mate}.fq.gz"
        text = "".join(f"@{name}:{i}\n{s}\n+\n{'F' * len(s)}\n" for i, s in enumerate(sequences))
        path.write_bytes(gzip.compress(text.encode()))
        paths.append(str(path))
    return tuple(paths)


@pytest.fixture
def detect(tmp_path, make_job):
    """Return a function that runs the script on lanes and returns its report."""
    for name, listed in WHITELISTS.items():
        np.save(tmp_path / f"{name}.npy", listed)

    def run(lanes, configured="auto", least=0.5, number=1000):
        job = make_job(
            input={
                "fq1": [fq1 for fq1, _ in lanes.values()],
                "fq2": [fq2 for _, fq2 in lanes.values()],
                "whitelists": [tmp_path / f"{name}.npy" for name in WHITELISTS],
            },
            output={"_": [tmp_path / "chemistry.json"]},
            params={
                "units": list(lanes), "chemistries": list(WHITELISTS), "configured": configured,
                "sample_reads": number, "min_overlap": least, "max_short_read1": 0.05,
            },
            wildcards={"sample": "S"},
        )  # fmt: skip
        detect_chemistry.main(job)
        return json.loads((tmp_path / "chemistry.json").read_text())

    return run


@pytest.mark.parametrize(
    ("listed", "read1", "kb", "umi"),
    [
        ("v2", 26, "10XV2", 10),
        ("v2", 28, "10XV2", 10),
        ("v3", 28, "10XV3", 12),
        ("v3", 150, "10XV3", 12),
        ("v4", 28, "10XV4", 12),
    ],
)
def test_the_whitelist_tells_not_the_length(tmp_path, detect, listed, read1, kb, umi):
    """28 bp of read 1 with v2 barcodes are v2, with a UMI of 10."""
    report = detect({"L1": library(tmp_path, "a", listed, read1, on=0.9)})
    assert (report["chemistry"], report["kb"], report["umi_length"], report["barcode_length"]) == (listed, kb, umi, 16)
    # 400 reads, 360 of them from the list; a random 16-mer is on a list of 300 with probability 7e-8.
    assert report["whitelist_overlap"][listed] == 0.9
    assert report["units"]["L1"]["read1_length"]["mode"] == read1


def test_only_the_first_reads_of_each_lane_are_looked_at(tmp_path, detect):
    """The lanes' overlaps are pooled by their reads."""
    lanes = {"L1": library(tmp_path, "a", "v3", number=100), "L2": library(tmp_path, "b", "v3", on=0.6, number=300)}
    report = detect(lanes, number=200)
    assert report["pairs_examined"] == 300
    assert report["whitelist_overlap"]["v3"] == pytest.approx((100 * 1.0 + 200 * 0.9) / 300)


def test_barcodes_with_n_are_not_held_against_a_library(tmp_path):
    """A bad first cycle tells nothing of the chemistry."""
    starts = np.array([*LISTS["v3"][:50], *(["N" + b[1:] for b in LISTS["v3"][:150]])], dtype="S16")
    assert detect_chemistry.overlap(starts, WHITELISTS)["v3"] == 1.0
    assert detect_chemistry.overlap(np.array(["N" * 16], dtype="S16"), WHITELISTS) == {"v2": 0, "v3": 0, "v4": 0}


def test_swapped_mates_are_recognised(tmp_path, detect):
    """The message says what to exchange."""
    with pytest.raises(
        UserError, match=r"sample S: unit L1: .*seem to be exchanged.*v3 100\.0 %.*exchange fq1 and fq2"
    ):
        detect({"L1": library(tmp_path, "a", "v3", swap=True)})


def test_too_few_hits_are_an_error_that_lists_the_overlaps(tmp_path, detect):
    """All three overlaps, what is needed, and what to do."""
    lane = {"L1": library(tmp_path, "a", "v3", on=0.4)}
    with pytest.raises(
        UserError,
        match=r"v2 0\.0 %, v3 40\.0 %, v4 0\.0 % of the first 400 reads; 50 % are needed.*min_whitelist_overlap",
    ):
        detect(lane)
    assert detect(lane, least=0.3)["chemistry"] == "v3"


def test_lanes_of_different_chemistries_are_an_error(tmp_path, detect):
    """Two libraries under one sample name."""
    with pytest.raises(UserError, match=r"different chemistries \(L1: v2 .*; L2: v3 "):
        detect({"L1": library(tmp_path, "a", "v2"), "L2": library(tmp_path, "b", "v3")})


def test_a_config_that_disagrees_is_an_error(tmp_path, detect):
    """The barcodes don't lie; agreement is fine."""
    lane = {"L1": library(tmp_path, "a", "v2")}
    with pytest.raises(UserError, match="the config says chemistry v3, the barcodes say v2"):
        detect(lane, configured="v3")
    assert detect(lane, configured="v2")["configured"] == "v2"


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ({"read1": 26}, "400 of the first 400 reads are shorter than the 28 bp of 10x 3' v3"),
        ({"read2": 8}, "read 2 has 8 bp, counting needs 31"),
    ],
)
def test_reads_too_short_for_their_chemistry_are_an_error(tmp_path, detect, lengths, message):
    """v3 barcodes on 26 bp: two bases of the UMI are missing. Eight bases of read 2: an index read."""
    with pytest.raises(UserError, match=message):
        detect({"L1": library(tmp_path, "a", "v3", **lengths)})


def test_one_lane_listed_twice_is_an_error(tmp_path, detect):
    """Copies under two names double the reads of every UMI."""
    lane = library(tmp_path, "a", "v3")
    with pytest.raises(UserError, match=r"units L1 and L2 begin with the same read \(a:0\)"):
        detect({"L1": lane, "L2": lane})
