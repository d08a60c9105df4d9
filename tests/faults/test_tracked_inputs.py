"""What users reported to public trackers: each is read as its sound twin is, or refused in a line.

They are read apart from the tests, in one process as long as none ends it.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import own_process
import pytest
from tracked_inputs import COUNTS, GENES, LISTS, MATRICES, PROFILE, PROFILES

from scripts.base.job import UserError
from scripts.counts.features import check, tabulate
from scripts.counts.libraries import select_library
from scripts.counts.matrices import read_table
from scripts.profiles.genes import check_names
from scripts.profiles.networks import read_network, read_sets
from scripts.profiles.tables import linear_scale, read_profiles
from scripts.regulons.databases import read_tfs


def counts_of(path: str, barcodes: str = "") -> list:
    """Return barcodes, species, symbols and counts as the rule import_matrix takes them in."""
    table = check(select_library(read_table(path), barcodes, path), path)
    genes = tabulate(table, {"graft": "GRCh38_", "host": "GRCm39_"}, path, {"graft": "human", "host": "mouse"})
    return [table.barcodes, genes["species"].tolist(), genes["symbol"].tolist(), table.matrix.toarray().tolist()]


def profiles_of(path: str) -> list:
    """Return genes and values of two profiles as the rule join_profiles does."""
    names, values = read_profiles(path, ["c0", "c1"], "samples.tsv")
    check_names(names, path)
    return [names, linear_scale(values, "bulk", path).to_numpy().tolist()]


READERS = {
    "sets": (read_sets, {"SET": ["FOSL1", "JUNB"]}),
    "network": (lambda path: read_network(path)[["source", "target", "weight"]].to_numpy().tolist(),
                [["FOSL1", "KRT16", 1.0], ["FOSL1", "KRT6A", -1.0]]),
    "tfs": (read_tfs, ["FOSL1", "JUNB"]),
    "tfs with µ": (read_tfs, ["FOSL1", "JUNB", "µTF"]),
}  # fmt: skip


def judge(read, right: object, words: str, names: tuple[str, ...]) -> None:
    """Check that a reader gives what is right, or refuses with these words in one line that names the file."""
    try:
        found = read()
    except UserError as refused:
        said = str(refused)
        assert words, f"refused: {said}"
        assert re.search(words, said), said
        assert "\n" not in said and said.startswith((*names, "samples.tsv, column")), said
        return
    assert not words, f"read: {found}"
    assert found == right


def read_matrix(name: str, folder: Path) -> None:
    """Judge a matrix."""
    case = MATRICES[name]
    path = case.write(folder)
    species, symbols = zip(*(("graft" if g[:4] == "GRCh" else "host", g.split("_")[1]) for g in GENES), strict=True)
    right = [case.barcodes, list(species), [case.symbols.get(name, name) for name in symbols], COUNTS.tolist()]
    judge(lambda: counts_of(str(path), **case.options), right, case.words, (str(path),))


def read_table_of_profiles(name: str, folder: Path) -> None:
    """Judge a table of profiles."""
    content, words = PROFILES[name]
    path = folder / "p.tsv"
    path.write_bytes(content)
    right = [[gene for gene, *_ in PROFILE], [[float(a), float(b)] for _, a, b in PROFILE]]
    judge(lambda: profiles_of(str(path)), right, words, (str(path),))


def read_list(name: str, folder: Path) -> None:
    """Judge sets, a network or factors."""
    file, content, reader, words = LISTS[name]
    path = folder / file
    path.write_bytes(content)
    read, right = READERS[reader]
    judge(lambda: read(str(path)), right, words, (str(path),))


KINDS = {"matrix": (MATRICES, read_matrix), "profiles": (PROFILES, read_table_of_profiles), "list": (LISTS, read_list)}


@pytest.fixture(scope="module")
def ended(tmp_path_factory) -> dict[tuple[str, str], own_process.Ended]:
    """Return how each case ended, by kind and name; each has a folder of its own."""
    asked = [(kind, name) for kind, (names, _) in KINDS.items() for name in names]
    cases = [partial(KINDS[kind][1], name, tmp_path_factory.mktemp(kind)) for kind, name in asked]
    return dict(zip(asked, own_process.run_all(cases), strict=True))


@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_as_tools_write_it(name, ended):
    ended["matrix", name].get()


@pytest.mark.parametrize("name", PROFILES)
def test_a_table_of_profiles_as_tools_write_it(name, ended):
    ended["profiles", name].get()


@pytest.mark.parametrize("name", LISTS)
def test_a_list_as_tools_write_it(name, ended):
    ended["list", name].get()
