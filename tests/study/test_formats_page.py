"""The page of formats and the tests that hold it: every table has its test, every refusal says what to do instead."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from docs_table import PAGE, rows_of

from scripts.base.job import UserError

TESTS = Path(__file__).parents[1]
EACH = "test_every_line_of_the_page_has_a_case_and_every_case_a_line"
OF_THEIR_OWN = {
    "Reads: kits": "reads/test_kits.py::test_the_page_names_every_kit_as_it_is_treated",
    "Reads: files": "reads/test_fastq_forms.py::test_the_page_has_a_line_for_every_form",
    "Matrices of single cells": "counts/test_matrix_formats.py::" + EACH,
    "Tables of profiles": "profiles/test_table_formats.py::" + EACH,
    "Pools": "cells/test_pool_forms.py::test_the_page_and_the_cases_are_the_same",
    "Networks, gene sets": "profiles/test_table_formats.py::" + EACH,
}  # fmt: skip
"""Tables whose lines are cases of one test, and the test that compares both."""
INTRONS, PLACES, REFERENCES = "Introns", "Places", "Frozen references (`biopsy.reference`)"
HELD = {
    INTRONS: {
        "introns in all libraries": (
            "yes", "counts/test_strand_and_introns.py::test_introns_are_counted_when_asked",
            "counts/test_strand_and_introns.py::test_both_counters_agree_gene_by_gene",
        ),
        "introns in some libraries": ("yes", "study/test_study_introns.py::test_the_sheet_goes_before_the_config"),
        "libraries with and without introns, unsaid": (
            "no", "study/test_study_introns.py::test_mixing_is_refused_unless_the_config_says_so",
        ),
        "a matrix of Cell Ranger": (
            "yes", "study/test_study_introns.py::test_the_version_of_cell_ranger_tells",
            "study/test_study_introns.py::test_a_run_s_own_files_tell_before_the_version",
            "study/test_study_introns.py::test_a_matrix_of_cell_ranger_7_is_not_mixed_with_our_reads",
        ),
    },
    PLACES: {
        "a blank in the path of the checkout": (
            "yes",
            "study/test_places.py::test_a_blank_in_the_path_of_the_checkout_is_fine_and_a_home_that_cannot_be_written",
        ),
        "a blank in the path of Python": (
            "no", "study/test_places.py::test_a_blank_in_the_path_of_python_is_one_line",
        ),
        "a home folder that can't be written": (
            "yes",
            "study/test_places.py::test_a_blank_in_the_path_of_the_checkout_is_fine_and_a_home_that_cannot_be_written",
            "study/test_places.py::test_make_names_a_cache_where_home_cannot_be_written",
        ),
        "an object store's address (`s3://bucket/key`) of a file that a sheet or the config names": (
            "yes", "study/test_stored.py::test_addresses_become_the_paths_of_copies",
            "study/test_stored.py::test_what_is_no_file_of_a_store_is_refused_with_its_place",
            "dag/test_object_store.py::test_a_matrix_in_a_store_is_read_as_one_on_disk",
        ),
        "another address in a sheet or for a genome (`gs://`, `https://`)": (
            "no", "study/test_places.py::test_another_address_in_a_sheet_is_refused",
            "study/test_places.py::test_an_address_for_a_genome_is_refused",
            "study/test_formats_page.py::test_the_remedy_of_an_address_is_the_page_s",
        ),
        "annotation (GTF) with gene_name on the lines of genes alone": (
            "yes", "references/test_join_genomes.py::test_names_on_the_lines_of_genes_alone_are_kept",
        ),
        "annotation with one transcript_id in several genes (NCBI's unassigned ones)": (
            "no",
            "references/test_join_genomes.py::test_a_transcript_of_several_genes_is_refused_before_anything_is_indexed",
        ),
    },
    REFERENCES: {
        "frozen by this version": ("yes", "biopsy/test_reference.py::test_every_file_is_there_hashed_and_explained"),
        "frozen by version 0.1.0, without tables of the stroma, of common clusters and of published signatures": (
            "yes", "biopsy/test_reference.py::test_an_older_reference_is_read_without_the_tables_that_it_lacks",
            "biopsy/test_biopsy_stroma.py::"
            "test_a_reference_without_stroma_and_tumour_cells_that_are_not_scored_place_nothing",
        ),
        "of another format version": ("no", "biopsy/test_reference.py::test_another_manifest_is_refused"),
        "with a file changed or lost": (
            "no", "biopsy/test_reference.py::test_a_file_changed_since_is_refused",
            "biopsy/test_reference.py::test_a_file_lost_is_refused",
        ),
    },
}  # fmt: skip
"""By line: whether it is possible, and the tests that hold it."""


@cache
def functions_of(file: str) -> set[str]:
    """Return the functions of a file of tests."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def there(test: str) -> bool:
    """Return whether a test exists."""
    file, name = test.split("::")
    return name in functions_of(file)


def test_every_table_of_the_page_is_held_by_a_test():
    headings = [line.removeprefix("## ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:3] == "## "]
    for heading in headings:
        assert sum(heading.startswith(name) for name in (*OF_THEIR_OWN, *HELD)) == 1, heading
    assert len(headings) == len(OF_THEIR_OWN) + len(HELD)
    assert all(there(test) for test in OF_THEIR_OWN.values())


@pytest.mark.parametrize("heading", HELD)
def test_each_line_on_introns_and_places_has_its_tests_and_each_test_a_line(heading):
    page = {row[0]: row[1] for row in rows_of(heading)}
    assert page == {line: answer for line, (answer, *_) in HELD[heading].items()}
    for line, (_, *tests) in HELD[heading].items():
        assert tests and all(there(test) for test in tests), line


@pytest.mark.parametrize("heading", [*OF_THEIR_OWN, *HELD])
def test_each_refusal_says_what_to_do_instead(heading):
    for line, answer, remedy, *_ in rows_of(heading):
        assert answer in {"yes", "no"} and (answer == "yes" or len(remedy) > 5), line


@pytest.mark.parametrize("address", ["gs://b/m.h5", "https://example.org/m.h5"])
def test_the_remedy_of_an_address_is_the_page_s(draft, address):
    """Each kind of address that the line names."""
    remedy = next(row[2] for row in rows_of(PLACES) if row[0].startswith("another address"))
    draft.put("samples", 4, "matrix", address)
    with pytest.raises(UserError, match="is an address") as refused:
        draft.load()
    assert "fetch the file" in remedy and "fetch the file" in str(refused.value)
