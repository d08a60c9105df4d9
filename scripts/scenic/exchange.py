"""What regulons would there be if motifs said nothing of factors: each factor is given the motifs of the others.

Modules and databases stay as they are, so that a module's enriched motifs and their leading edges are computed once;
which of them count is then a matter of whose motifs the factor is given. Whole sets of motifs are exchanged, never
single ones, and never between relatives: factors of one family, or that share a motif.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse, stats

from scripts.scenic import cistarget
from scripts.scenic.modules import ACTIVATING, Module
from scripts.scenic.recovery import Pruner
from scripts.scenic.regulons import name_regulon

CANDIDATES = ["tf", "sign", "motif", "nes", "targets"]
NULL = ["regulon", "tf", "targets", "nes", "p", "false_share"]
MIN_FACTORS = 20
"""Factors with modules and motifs below which exchanges are too few for a conclusion."""
ALIKE = 2.0
"""Ratio up to which two numbers of motifs count as equal: the best of many motifs scores more than the best of few."""


def find_candidates(
    modules: Sequence[Module],
    databases: Sequence[cistarget.Database],
    annotations: pd.DataFrame,
    *,
    rank_threshold: int = cistarget.RANK_THRESHOLD,
    auc_threshold: float = cistarget.AUC_THRESHOLD,
    nes_threshold: float = cistarget.NES_THRESHOLD,
    threads: int = 1,
) -> pd.DataFrame:
    """Return what each factor's modules would keep by any annotated motif (:data:`CANDIDATES`), whosever it is.

    Parameters
    ----------
    modules, databases, annotations, rank_threshold, auc_threshold, nes_threshold, threads
        As for :func:`scripts.scenic.cistarget.prune`.

    Returns
    -------
    DataFrame
        A row per factor (of those with a motif), sign and motif that is enriched in one of the factor's modules:
        ``nes`` is the highest of the modules and databases, ``targets`` the genes of all leading edges, sorted. Rows go
        by factor, sign and motif.

    Raises
    ------
    ThresholdError, DatabaseError, AnnotationError
        As :func:`scripts.scenic.cistarget.prune`.
    """
    cistarget.check_pruning(databases, annotations, modules, rank_threshold, auc_threshold, "motif")
    told = annotations[annotations["annotation"].notna()]
    with_motif = set(told["tf"])
    modules = [module for module in modules if module.tf in with_motif]
    found: dict[tuple[str, str, str], tuple[float, set[str]]] = {}
    for database in databases:
        wanted = np.isin(np.array(database.motifs, dtype=object), told["motif"].unique())

        def find(pruner: Pruner, module: Module, rows: np.ndarray, wanted=wanted, database=database) -> list[tuple]:
            present = np.flatnonzero(rows >= 0)
            rows = rows[present]
            _, nes = pruner.enrich(rows)
            enriched = np.flatnonzero((nes >= nes_threshold) & wanted)
            if not len(enriched):
                return []
            genes, limit = module.genes[present], pruner.limit(rows)
            key = module.tf, module.sign
            return [
                ((*key, database.motifs[motif]), nes[motif], genes[pruner.edge(rows, motif, limit)[1]].tolist())
                for motif in enriched.tolist()
            ]

        for rows in cistarget.over_modules(modules, database, find, rank_threshold, auc_threshold, threads):
            for key, nes, targets in rows or []:
                best, kept = found.setdefault(key, (-np.inf, set()))
                kept.update(targets)
                found[key] = max(best, float(nes)), kept
    rows = [(*key, nes, sorted(targets)) for key, (nes, targets) in sorted(found.items())]
    return pd.DataFrame(rows, columns=CANDIDATES).astype({"nes": np.float64})


def relatives(annotations: pd.DataFrame, factors: Sequence[str], families: Mapping[str, str]) -> np.ndarray:
    """Return factors × factors: whether two are the same, of one family, or share a motif.

    ``annotations``: tf and motif; ``families``: the family of each factor that has one.
    """
    rows = pd.Index(factors)
    own = annotations[annotations["tf"].isin(rows)].drop_duplicates(["tf", "motif"])
    motif, _ = pd.factorize(own["motif"])
    shape = (len(rows), motif.max(initial=-1) + 1)
    has = sparse.csr_matrix((np.ones(len(own)), (rows.get_indexer(own["tf"]), motif)), shape=shape)
    family = np.array([families.get(tf, f"only {tf}") for tf in factors], dtype=object)
    return (has @ has.T).toarray().astype(bool) | (family[:, None] == family[None, :])


def pair_up(
    runs: Sequence[pd.DataFrame], annotations: pd.DataFrame, factors: Sequence[str], sign: str, min_runs: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return number of targets and NES (factors × factors) of each factor's regulon by each factor's motifs.

    Parameters
    ----------
    runs
        The candidates (:func:`find_candidates`) of each run.
    annotations, factors
        Motif (motif) and the factor that it is annotated to (tf); the factors in question.
    sign
        Whose modules: "activating" or "repressing".
    min_runs
        Runs that a target must be found in.

    Returns
    -------
    tuple
        Row: the factor whose modules they are; column: the factor whose motifs it is given. The NES is the highest in
        each run, averaged over the runs; 0 where nothing is enriched.
    """
    place = pd.Index(factors)
    sizes = np.zeros((len(factors), len(factors)), dtype=np.int64)
    scores = np.zeros(sizes.shape)
    owners = annotations[annotations["tf"].isin(place)].drop_duplicates(["tf", "motif"])
    motifs = pd.Index(owners["motif"].unique())
    has = sparse.csr_matrix(
        (np.ones(len(owners), dtype=bool), (place.get_indexer(owners["tf"]), motifs.get_indexer(owners["motif"]))),
        shape=(len(place), len(motifs)),
    )
    table = pd.concat([run.assign(run=number) for number, run in enumerate(runs)], ignore_index=True)
    table = table[(table["sign"] == sign) & table["tf"].isin(place) & table["motif"].isin(motifs)]
    for tf, own in table.groupby("tf", sort=False):
        row = place.get_loc(tf)
        genes = pd.Index(np.unique(np.concatenate([np.array(t, dtype=object) for t in own["targets"]])))
        times = np.zeros((len(place), len(genes)), dtype=np.int64)
        for _, part in own.groupby("run", sort=False):
            given = has[:, motifs.get_indexer(part["motif"])].toarray()
            lengths = part["targets"].str.len().to_numpy()
            edges = np.zeros((len(part), len(genes)), dtype=np.float32)
            flat = genes.get_indexer(np.concatenate([np.array(t, dtype=object) for t in part["targets"]]))
            edges[np.repeat(np.arange(len(part)), lengths), flat] = 1
            times += given.astype(np.float32) @ edges > 0
            scores[row] += np.where(given, part["nes"].to_numpy()[None, :], 0.0).max(axis=1) / len(runs)
        sizes[row] = (times >= min_runs).sum(axis=1)
    return sizes, scores


