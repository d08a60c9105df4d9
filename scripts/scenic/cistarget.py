"""Motif pruning (cisTarget): keep of each co-expression module the targets that share a motif of the module's factor.

A motif's AUC is the area under its recovery curve (module genes found among the first k of the motif's ranking) up to
``auc_threshold`` of the ranked genes; its NES is that AUC standardised over all motifs. Enriched motifs that are
annotated for the factor keep the genes up to the rank at which their curve is farthest above mean + 2 sd of all motifs'
curves (the leading edge). After Aibar et al. 2017 (Nature Methods 14:1083) and Van de Sande et al. 2020 (Nature
Protocols 15:2247).

No motif × rank matrix is made. The sum over motifs of the squared counts, which the sd needs, grows by 2k + 1 at the
rank where a motif's count goes from k to k + 1; walking all (rank, motif) pairs once in rank order gives it, in
integers and so exactly.
"""

from __future__ import annotations

import math
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import pandas as pd

from scripts.base import job
from scripts.scenic.errors import AnnotationError, DatabaseError, NamingError, ThresholdError
from scripts.scenic.modules import REPRESSING, Module

RANK_THRESHOLD = 5000
"""Ranks of the recovery curve among which the leading edge may end."""
AUC_THRESHOLD = 0.05
"""Fraction of the ranked genes whose part of the curve makes the AUC."""
NES_THRESHOLD = 3.0
MOTIF_SIMILARITY_FDR = 0.001
ORTHOLOGOUS_IDENTITY = 0.0
MAX_MISSING = 0.2
"""Fraction of a module's genes at which a database that doesn't rank them leaves the module out."""
MIN_OVERLAP = 0.8
"""Fraction of the measured genes that a database must rank."""
INDEX_COLUMNS = ("motifs", "tracks", "features")
"""Columns that name the rows of a ranking database, by its kind and age."""
MOTIFS = [
    "tf", "sign", "criterion", "database", "motif", "nes", "auc", "motif_similarity_qvalue", "orthologous_identity",
    "annotation", "rank_at_max", "targets", "weights",
]  # fmt: skip
REGULONS = ["regulon", "tf", "target", "weight", "motifs"]
ANNOTATIONS = ["tf", "motif", "motif_similarity_qvalue", "orthologous_identity", "annotation"]
LEADING_EDGES = ("motif", "pyscenic")
COLUMNS_AT_ONCE = 512
EXAMPLES = 5


@dataclass(frozen=True, eq=False)
class Database:
    """Rankings in memory: ``ranks`` is measured genes × motifs (0 = best); ``total_genes`` counts the others too."""

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

        Columns are streamed, so that no more than the result is held; a result beyond ``max_memory`` bytes goes into an
        unnamed memory-mapped file in the temporary folder. Raises DatabaseError for what is no (whole) ranking database
        and NamingError if it ranks less than ``min_overlap`` of ``genes``.
        """
        path = Path(path)
        reader = open_feather(path)
        index = next((column for column in INDEX_COLUMNS if column in reader.columns), None)
        if index is None:
            raise DatabaseError(
                f"{path}: no column {' or '.join(INDEX_COLUMNS)}; give a genes_vs_motifs.rankings.feather of cisTarget"
            )
        ranked = [column for column in reader.columns if column != index]
        check_unique(ranked, f"{path}: a gene stands in two columns")
        kept = ranked
        if genes is not None:
            measured = list(dict.fromkeys(genes))
            check_naming(measured, set(ranked), min_overlap, str(path))
            wanted = set(measured)
            kept = [column for column in ranked if column in wanted]
        motifs = tuple(map(str, reader.read([index]).column(0).to_pylist()))
        check_unique(motifs, f"{path}: a motif stands in two rows")
        # Ranks below 2^15 fit into 16 bits, whatever the file uses.
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
                    raise DatabaseError(f"{path}: column {column} isn't of whole numbers; give rankings, not scores")
                ranks[row] = check_ranks(values.to_numpy(), len(ranked), path, column)
        return cls(name or path.stem, tuple(kept), motifs, ranks, len(ranked))


class Feather:
    """Columns of a Feather file, read by name without reading the others."""

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
        """Return a V1 file's table; it isn't compressed, so that its columns stay in the file until they are used."""
        from pyarrow import feather

        with warnings.catch_warnings():
            # Arrow means to drop V1 some day; many of cisTarget's databases are V1, and pyarrow is pinned.
            warnings.simplefilter("ignore", DeprecationWarning)
            return feather.read_table(path, memory_map=True)

    def read(self, columns: list[str]):
        """Return an Arrow table of ``columns``, in this order. Raises DatabaseError where the file is damaged."""
        import pyarrow as pa
        from pyarrow import feather

        if self.version == 1:
            return self._table.select(columns)
        try:
            # use_threads=False: decoding isn't what takes the time, and the job's threads are counted.
            return feather.read_table(self.path, columns=columns, memory_map=True, use_threads=False).select(columns)
        except (OSError, pa.ArrowException) as error:
            raise DatabaseError(f"{self.path}: damaged ({error}); fetch it again") from error


def open_feather(path: Path) -> Feather:
    """Return a reader of ``path``; raise DatabaseError if it can't be read."""
    import pyarrow as pa

    try:
        return Feather(path)
    except (OSError, pa.ArrowException) as error:
        raise DatabaseError(f"{path}: can't be read as a Feather file ({error}); fetch it again") from error


