"""Ranking databases of cisTarget in memory: read from Feather files of either version, and checked."""

from __future__ import annotations

import math
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.scenic.errors import DatabaseError, NamingError

MIN_OVERLAP = 0.8
"""Fraction of the measured genes that a database must rank."""
INDEX_COLUMNS = ("motifs", "tracks", "features")
"""Columns that name the rows of a ranking database, by its kind and age."""


COLUMNS_AT_ONCE = 512
EXAMPLES = 5


@dataclass(frozen=True, eq=False)
class Database:
    """Rankings in memory: ``ranks`` is measured genes × motifs (0 = best); ``total_genes`` also counts the other
    genes.
    """

    name: str
    genes: tuple[str, ...]
    motifs: tuple[str, ...]
    ranks: np.ndarray
    total_genes: int

    @classmethod
    def load(
        cls,
        path: str | Path,
        genes: Iterable[str] | None = None,
        *,
        name: str | None = None,
        min_overlap: float = MIN_OVERLAP,
        max_memory: int = 2**30,
    ) -> Database:
        """Read the rankings of ``genes`` (default all) from a Feather file, V1 or V2.

        Columns are streamed, so that only the result is in memory. A result larger than ``max_memory`` bytes is written
        to an unnamed memory-mapped file in the temporary folder. Raises DatabaseError if the file is not a complete
        ranking database and NamingError if it ranks less than ``min_overlap`` of ``genes``.
        """
        path = Path(path)
        reader = open_feather(path)
        index = next((column for column in INDEX_COLUMNS if column in reader.columns), None)
        if index is None:
            raise DatabaseError(
                f"{path}: no column {' or '.join(INDEX_COLUMNS)}; give a genes_vs_motifs.rankings.feather of cisTarget"
            )
        ranked = [column for column in reader.columns if column != index]
        check_unique(ranked, f"{path}: a gene occurs in two columns")
        kept = ranked
        if genes is not None:
            measured = list(dict.fromkeys(genes))
            check_naming(measured, set(ranked), min_overlap, str(path))
            wanted = set(measured)
            kept = [column for column in ranked if column in wanted]
        motifs = tuple(map(str, reader.read([index]).column(0).to_pylist()))
        check_unique(motifs, f"{path}: a motif occurs in two rows")
        # Ranks below 2^15 fit into 16 bits, whatever type the file uses.
        dtype = np.int16 if len(ranked) <= 2**15 else np.int32
        shape = (len(kept), len(motifs))
        if math.prod(shape) * np.dtype(dtype).itemsize > max_memory:
            with tempfile.TemporaryFile() as file:
                ranks = np.memmap(file, dtype=dtype, mode="w+", shape=shape)
        else:
            ranks = np.empty(shape, dtype=dtype)
        for start in range(0, len(kept), COLUMNS_AT_ONCE):
            part = kept[start : start + COLUMNS_AT_ONCE]
            table = reader.read(part)
            for row, column in enumerate(part, start):
                values = table.column(column)
                if values.null_count or not str(values.type).startswith(("int", "uint")):
                    raise DatabaseError(
                        f"{path}: column {column} has values that are not whole numbers; give rankings, not scores"
                    )
                ranks[row] = check_ranks(values.to_numpy(), len(ranked), path, column)
        return cls(name or path.stem, tuple(kept), motifs, ranks, len(ranked))


class Feather:
    """Columns of a Feather file, read by name; other columns are not read."""

    def __init__(self, path: Path):
        import pyarrow as pa

        self.path = path
        with open(path, "rb") as handle:
            head = handle.read(6)
            handle.seek(max(handle.seek(0, 2) - 6, 0))
            tail = handle.read(6)
        if head == b"ARROW1":
            whole, self.version = tail == b"ARROW1", 2
        elif head[:4] == b"FEA1":
            whole, self.version = tail[-4:] == b"FEA1", 1
        else:
            raise DatabaseError(f"{path}: not a Feather file; give a genes_vs_motifs.rankings.feather of cisTarget")
        if not whole:
            raise DatabaseError(f"{path}: truncated (its end is missing); fetch it again")
        if self.version == 2:
            with pa.memory_map(str(path)) as source:
                self.columns = pa.ipc.open_file(source).schema.names
        else:
            self._table = self._read_old(path)
            self.columns = self._table.column_names

    @staticmethod
    def _read_old(path: Path):
        """Return the table of a V1 file. V1 is not compressed, so the columns stay in the file until they are used."""
        from pyarrow import feather

        with warnings.catch_warnings():
            # Arrow plans to remove V1. Many of cisTarget's databases are V1, so pyarrow is pinned.
            warnings.simplefilter("ignore", DeprecationWarning)
            return feather.read_table(path, memory_map=True)

    def read(self, columns: list[str]):
        """Return an Arrow table of ``columns``, in this order. Raises DatabaseError if the file is damaged."""
        import pyarrow as pa
        from pyarrow import feather

        if self.version == 1:
            return self._table.select(columns)
        try:
            # use_threads=False: decoding is not the slow step, and the threads of a job are limited.
            return feather.read_table(self.path, columns=columns, memory_map=True, use_threads=False).select(columns)
        except (OSError, pa.ArrowException) as error:
            raise DatabaseError(f"{self.path}: damaged ({error}); fetch it again") from error


def open_feather(path: Path) -> Feather:
    """Return a reader of ``path``; raise DatabaseError if it cannot be read."""
    import pyarrow as pa

    try:
        return Feather(path)
    except (OSError, pa.ArrowException) as error:
        raise DatabaseError(f"{path}: can't be read as a Feather file ({error}); fetch it again") from error


def check_unique(names: Sequence[str], complaint: str) -> None:
    """Raise DatabaseError if a name is duplicated."""
    if len(set(names)) < len(names):
        twice = [name for name, n in Counter(names).items() if n > 1][:EXAMPLES]
        raise DatabaseError(f"{complaint} ({', '.join(twice)}); fetch or build it again")


def check_ranks(values: np.ndarray, total: int, path: Path, column: str) -> np.ndarray:
    """Return ``values``; raise DatabaseError unless they are ranks from 0 of ``total`` genes."""
    if len(values) and (values.min() < 0 or values.max() >= total):
        raise DatabaseError(
            f"{path}: gene {column} has a rank outside 0 to {total - 1}, the number of its genes; give rankings that "
            "start at 0"
        )
    return values


def check_naming(measured: Sequence[str], ranked: set[str], minimum: float, where: str) -> None:
    """Raise NamingError, with examples of both, unless ``minimum`` of the measured genes are ranked."""
    missing = [gene for gene in measured if gene not in ranked]
    share = 1 - len(missing) / max(len(measured), 1)
    if share < minimum or (measured and len(missing) == len(measured)):
        raise NamingError(
            f"{where}: ranks {share:.1%} of the {len(measured)} measured genes, less than {minimum:.0%}; "
            f"measured but not ranked: {', '.join(map(str, missing[:EXAMPLES]))}; "
            f"ranked: {', '.join(sorted(ranked)[:EXAMPLES])}. "
            "Check that species, release and naming (symbols, not Ensembl ids) agree."
        )
