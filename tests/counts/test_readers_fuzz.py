"""Whatever a matrix or a table of profiles holds, it is read or refused in one line: no other exception leaves."""

from __future__ import annotations

import faulthandler
import gzip
import os
import signal
import traceback
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scripts.base import job
from scripts.counts.features import check, tabulate
from scripts.counts.matrices import read_table
from scripts.profiles.networks import read_network, read_sets
from scripts.profiles.tables import linear_scale, platform_of, read_profiles

QUIET = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
cells = st.one_of(
    st.integers(-2, 2**40).map(str),
    st.sampled_from(
        ["0", "1", "3", "0.5", "-1", "1e400", "nan", "NA", "", " ", '"', "ACTB", "GRCh38_ACTB", "x\ty", "\u2212" + "1"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=4),
)
names = st.one_of(
    st.sampled_from(["ACTB", "GAPDH", "symbol", "gene", "c0", "c1", "AAACCTGAGAAACCAT-1", "GRCh38_ACTB", ""]), cells
)


@st.composite
def tables(draw) -> bytes:
    """Draw a text that looks like a table of numbers under names, rows of about one length."""
    width = draw(st.integers(1, 5))
    header = draw(st.lists(names, min_size=max(1, width - 1), max_size=width + 1))
    rows = draw(st.lists(st.tuples(names, st.lists(cells, min_size=max(0, width - 2), max_size=width + 1)), max_size=5))
    mark = draw(st.sampled_from("\t,; "))
    end = draw(st.sampled_from(["\n", "\r\n", "\n\n"]))
    lines = [mark.join(header), *(mark.join([name, *row]) for name, row in rows)]
    return draw(st.sampled_from(["", "\ufeff", "#"])).encode() + end.join(lines).encode()


def read(content: bytes, name: str, reader) -> None:
    """Check that a reader takes a file or refuses it in one line that names it."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            reader(str(path))
        except job.UserError as error:
            line = str(error)
            assert line.startswith((str(path), "sheet.tsv, column")) and "\n" not in line, line


def read_counts(path: str) -> None:
    """Read a count matrix as the rule import_matrix does; what is taken is what counts are."""
    table = check(read_table(path), path)
    tabulate(table, {"graft": "GRCh38_", "host": "GRCm39_"}, path)
    assert table.matrix.shape == (len(table.barcodes), len(table.ids))
    assert table.matrix.dtype == np.int32 and table.matrix.data.min() >= 0


def read_columns_of_profiles(path: str) -> None:
    """Read two profiles as the rule join_profiles does."""
    names, values = read_profiles(path, ["c0", "c1"], "sheet.tsv")
    assert len(names) == len(values) and np.isfinite(values.to_numpy()).all()
    if len(values):
        linear_scale(values, platform_of(values.to_numpy()), path)


READERS = {"m.tsv": read_counts, "p.tsv": read_columns_of_profiles, "net.tsv": read_network, "sets.gmt": read_sets}


@pytest.mark.parametrize("name", READERS)
@QUIET
@given(content=tables())
@example(content=b'#ACTB\nACTB\t"\nACTB\t0')
@example(content=b'"\tACTB\nACTB\t"')
@example(content=b"c0\tc1\t\t")
@example(content=b'ACTB\nACTB\t0\n"\nACTB\t"\t0.5')
def test_anything_like_a_table(name, content):
    read(content, name, READERS[name])


@pytest.mark.parametrize("name", READERS)
@QUIET
@given(content=st.binary(max_size=80))
def test_any_bytes(name, content):
    read(content, name, READERS[name])


@pytest.mark.parametrize("name", READERS)
@QUIET
@given(content=tables(), end=st.integers(0, 60), flip=st.integers(0, 200))
def test_gzip_cut_or_with_a_byte_changed(name, content, end, flip):
    packed = bytearray(gzip.compress(content, mtime=0))
    packed[flip % len(packed)] ^= 0x5A
    read(bytes(packed), f"{name}.gz", READERS[name])
    read(gzip.compress(content, mtime=0)[: -1 - end], f"{name}.gz", READERS[name])


RAISED, SECONDS = 70, 10


def in_a_process_of_its_own(content: bytes, name: str) -> int:
    """Return how a process ended that read a matrix: 0, :data:`RAISED`, or minus the signal that ended it."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = RAISED
    try:
        faulthandler.disable()
        signal.alarm(SECONDS)
        read(content, name, read_counts)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


@pytest.fixture(scope="module")
def binaries(tmp_path_factory) -> dict[str, bytes]:
    """Return a small .h5 and .h5ad that are right."""
    import anndata
    import h5py
    import pandas as pd

    folder = tmp_path_factory.mktemp("binaries")
    genes = ["GRCh38_ACTB", "GRCh38_GAPDH", "GRCm39_Actb"]
    adata = anndata.AnnData(np.array([[1.0, 0, 2], [0, 3, 0]]), var=pd.DataFrame(index=genes))
    adata.write_h5ad(folder / "a.h5ad")
    with h5py.File(folder / "a.h5", "w") as file:
        group = file.create_group("matrix")
        for name, values in {"data": [1, 2, 3], "indices": [0, 2, 1], "indptr": [0, 2, 3], "shape": [3, 2]}.items():
            group[name] = values
        group["barcodes"] = np.array(["AAAC-1", "AAAG-1"], dtype="S")
        group["features/id"] = group["features/name"] = np.array(genes, dtype="S")
    found = {name: (folder / name).read_bytes() for name in ("a.h5ad", "a.h5")}
    for name, content in found.items():
        read(content, name, read_counts)
    return found


@pytest.mark.parametrize("name", ["a.h5ad", "a.h5"])
@QUIET
@given(data=st.data())
def test_a_binary_with_bytes_changed_or_cut(binaries, name, data):
    """HDF5 has no checksum: some changes pass unseen as other counts, none may leave the reader as an exception.

    Each is read in a process of its own: about one in a thousand ends the HDF5 library itself (a segmentation fault, a
    loop without end), and with it whatever process reads. That is beyond a reader.
    """
    content = bytearray(binaries[name])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.sampled_from([len(content), len(content) // 2]))
    assert in_a_process_of_its_own(bytes(content[:end]), name) != RAISED