def check_unique(names: Sequence[str], complaint: str) -> None:
    """Raise DatabaseError if a name stands twice."""
    if len(set(names)) < len(names):
        twice = [name for name, n in Counter(names).items() if n > 1][:EXAMPLES]
        raise DatabaseError(f"{complaint} ({', '.join(twice)}); fetch or build it again")


def check_ranks(values: np.ndarray, total: int, path: Path, column: str) -> np.ndarray:
    """Return ``values``; raise DatabaseError unless they are ranks from 0 of ``total`` genes."""
    if len(values) and (values.min() < 0 or values.max() >= total):
        raise DatabaseError(
            f"{path}: gene {column} has a rank outside 0 to {total - 1}, as many as it has genes; give rankings from 0"
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
            "Do species, release and naming (symbols, not Ensembl ids) agree?"
        )


def load_annotations(
    path: str | Path,
    *,
    motif_similarity_fdr: float = MOTIF_SIMILARITY_FDR,
    orthologous_identity: float = ORTHOLOGOUS_IDENTITY,
) -> pd.DataFrame:
    """Read which motif stands for which factor (:data:`ANNOTATIONS`), within both thresholds, as pySCENIC does.

    Raises AnnotationError if the table isn't cisTarget's motif-to-factor table or nothing is within the thresholds.
    """
    columns = dict(
        zip(
            ["gene_name", "#motif_id", "motif_similarity_qvalue", "orthologous_identity", "description"],
            ANNOTATIONS,
            strict=True,
        )
    )
    try:
        table = pd.read_csv(path, sep="\t", usecols=list(columns))
    except ValueError as error:
        raise AnnotationError(
            f"{path}: columns {', '.join(columns)} are wanted ({error}); give the databases' own motifs-….tbl"
        ) from error
    table = table.rename(columns=columns)[ANNOTATIONS]
    within = (table["motif_similarity_qvalue"] <= motif_similarity_fdr) & (
        table["orthologous_identity"] >= orthologous_identity
    )
    if not within.any():
        raise AnnotationError(
            f"{path}: none of {len(table)} annotations has motif_similarity_qvalue ≤ {motif_similarity_fdr} and "
            f"orthologous_identity ≥ {orthologous_identity}; relax the thresholds"
        )
    return table[within].astype({"tf": str, "motif": str}).reset_index(drop=True)


def best_annotations(annotations: pd.DataFrame) -> pd.DataFrame:
    """Return one row per factor and motif: least q-value, then highest orthologous identity, then the later row."""
    order = annotations.sort_values(
        ["motif_similarity_qvalue", "orthologous_identity"], ascending=[False, True], kind="stable"
    )
    return order.drop_duplicates(["tf", "motif"], keep="last").sort_index()


def rank_cutoff(auc_threshold: float, total_genes: int) -> int:
    """Return the rank before which recovered genes count: the last is left out, as RcisTarget and pySCENIC do."""
    return round(auc_threshold * total_genes) - 1


def check_pruning(
    databases: Sequence[Database],
    annotations: pd.DataFrame,
    modules: Sequence[Module],
    rank_threshold: int,
    auc_threshold: float,
    leading_edge: str,
) -> None:
    """Raise ThresholdError or AnnotationError for what could only fail or find nothing."""
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
            "do species and naming agree?"
        )


@numba.njit(nogil=True, cache=True)
def sum_areas(ranks, rows, cutoff, areas):
    """Fill ``areas`` (motifs) with the area under each motif's recovery curve: Σ max(0, cutoff − rank)."""
    areas[:] = 0
    for row in rows:
        of_gene = ranks[row]
        for motif in range(len(areas)):
            # int32 lanes: the loop is vectorised, unlike with a branch.
            areas[motif] += max(np.int32(0), np.int32(cutoff) - np.int32(of_gene[motif]))


@numba.njit(nogil=True, cache=True)
def count_recovered(ranks, rows, threshold):
    """Return how many (gene, motif) pairs rank before ``threshold``."""
    n = 0
    for row in rows:
        of_gene = ranks[row]
        for motif in range(len(of_gene)):
            n += of_gene[motif] < threshold
    return n


