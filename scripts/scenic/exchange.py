"""Null model of regulons in which motifs are independent of factors: each factor is assigned the motifs of the others.

Modules and databases do not change, so a module's enriched motifs and their leading edges are computed once. The
assigned motifs decide which of them count. Whole sets of motifs are exchanged, never single motifs. Sets are never
exchanged between relatives: factors of one family, or factors that share a motif.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.scenic import cistarget
from scripts.scenic.modules import ACTIVATING, Module
from scripts.scenic.recovery import Pruner
from scripts.scenic.regulons import name_regulon

CANDIDATES = ["tf", "sign", "motif", "nes", "targets"]
NULL = ["regulon", "tf", "targets", "nes", "nes_excess", "p", "false_share"]
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
    """Return the targets that each factor's modules would keep by any factor's motifs (:data:`CANDIDATES`).

    Parameters
    ----------
    modules, databases, annotations, rank_threshold, auc_threshold, nes_threshold, threads
        As for :func:`scripts.scenic.cistarget.prune`.

    Returns
    -------
    DataFrame
        One row per factor with a motif, sign, and motif that is enriched in one of the factor's modules. ``nes`` is the
        highest over modules and databases; ``targets`` are the genes of all leading edges, sorted. Rows are ordered by
        factor, sign and motif.

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
    """Return the number of targets and the NES (factors × factors) of each factor's regulon by each factor's motifs.

    Parameters
    ----------
    runs
        The candidates (:func:`find_candidates`) of each run.
    annotations, factors
        Motif (motif) and the factor that it is annotated to (tf); the factors to be compared.
    sign
        Sign of the modules: "activating" or "repressing".
    min_runs
        Minimum number of runs that find a target.

    Returns
    -------
    tuple
        Row: the factor of the modules; column: the factor whose motifs are assigned. The NES is the highest in each
        run, averaged over the runs; 0 if nothing is enriched.
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
    """Return factors × factors: whether the column's factor has a similar number of motifs as the row's
    (:data:`ALIKE`).

    If fewer than :data:`MIN_FACTORS` factors do, the factors with the nearest numbers are used, with all ties.
    """
    apart = np.abs(np.log(motifs)[:, None] - np.log(motifs)[None, :])
    nearest = np.sort(apart, axis=1)[:, min(MIN_FACTORS, len(motifs)) - 1]
    return apart <= np.maximum(nearest, np.log(ALIKE))[:, None] + 1e-9


def excess_scores(scores: np.ndarray, exchanged: np.ndarray) -> np.ndarray:
    """Return each NES (factors × factors) minus the mean NES that the same motifs give all factors' modules.

    Modules of one expression programme share the motifs of its factors. Such motifs are enriched for many factors, and
    an enrichment that others have as well says little of the own one. ``scores``: 0 without a regulon; ``exchanged``:
    pairs that may exchange motifs. Pairs of relatives do not count in the mean, except a factor and itself.
    """
    counted = exchanged | np.eye(len(scores), dtype=bool)
    return scores - np.where(counted, scores, 0.0).sum(axis=0) / np.maximum(counted.sum(axis=0), 1)


def false_shares(p: np.ndarray) -> np.ndarray:
    """Return the expected share of false regulons, from the p of all factors of a group (or groups × factors).

    The value q of Benjamini & Hochberg (1995) bounds the mean share of false regulons, in which groups without a
    regulon count as 0. If motifs carry no information, the rule q ≤ α keeps α ÷ (1 − α)² regulons on average, more
    than α, since the limit on p rises with each regulon that is found (Finner & Roters 2002, Annals of Statistics
    30:220). The share is therefore q ÷ (1 − q)², at most 1: a limit α on it keeps α regulons on average when all motifs
    are exchanged.
    """
    from scipy.stats import false_discovery_control

    if not p.size:
        return p
    q = false_discovery_control(p, axis=-1)
    return np.minimum(q / np.maximum(1.0 - q, 1e-9) ** 2, 1.0)


def judge(
    factors: Sequence[str],
    sizes: np.ndarray,
    scores: np.ndarray,
    related: np.ndarray,
    alike: np.ndarray,
    sign: str,
    min_targets: int,
) -> tuple[pd.DataFrame, float]:
    """Return the regulons (:data:`NULL`) and their expected number when motifs are exchanged at random.

    Parameters
    ----------
    factors, sizes, scores, sign
        As taken and returned by :func:`pair_up`.
    related, alike
        Factors × factors: which pairs are relatives (:func:`relatives`), and which have similar numbers of motifs
        (:func:`comparable`).
    min_targets
        Minimum number of targets of a regulon.

    Returns
    -------
    tuple
        One row per factor that has a regulon by its own motifs. ``nes_excess`` is defined in :func:`excess_scores`.
        ``p`` is the share of exchanges that give a factor a regulon of at least this excess, among all exchanges of
        sets of similar size. ``false_share`` is defined in :func:`false_shares`.
    """
    enough, exchanged = sizes >= min_targets, ~related
    excess = excess_scores(np.where(enough, scores, 0.0), exchanged)
    value, found = np.where(enough, excess, -np.inf), np.diag(enough)
    number = alike @ exchanged.sum(axis=0)
    hits = alike @ (exchanged & enough).sum(axis=0)
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
            "nes_excess": np.diag(excess),
            "p": p,
            "false_share": false_shares(p),
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
    """Return the regulons of a group compared with exchanged motifs (:data:`NULL`), and the number expected by
    exchange.

    Parameters
    ----------
    runs
        The candidates (:func:`find_candidates`) of each run; a single entry if they are those of the mean network.
    annotations
        Motifs of the databases and the factors that they are annotated to
        (:func:`scripts.scenic.motif_table.load_annotations`).
    factors
        Factors with a module in one of the runs. Factors without a motif are neither tested nor counted.
    families
        Family of each factor that has one: relatives do not exchange motifs.
    sign
        Sign of the regulons: "activating" or "repressing".
    min_runs, min_targets
        Minimum number of runs for an edge and of targets for a regulon.

    Returns
    -------
    tuple
        Regulons by p, then descending NES, and the number of regulons expected under exchange. ``p``, ``false_share``
        and the expected number are missing if fewer than :data:`MIN_FACTORS` factors can exchange motifs.
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
    return table.sort_values(["p", "nes", "regulon"], ascending=[True, False, True], ignore_index=True), expected
