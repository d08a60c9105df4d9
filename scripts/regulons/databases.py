"""Contents of a ranking database and its motif table: genes, motifs, factors. Reads only names, not the rankings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from scripts.base import job
from scripts.base import names as names_reader
from scripts.scenic.motif_table import load_annotations

INDEX_COLUMNS = ("motifs", "tracks", "features")
"""Columns that name the rows of a ranking database, by the kind of database."""
EXAMPLES = 5
THRESHOLDS = ("motif_similarity_fdr", "orthologous_identity")
"""Settings that assign motifs to factors."""
TF_HEADINGS = frozenset(("tf", "tfs", "gene", "genes", "symbol", "gene_name", "factor", "tf_name", "hgnc symbol"))
"""What a list of factors may have as its first line, in lower case."""
WARN_OVERLAP = 0.8
"""Share of the measured genes that the databases should know (pySCENIC's limit); sound data have less where many of
their genes are clones or long non-coding RNAs.
"""


@dataclass(frozen=True)
class Names:
    """Genes (``genes``) and motifs (``motifs``) of one database."""

    name: str
    genes: tuple[str, ...]
    motifs: frozenset[str]


def read_names(path: str | Path) -> Names:
    """Read the gene and motif names of a ranking database (Feather V1 or V2). Raises UserError for any other file."""
    import pyarrow as pa
    from pyarrow import feather

    path = Path(path)
    try:
        try:
            with pa.memory_map(str(path)) as source:
                columns = pa.ipc.open_file(source).schema.names
        except pa.ArrowInvalid:  # Feather V1 is not in Arrow's IPC format
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
    """Read the list of factors: one symbol per line, the first of several columns. Raises UserError if it is empty."""
    try:
        return names_reader.read_list(path, "one gene symbol per line", TF_HEADINGS)
    except job.UserError as error:
        if "no name in the file" in str(error):
            raise job.UserError(f"{path}: no factor in the file; give one gene symbol per line") from error
        raise


def read_annotated(path: str | Path, settings: dict | None = None) -> pd.DataFrame:
    """Read which motifs are annotated to which factors (columns motif, tf), within the thresholds of the config.

    The reader is that of the pruning. Input that the pruning would reject is thus rejected before any network is
    inferred. Raises UserError if the table is not cisTarget's, or no row is within the thresholds.
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


def check_overlap(measured: list[str], known: set[str], coding: set[str] | None, minimum: float, where: str) -> float:
    """Return the share of the ``measured`` genes that are in a database, among those that could be in it.

    Databases rank genes with a known promoter or protein. Clones and most long non-coding RNAs are in no database. If
    the annotation gives gene types, only protein-coding genes are counted. If it does not, as with imported matrices,
    all measured genes are counted. The message then also gives the number of the databases' genes that are measured:
    clones lower the share, but not this number.

    Parameters
    ----------
    measured, known
        Measured genes; genes ranked by any of the databases.
    coding
        Protein-coding genes of the annotation; None if gene types are unknown.
    minimum
        Share below which the data are rejected; below :data:`WARN_OVERLAP` a warning is logged.
    where
        Subject of the message.

    Raises
    ------
    UserError
        Below ``minimum``, with examples of both sets of names.
    """
    judged = [gene for gene in measured if coding is None or gene in coding]
    kind = "genes" if coding is None else "protein-coding genes"
    missing = [gene for gene in judged if gene not in known]
    share = 1 - len(missing) / max(len(judged), 1) if judged or not measured else 0.0
    every = sum(gene in known for gene in measured) / max(len(measured), 1)
    if share >= max(minimum, WARN_OVERLAP):
        return share
    here, there = ", ".join((missing or measured)[:EXAMPLES]), ", ".join(sorted(known)[:EXAMPLES])
    if coding is None:
        of_all = f"; {len(known.intersection(measured)) / max(len(known), 1):.0%} of theirs are detected"
    else:
        of_all = f" ({every:.0%} of all {len(measured)})"
    said = f"{where}: the ranking databases know {share:.0%} of {len(judged)} {kind}{of_all}"
    examples = f"unknown: {here}; known: {there}"
    if share < minimum:
        raise job.UserError(
            f"{said}, less than regulons.min_database_overlap ({minimum:.0%}); {examples}. "
            "Check that species, release and naming (symbols, not Ensembl ids) agree."
        )
    job.log.warning(
        "%s, less than %.0f %% and more than regulons.min_database_overlap (%.0f %%): the others are left out; %s",
        said, 100 * WARN_OVERLAP, 100 * minimum, examples,
    )  # fmt: skip
    return share