@numba.njit(nogil=True, cache=True)
def list_recovered(ranks, rows, threshold, rank_of, motif_of):
    """List rank and motif of each (gene, motif) pair ranked before ``threshold``; leave room for one gene more."""
    n = 0
    for row in rows:
        of_gene = ranks[row]
        for motif in range(len(of_gene)):
            # Written whether it counts or not: a branch that is taken at random costs more than the two stores.
            rank_of[n] = of_gene[motif]
            motif_of[n] = motif
            n += of_gene[motif] < threshold


@numba.njit(nogil=True, cache=True)
def sum_curves(rank_of, motif_of, n, count, ordered, first, second):
    """Fill ``first`` and ``second`` (ranks): Σ and Σ of squares, over motifs, of the genes recovered up to each rank.

    ``rank_of`` and ``motif_of`` list ``n`` pairs; ``count`` (motifs) and ``ordered`` (pairs) are room to work in.
    """
    first[:] = 0
    for pair in range(n):
        first[rank_of[pair]] += 1
    place = np.empty(len(first), dtype=np.int64)
    total = 0
    for rank in range(len(first)):
        place[rank] = total
        total += first[rank]
        first[rank] = total
    for pair in range(n):
        rank = rank_of[pair]
        ordered[place[rank]] = motif_of[pair]
        place[rank] += 1
    count[:] = 0
    squares, pair = np.int64(0), 0
    for rank in range(len(first)):
        while pair < first[rank]:
            motif = ordered[pair]
            squares += 2 * count[motif] + 1
            count[motif] += 1
            pair += 1
        second[rank] = squares


@numba.njit(nogil=True, cache=True)
def find_edge(sorted_ranks, limit):
    """Return the first rank at which the recovery curve of ``sorted_ranks`` is farthest above ``limit``."""
    best, at, found = -np.inf, 0, 0
    for rank in range(len(limit)):
        while found < len(sorted_ranks) and sorted_ranks[found] <= rank:
            found += 1
        above = found - limit[rank]
        if above > best:
            best, at = above, rank
    return at


