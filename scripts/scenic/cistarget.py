"""Motif pruning (cisTarget): keep the targets of each co-expression module that share a motif of the module's factor.

The AUC of a motif is the area under its recovery curve (module genes among the first k of the motif's ranking), up to
``auc_threshold`` of the ranked genes. Its NES is the AUC standardised over all motifs. Enriched motifs that are
annotated for the factor keep the genes of the leading edge: up to the rank at which their curve is farthest above the
mean + 2 sd of the curves of all motifs. After Aibar et al. 2017 (Nature Methods 14:1083) and Van de Sande et al. 2020
(Nature Protocols 15:2247).

The motif × rank matrix is never built. The sd needs the sum over motifs of the squared counts. This sum grows by 2k + 1
at the rank at which a motif's count increases from k to k + 1. One pass over all (rank, motif) pairs in rank order
gives it in integers, and thus exactly.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.scenic.errors import AnnotationError, DatabaseError, ThresholdError
from scripts.scenic.modules import Module
from scripts.scenic.rankings import MIN_OVERLAP, Database
from scripts.scenic.recovery import Pruner, rank_cutoff
from scripts.scenic.regulons import (
    MOTIFS,
    REGULONS,
    name_regulons,
    no_motifs,
    no_regulons,
    regulons_from_motifs,
    sort_regulons,
)

__all__ = [
    "MIN_OVERLAP", "MOTIFS", "REGULONS", "Database", "Pruner", "name_regulons", "no_motifs", "no_regulons", "prune",
    "regulons_from_motifs", "sort_regulons",
]  # fmt: skip
RANK_THRESHOLD = 5000
"""Ranks of the recovery curve among which the leading edge may end."""
AUC_THRESHOLD = 0.05
"""Fraction of the ranked genes whose part of the curve makes the AUC."""
NES_THRESHOLD = 3.0
MAX_MISSING = 0.2
"""Fraction of a module's genes at which a database that doesn't rank them leaves the module out."""
LEADING_EDGES = ("motif", "pyscenic")


def best_annotations(annotations: pd.DataFrame) -> pd.DataFrame:
    """Return one row per factor and motif: least q-value, then highest orthologous identity, then the later row."""
    order = annotations.sort_values(
        ["motif_similarity_qvalue", "orthologous_identity"], ascending=[False, True], kind="stable"
    )
    return order.drop_duplicates(["tf", "motif"], keep="last").sort_index()


def check_pruning(
    databases: Sequence[Database],
    annotations: pd.DataFrame,
    modules: Sequence[Module],
    rank_threshold: int,
    auc_threshold: float,
    leading_edge: str,
) -> None:
    """Raise ThresholdError or AnnotationError for input with which pruning would fail or find nothing."""
    if leading_edge not in LEADING_EDGES:
        raise ThresholdError(f"leading_edge: {leading_edge!r} is none of {', '.join(LEADING_EDGES)}")
    if not databases:
        raise DatabaseError("no ranking database; give at least one")
    if len({database.name for database in databases}) < len(databases):
        raise DatabaseError("two ranking databases have the same name; rename one")
    for database in databases:
        n = database.total_genes
        if not 0 < rank_threshold < n:
            raise ThresholdError(
                f"rank_threshold: {rank_threshold} of {n} genes in database {database.name}; it must lie between 1 and "
                f"{n - 1} (5000 suits a whole genome)"
            )
        cutoff = rank_cutoff(auc_threshold, n) + 1
        if not (0 < auc_threshold <= 1 and 0 < cutoff <= rank_threshold):
            raise ThresholdError(
                f"auc_threshold: {auc_threshold} of {n} genes in database {database.name} is {cutoff} ranks; "
                f"it must lie between 1 and rank_threshold ({rank_threshold})"
            )
    known = set().union(*(database.motifs for database in databases))
    usable = annotations[annotations["motif"].isin(known)]
    if usable.empty:
        raise AnnotationError(
            f"motif annotations: none of their motifs ({', '.join(map(str, annotations['motif'].head(3)))} …) "
            f"is in the databases ({', '.join(sorted(known)[:3])} …); give the table of the databases' own release"
        )
    factors = {module.tf for module in modules}
    if factors and not factors & set(usable["tf"]):
        raise AnnotationError(
            f"motif annotations: no motif of the databases is annotated for any factor of the network "
            f"({', '.join(sorted(factors)[:3])} …; annotated: {', '.join(sorted(set(usable['tf']))[:3])} …); "
            "check that species and naming agree"
        )


@dataclass(frozen=True, eq=False)
class Evidence:
    """A factor's annotated motifs in one database: their rows, ascending, and the annotation's columns."""

    motifs: np.ndarray
    qvalues: np.ndarray
    identities: np.ndarray
    texts: np.ndarray


def find_evidence(database: Database, annotations: pd.DataFrame) -> dict[str, Evidence]:
    """Return each factor's annotated motifs in ``database``."""
    table = best_annotations(annotations)
    table = table.assign(row=pd.Index(database.motifs).get_indexer(table["motif"]))
    table = table[table["row"] >= 0].sort_values("row", kind="stable")
    return {
        tf: Evidence(
            part["row"].to_numpy(),
            part["motif_similarity_qvalue"].to_numpy(),
            part["orthologous_identity"].to_numpy(),
            part["annotation"].to_numpy(dtype=object),
        )
        for tf, part in table.groupby("tf", sort=False)
    }