def comparable(motifs: np.ndarray) -> np.ndarray:
    """Return factors × factors: whether the column's factor has about as many motifs as the row's (:data:`ALIKE`).

    Where fewer than :data:`MIN_FACTORS` have, those of the nearest numbers are taken, ties among them.
    """
    apart = np.abs(np.log(motifs)[:, None] - np.log(motifs)[None, :])
    nearest = np.sort(apart, axis=1)[:, min(MIN_FACTORS, len(motifs)) - 1]
    return apart <= np.maximum(nearest, np.log(ALIKE))[:, None] + 1e-9


def judge(
    factors: Sequence[str],
    sizes: np.ndarray,
    scores: np.ndarray,
    related: np.ndarray,
    alike: np.ndarray,
    sign: str,
    min_targets: int,
) -> tuple[pd.DataFrame, float]:
    """Return the regulons (:data:`NULL`) and how many there would be on average if motifs were exchanged at random.

    Parameters
    ----------
    factors, sizes, scores, sign
        As :func:`pair_up` takes and gives them.
    related, alike
        Factors × factors: which pairs are relatives (:func:`relatives`), and have like numbers of motifs
        (:func:`comparable`).
    min_targets
        Targets of a regulon.

    Returns
    -------
    tuple
        A row per factor that has a regulon by its own motifs. ``p`` is the share of exchanges that give some factor a
        regulon of at least this NES, among all exchanges of sets of about as many motifs. ``false_share`` is the
        expected number of such regulons over all factors, divided by the number found (Benjamini & Hochberg 1995).
    """
    value = np.where(sizes >= min_targets, scores, -np.inf)
    exchanged, found = ~related, np.isfinite(np.diag(value))
    number = alike @ exchanged.sum(axis=0)
    hits = alike @ (exchanged & np.isfinite(value)).sum(axis=0)
    expected = float(np.divide(hits, number, out=np.ones(len(factors)), where=number > 0).sum())
    p = np.ones(len(factors))
    for place in np.flatnonzero(found):
        stronger = (exchanged & (value >= value[place, place])).sum(axis=0)
        p[place] = (1 + alike[place] @ stronger) / (1 + number[place])
    table = pd.DataFrame(
        {
            "regulon": [name_regulon(tf, sign) for tf in factors],
            "tf": list(factors),
            "targets": np.diag(sizes),
            "nes": np.diag(scores),
            "p": p,
            "false_share": stats.false_discovery_control(p) if len(p) else p,
        },
        columns=NULL,
    )
    return table[found].reset_index(drop=True), expected


def against_exchange(
    runs: Sequence[pd.DataFrame],
    annotations: pd.DataFrame,
    factors: Sequence[str],
    families: Mapping[str, str],
    *,
    sign: str = ACTIVATING,
    min_runs: int = 1,
    min_targets: int = 0,
) -> tuple[pd.DataFrame, float]:
    """Return the regulons of a group compared with exchanged motifs (:data:`NULL`), and how many those find.

    Parameters
    ----------
    runs
        The candidates (:func:`find_candidates`) of each run; one run, if that is of the runs' mean network.
    annotations
        Which motif is annotated to which factor, of the motifs that the databases know
        (:func:`scripts.scenic.motif_table.load_annotations`).
    factors
        Factors with a module in one of the runs. Those without a motif aren't tested, nor counted.
    families
        Family of each factor that has one: relatives don't exchange motifs.
    sign
        "activating" or "repressing": which regulons.
    min_runs, min_targets
        Runs that an edge and targets that a regulon needs.

    Returns
    -------
    tuple
        Regulons by NES, the highest first, ``p`` and ``false_share`` missing if fewer than :data:`MIN_FACTORS` factors
        can exchange motifs; the number of regulons expected under exchange (missing, too).
    """
    annotations = cistarget.best_annotations(annotations)
    annotations = annotations[annotations["annotation"].notna()]
    known = annotations.groupby("tf").size()
    factors = sorted(set(factors) & set(known.index))
    if not factors:
        return pd.DataFrame(columns=NULL), np.nan
    sizes, scores = pair_up(runs, annotations, factors, sign, min_runs)
    related = relatives(annotations, factors, families)
    alike = comparable(known[factors].to_numpy(dtype=np.float64))
    table, expected = judge(factors, sizes, scores, related, alike, sign, min_targets)
    if len(factors) < MIN_FACTORS or related.all():
        table, expected = table.assign(p=np.nan, false_share=np.nan), np.nan
    return table.sort_values(["nes", "regulon"], ascending=[False, True], ignore_index=True), expected
