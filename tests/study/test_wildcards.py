"""The pattern of a wildcard's names: these and no other, short where names are alike."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.io import regex_from_filepattern

from scripts.study.wildcards import one_of

PATIENTS = [f"P{number:03}" for number in range(250)]
LIBRARIES = ["_".join(parts) for parts in product(PATIENTS, ("untreated", "persister", "relapse"), ("AC", "none"))]

letters = st.text("ab.-_0[]^|", min_size=1, max_size=4)


@given(st.lists(letters), letters)
def test_these_names_match_and_no_other(names, other):
    pattern = re.compile(one_of(names))
    assert all(pattern.fullmatch(name) for name in names)
    assert bool(pattern.fullmatch(other)) == (other in names)


def test_without_names_nothing_matches():
    assert not re.match(one_of([]), "") and not re.match(one_of([]), "a")


@pytest.mark.parametrize(
    ("names", "pattern"), [(["A"], "A"), (["A1", "A2", "A3"], "A[123]"), (["A", "A_B"], "A(?:_B)?")]
)
def test_common_letters_are_written_once(names, pattern):
    assert one_of(names) == one_of(reversed(names)) == pattern


def test_hundreds_of_libraries_make_a_short_pattern():
    """Snakemake reads a pattern again for every file of every job."""
    assert len(one_of(LIBRARIES)) < 300 < len("|".join(LIBRARIES)) / 50


def test_snakemake_takes_such_a_pattern():
    pattern = re.compile(regex_from_filepattern(f"cells/{{sample,{one_of(LIBRARIES)}}}.h5ad"))
    assert pattern.match("cells/P017_relapse_AC.h5ad")["sample"] == "P017_relapse_AC"
    assert not pattern.match("cells/P250_relapse_AC.h5ad") and not pattern.match("cells/P017_relapse_AC.host.h5ad")