def prune_module(
    pruner: Pruner,
    database: Database,
    module: Module,
    rows: np.ndarray,
    evidence: Evidence,
    nes_threshold: float,
    leading_edge: str,
) -> list[tuple]:
    """Return one tuple (:data:`MOTIFS`) per enriched motif of the module's factor, best NES first.

    ``rows``: row of the database for each of the module's genes, -1 if the gene is not ranked.
    """
    present = np.flatnonzero(rows >= 0)
    rows = rows[present]
    auc, nes = pruner.enrich(rows)
    enriched = np.flatnonzero(nes >= nes_threshold)
    which = np.flatnonzero(np.isin(evidence.motifs, enriched, assume_unique=True))
    if not len(which):
        return []
    # The order in which pySCENIC keeps the annotated motifs; stable, so ties stay in the database's order.
    which = which[np.lexsort((evidence.identities[which], -evidence.qvalues[which]))]
    told = np.flatnonzero(pd.notna(evidence.texts[which]))
    which = which[told]
    motifs = evidence.motifs[which]
    # pySCENIC indexes the curves, which are in the database's order, by the position in this order.
    curves = enriched[told] if leading_edge == "pyscenic" else motifs
    if not len(which):
        return []
    limit = pruner.limit(rows)
    genes, weights = module.genes[present], module.weights[present]
    found = []
    for number, motif, curve in zip(which.tolist(), motifs.tolist(), curves.tolist(), strict=True):
        at, edge = pruner.edge(rows, curve, limit)
        found.append(
            (
                module.tf, module.sign, module.criterion, database.name, database.motifs[motif], nes[motif], auc[motif],
                evidence.qvalues[number], evidence.identities[number], evidence.texts[number], at,
                genes[edge].tolist(), weights[edge].tolist(),
            )
        )  # fmt: skip
    return sorted(found, key=lambda row: (-row[5], row[4]))


def over_modules(
    modules: Sequence[Module],
    database: Database,
    call: Callable,
    rank_threshold: int,
    auc_threshold: float,
    threads: int,
) -> list:
    """Return ``call(pruner, module, rows)`` of each module; None if the database ranks less than 80 % of its genes.

    ``rows``: row of the database for each of the module's genes, -1 if the gene is not ranked. Each thread has its own
    pruner.
    """
    row_of = {gene: row for row, gene in enumerate(database.genes)}
    local = threading.local()

    def one(module: Module):
        rows = np.array([row_of.get(gene, -1) for gene in module.genes], dtype=np.int64)
        if (rows < 0).sum() / len(rows) >= MAX_MISSING:
            return None
        if not hasattr(local, "pruner"):
            local.pruner = Pruner(database, rank_threshold, auc_threshold)
        return call(local.pruner, module, rows)

    if threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(one, modules))
    return [one(module) for module in modules]


def prune(
    modules: Sequence[Module],
    databases: Sequence[Database],
    annotations: pd.DataFrame,
    *,
    rank_threshold: int = RANK_THRESHOLD,
    auc_threshold: float = AUC_THRESHOLD,
    nes_threshold: float = NES_THRESHOLD,
    leading_edge: str = "motif",
    threads: int = 1,
) -> pd.DataFrame:
    """Return the enriched motifs of each module's factor (:data:`MOTIFS`): one row per module, database and motif.

    ``targets`` and ``weights`` are lists, best rank first. Rows are ordered by database, module and descending NES. A
    module is left out for a database that ranks less than 80 % of its genes. ``annotations``: as returned by
    :func:`scripts.scenic.motif_table.load_annotations`.

    ``leading_edge``: "motif" takes each motif's targets from its own recovery curve. "pyscenic" reproduces pySCENIC
    0.12.1. It sorts the motifs by annotation after it has computed their curves, and so takes the targets of some
    motifs from curves of other motifs (aertslab/pySCENIC issue 635). NES and AUC are the same. Raises ThresholdError,
    DatabaseError, AnnotationError.
    """
    check_pruning(databases, annotations, modules, rank_threshold, auc_threshold, leading_edge)
    found: list[tuple] = []
    for database in databases:
        evidence = find_evidence(database, annotations)

        def prune_one(pruner: Pruner, module: Module, rows: np.ndarray, database=database, evidence=evidence):
            """Return the module's motifs."""
            if module.tf not in evidence:
                return []
            return prune_module(pruner, database, module, rows, evidence[module.tf], nes_threshold, leading_edge)

        results = over_modules(modules, database, prune_one, rank_threshold, auc_threshold, threads)
        left_out = sum(result is None for result in results)
        if left_out:
            job.log.warning(
                "%d of %d modules left out: database %s ranks too few of their genes",
                left_out,
                len(modules),
                database.name,
            )
        found += [row for result in results for row in result or []]
    return pd.DataFrame(found, columns=MOTIFS) if found else no_motifs()
