"""What a ranking database and its motif table know: genes, motifs, factors. Reads names only, never the rankings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.base import names as names_reader
from scripts.scenic.cistarget import load_annotations

INDEX_COLUMNS = ("motifs", "tracks", "features")
"""Columns that name the rows of a ranking database, by the kind of database."""
EXAMPLES = 5
THRESHOLDS = ("motif_similarity_fdr", "orthologous_identity")
"""Settings that say which motif stands for a factor."""
TF_HEADINGS = frozenset(("tf", "tfs", "gene", "genes", "symbol", "gene_name", "factor", "tf_name", "hgnc symbol"))
"""What a list of factors may have as its first line, in lower case."""


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
    """Read the list of factors: one symbol a line, the first of several columns. Raises UserError if it is empty."""
    try:
        return names_reader.read_list(path, "one gene symbol a line", TF_HEADINGS)
    except job.UserError as error:
        if "no name in it" in str(error):
            raise job.UserError(f"{path}: no factor in it; give one gene symbol a line") from error
        raise


def read_annotated(path: str | Path, settings: dict | None = None) -> pd.DataFrame:
    """Read which motif stands for which factor (columns motif, tf), within the thresholds of the config.

    The reader is that of the pruning, so that what it would refuse is refused before any network is inferred. Raises
    UserError if the table isn't cisTarget's, or nothing is within the thresholds.
    """
    within = {key: settings[key] for key in THRESHOLDS if settings and key in settings}
    return load_annotations(path, **within)[["motif", "tf"]].drop_duplicates()


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
