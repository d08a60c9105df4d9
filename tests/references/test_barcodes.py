"""Barcodes as numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.references import barcodes

BARCODE = st.text("ACGT", min_size=16, max_size=16).map(str.encode)


@given(st.lists(BARCODE, min_size=1, max_size=50))
def test_packing_is_reversible_and_keeps_the_order(names):
    """Numbers sort as their barcodes do, which searching relies on."""
    packed, clean = barcodes.pack(np.array(names, dtype="S16"))
    assert clean.all()
    assert barcodes.unpack(packed).tolist() == names
    assert np.argsort(packed, kind="stable").tolist() == np.argsort(np.array(names), kind="stable").tolist()


@pytest.mark.parametrize("name", [b"ACGTNCGTACGTACGT", b"ACGTACGTACGTACG", b"", b"acgtacgtacgtacgt"])
def test_what_is_no_barcode_is_not_clean(name):
    """N, a missing base, lower case."""
    assert not barcodes.pack(np.array([name], dtype="S16"))[1].any()


def test_other_lengths_pack_too():
    """UMIs of 12 and 10 bases; the numbers are bustools'."""
    packed, clean = barcodes.pack(np.array([b"AAAAAAAAAACG", b"TTTTTTTTTTTT"]), 12)
    assert packed.tolist() == [6, 4**12 - 1] and clean.all()


@given(st.lists(BARCODE, max_size=20), st.lists(BARCODE, max_size=5), st.integers(0, 15), st.sampled_from("ACGT"))
def test_neighbours_are_those_of_brute_force(listed, observed, position, base):
    """All whitelisted barcodes at Hamming distance 0 or 1, and no other."""
    observed = observed + [name[:position] + base.encode() + name[position + 1 :] for name in listed[:3]]
    whitelist = barcodes.distinct(barcodes.pack(np.array(listed, dtype="S16"))[0])
    found = barcodes.within_one_substitution(barcodes.pack(np.array(observed, dtype="S16"))[0], whitelist)
    expected = {a for a in listed if any(sum(x != y for x, y in zip(a, b, strict=True)) <= 1 for b in observed)}
    assert set(barcodes.unpack(found).tolist()) == expected
    assert len(found) == len(expected)


def test_membership_and_distinct_of_nothing():
    """Empty lists are no special case."""
    empty = np.empty(0, np.uint32)
    assert barcodes.contains(empty, np.array([1], np.uint32)).tolist() == [False]
    assert barcodes.contains(np.array([1, 5], np.uint32), np.array([5, 9, 0], np.uint32)).tolist() == [
        True,
        False,
        False,
    ]
    assert len(barcodes.distinct(empty)) == 0
    assert barcodes.distinct(np.array([3, 1, 3], np.uint32)).tolist() == [1, 3]


def test_text_is_one_barcode_a_line(tmp_path):
    """What STAR and bustools read."""
    barcodes.write_text(tmp_path / "w.txt", np.array([0, 27], np.uint32))
    assert (tmp_path / "w.txt").read_text() == "AAAAAAAAAAAAAAAA\nAAAAAAAAAAAAACGT\n"