class Pruner:
    """Prunes modules against one database. A thread has its own: it holds the room to work in."""

    def __init__(self, database: Database, rank_threshold: int, auc_threshold: float):
        self.ranks, self.n_motifs = database.ranks, len(database.motifs)
        self.cutoff = rank_cutoff(auc_threshold, database.total_genes)
        self.first, self.second = np.empty(rank_threshold, dtype=np.int64), np.empty(rank_threshold, dtype=np.int64)
        self.count = np.empty(self.n_motifs, dtype=np.int32)
        self._make_room(0)

    def enrich(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return AUC and NES of every motif for the genes in ``rows`` of the database."""
        # 32 bits take half the time and hold all but modules and cutoffs of nearly a whole genome.
        wide = len(rows) * self.cutoff >= 2**31
        areas = np.empty(self.n_motifs, dtype=np.int64 if wide else np.int32)
        sum_areas(self.ranks, rows, self.cutoff, areas)
        auc = areas / float((self.cutoff + 1) * len(rows))
        with np.errstate(divide="ignore", invalid="ignore"):
            nes = (auc - auc.mean()) / auc.std()
        return auc, nes

    def _make_room(self, pairs: int) -> None:
        """Make room for so many (gene, motif) pairs; in narrow types, because memory traffic is what takes the time."""
        narrow = np.uint16 if self.n_motifs <= 2**16 else np.int32
        self.rank_of = np.empty(pairs, dtype=self.ranks.dtype)
        self.motif_of, self.ordered = np.empty(pairs, dtype=narrow), np.empty(pairs, dtype=narrow)

    def limit(self, rows: np.ndarray) -> np.ndarray:
        """Return mean + 2 sd over all motifs of the recovery curves, one value a rank."""
        pairs = count_recovered(self.ranks, rows, len(self.first))
        if pairs + self.n_motifs > len(self.rank_of):
            self._make_room(pairs + self.n_motifs)
        list_recovered(self.ranks, rows, len(self.first), self.rank_of, self.motif_of)
        sum_curves(self.rank_of, self.motif_of, pairs, self.count, self.ordered, self.first, self.second)
        n = self.n_motifs
        return self.first / n + 2.0 * (np.sqrt((n * self.second - self.first**2).astype(np.float64)) / n)

    def edge(self, rows: np.ndarray, motif: int, limit: np.ndarray) -> tuple[int, np.ndarray]:
        """Return where ``motif``'s leading edge ends (rank) and its genes as positions in ``rows``, best rank first."""
        ranks = self.ranks[rows, motif].astype(np.int64)
        order = np.argsort(ranks, kind="stable")
        at = find_edge(ranks[order], limit)
        return at, order[: np.searchsorted(ranks[order], at, side="right")]


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

    ``rows``: the database's row of each of the module's genes, -1 where it isn't ranked.
    """
    present = np.flatnonzero(rows >= 0)
    rows = rows[present]
    auc, nes = pruner.enrich(rows)
    enriched = np.flatnonzero(nes >= nes_threshold)
    which = np.flatnonzero(np.isin(evidence.motifs, enriched, assume_unique=True))
    if not len(which):
        return []
    # The order in which pySCENIC holds the annotated motifs; stable, so ties stay in the database's order.
    which = which[np.lexsort((evidence.identities[which], -evidence.qvalues[which]))]
    told = np.flatnonzero(pd.notna(evidence.texts[which]))
    which = which[told]
    motifs = evidence.motifs[which]
    # pySCENIC takes the curves by the position in this order from the enriched motifs in the database's order.
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

    ``targets`` and ``weights`` are lists, best rank first; rows go by database, module and falling NES. A module of
    which a database ranks less than 80 % is left out there. ``annotations``: as :func:`load_annotations` gives them.

    ``leading_edge``: "motif" takes each motif's targets from its own recovery curve. "pyscenic" repeats pySCENIC
    0.12.1, which sorts the motifs by annotation after it has computed their curves, and so takes some motifs' targets
    from other motifs' curves (aertslab/pySCENIC issue 635). NES and AUC are the same. Raises ThresholdError,
    DatabaseError, AnnotationError.
    """
    check_pruning(databases, annotations, modules, rank_threshold, auc_threshold, leading_edge)
    found: list[tuple] = []
    for database in databases:
        evidence = find_evidence(database, annotations)
        row_of = {gene: row for row, gene in enumerate(database.genes)}
        local = threading.local()

        def prune_one(module: Module, database=database, evidence=evidence, row_of=row_of, local=local):
            """Return the module's motifs, or None if the database ranks too few of its genes."""
            rows = np.array([row_of.get(gene, -1) for gene in module.genes], dtype=np.int64)
            if (rows < 0).sum() / len(rows) >= MAX_MISSING:
                return None
            if module.tf not in evidence:
                return []
            if not hasattr(local, "pruner"):
                local.pruner = Pruner(database, rank_threshold, auc_threshold)
            return prune_module(local.pruner, database, module, rows, evidence[module.tf], nes_threshold, leading_edge)

        if threads > 1:
            with ThreadPoolExecutor(threads) as pool:
                results = list(pool.map(prune_one, modules))
        else:
            results = [prune_one(module) for module in modules]
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


def no_motifs() -> pd.DataFrame:
    """Return a table of motifs without rows."""
    table = pd.DataFrame(columns=MOTIFS, dtype=object)
    numbers = ["nes", "auc", "motif_similarity_qvalue", "orthologous_identity"]
    return table.astype(dict.fromkeys(numbers, np.float64) | {"rank_at_max": np.int64})


def no_regulons() -> pd.DataFrame:
    """Return a table of regulons without rows."""
    return pd.DataFrame(columns=REGULONS, dtype=object).astype({"weight": np.float64, "motifs": np.int64})


def name_regulons(motifs: pd.DataFrame) -> pd.Series:
    """Return the regulon that each row of a table of motifs supports: FOSL1(+) if activating, else FOSL1(-)."""
    return motifs["tf"] + np.where(motifs["sign"] == REPRESSING, "(-)", "(+)")


def regulons_from_motifs(motifs: pd.DataFrame, *, min_targets: int = 0) -> pd.DataFrame:
    """Return the regulons (:data:`REGULONS`) of ``min_targets`` or more: what any of a factor's motifs keeps.

    ``weight`` is an edge's importance (1 for the factor itself), the highest of the modules that keep it; ``motifs``
    counts the different motifs that do. Rows go by regulon, falling weight and target.
    """
    if motifs.empty:
        return no_regulons()
    table = motifs.assign(regulon=name_regulons(motifs))[["regulon", "tf", "motif", "targets", "weights"]]
    table = table.explode(["targets", "weights"]).dropna(subset="targets").astype({"weights": np.float64})
    table = table.groupby(["regulon", "tf", "targets"], sort=False).agg(
        weight=("weights", "max"), motifs=("motif", "nunique")
    )
    table = table.reset_index().rename(columns={"targets": "target"})
    large = table.groupby("regulon")["target"].transform("size") >= min_targets
    return sort_regulons(table[large][REGULONS])


def sort_regulons(regulons: pd.DataFrame) -> pd.DataFrame:
    """Return the rows by regulon, falling weight and target."""
    if regulons.empty:
        return no_regulons()
    return regulons.sort_values(["regulon", "weight", "target"], ascending=[True, False, True], ignore_index=True)
