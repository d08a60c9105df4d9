"""What a ranking database and its motif table know: genes, motifs, factors. Reads names only, never the rankings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scripts.base import job

INDEX_COLUMNS = ("motifs", "tracks", "features")
"""Columns that name the rows of a ranking database, by the kind of database."""
EXAMPLES = 5


@dataclass(frozen=True)
class Names:
    """What one database ranks (``genes``) and by what (``motifs``)."""

    name: str
    genes: tuple[str, ...]
    motifs: frozenset[str]


def read_names(path: str | Path) -> Names:
    """Read the gene and motif names of a ranking database (Feather V1 or V2). Raises UserError if it is none."""
    import pyarrow as pa
    from pyarrow import feather

    path = Path(path)
    try:
        try:
            with pa.memory_map(str(path)) as source:
                columns = pa.ipc.open_file(source).schema.names
        except pa.ArrowInvalid:  # Feather V1 isn't Arrow's IPC format
            columns = feather.read_table(path, memory_map=True).column_names
        index = next((column for column in INDEX_COLUMNS if column in columns), None)
        if index is None:
            raise job.UserError(
                f"{path}: no column {' or '.join(INDEX_COLUMNS)}; give a genes_vs_motifs.rankings.feather of cisTarget"
            )
        motifs = feather.read_table(path, columns=[index], memory_map=True).column(0).to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise job.UserError(f"{path}: can't be read as a Feather file ({error}); fetch it again") from error
    return Names(path.stem, tuple(column for column in columns if column != index), frozenset(map(str, motifs)))


def read_tfs(path: str | Path) -> list[str]:
    """Read the list of factors: one symbol a line. Raises UserError if it is empty."""
    try:
        tfs = [line.strip() for line in Path(path).read_text(encoding="utf-8").splitlines()]
    except UnicodeDecodeError as error:
        raise job.UserError(f"{path}: not text in UTF-8 ({error.reason}); give one gene symbol a line") from error
    tfs = list(dict.fromkeys(tf for tf in tfs if tf and not tf.startswith("#")))
    if not tfs:
        raise job.UserError(f"{path}: no factor in it; give one gene symbol a line")
    return tfs


def read_annotated(path: str | Path) -> pd.DataFrame:
    """Read which motif stands for which factor (columns motif, tf). Raises UserError if the table isn't cisTarget's."""
    try:
        table = pd.read_csv(path, sep="\t", usecols=["#motif_id", "gene_name"], dtype=str)
    except (ValueError, pd.errors.ParserError, EOFError, OSError) as error:
        raise job.UserError(
            f"{path}: columns #motif_id and gene_name are wanted; give the motifs-….tbl that belongs to the database"
        ) from error
    return table.set_axis(["motif", "tf"], axis=1).drop_duplicates()


def check_ranks(names: Names, rank_threshold: int, auc_threshold: float) -> None:
    """Raise UserError unless the recovery curve and its AUC fit into the database's ranking."""
    n = len(names.genes)
    if rank_threshold >= n:
        raise job.UserError(
            f"config, regulons.rank_threshold: {rank_threshold} ranks of {n} genes in database {names.name}; "
            f"choose less than {n} (5000 suits a whole genome)"
        )
    cutoff = round(auc_threshold * n)
    if not 1 <= cutoff <= rank_threshold:
        raise job.UserError(
            f"config, regulons.auc_threshold: {auc_threshold} of {n} genes in database {names.name} are {cutoff} "
            f"ranks; "
            f"it must lie between 1 and rank_threshold ({rank_threshold})"
        )


def check_overlap(measured: list[str], known: set[str], minimum: float, where: str) -> float:
    """Return the share of ``measured`` genes that a database knows; raise UserError with examples if below
    ``minimum``.
    """
    missing = [gene for gene in measured if gene not in known]
    share = 1 - len(missing) / max(len(measured), 1)
    if share < minimum:
        here, there = ", ".join(missing[:EXAMPLES]), ", ".join(sorted(known)[:EXAMPLES])
        raise job.UserError(
            f"{where}: the ranking databases know {share:.0%} of {len(measured)} genes, less than "
            f"regulons.min_database_overlap ({minimum:.0%}); unknown: {here}; known: {there}. "
            "Do species, release and naming (symbols, not Ensembl ids) agree?"
        )
    return share
