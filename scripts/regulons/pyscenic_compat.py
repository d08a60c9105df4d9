"""pySCENIC 0.12.1 on current Python, called in this process: the reference engine, with the kernels' signatures.

Only this module contains what pySCENIC needs to be importable (``np.object`` was removed in numpy 2; its
``pkg_resources`` comes from setuptools < 81, pinned in requirements.lock). Its front ends are never called: the dask
ones fail on current dask, and ``custom_multiprocessing`` blocks forever if a worker raises an exception. Snakemake runs
jobs in parallel instead.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.scenic import aucell, cistarget, modules
from scripts.scenic.modules import Module


@contextlib.contextmanager
def on_current_packages() -> Iterator[None]:
    """Provide the name that pySCENIC needs at import; suppress its prints, progress bars and deprecations."""
    had = "object" in vars(np)
    if not had:
        np.object = object  # noqa: NPY001
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), open(os.devnull, "w") as sink:
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            warnings.filterwarnings("ignore", message=".*pkg_resources.*")
            # Its loggers write to stderr, as does tqdm. The caller raises or logs what a user needs.
            with contextlib.redirect_stderr(sink):
                yield
    finally:
        if not had:
            del np.object  # noqa: NPY001


if sys.modules.get("dask", ...) is None:
    del sys.modules["dask"]  # arboreto needs the dask that scripts/base/job.py hides
with on_current_packages():
    import ctxcore.genesig
    import ctxcore.rnkdb
    import pyscenic.aucell
    import pyscenic.transform
    import pyscenic.utils

for _name in ("pyscenic", "pyscenic.utils", "pyscenic.transform", "ctxcore"):
    logging.getLogger(_name).handlers.clear()
    logging.getLogger(_name).setLevel(logging.ERROR)


class Rankings(ctxcore.rnkdb.RankingDatabase):
    """A database in memory as pySCENIC expects it: as ctxcore's MemoryDecorator, but for any Feather version."""

    def __init__(self, database: cistarget.Database):
        super().__init__(database.name)
        self._total = database.total_genes
        self._frame = pd.DataFrame(database.ranks.T, index=database.motifs, columns=database.genes, copy=False)

    @property
    def total_genes(self) -> int:
        """Number of genes ranked, measured or not."""
        return self._total

    @property
    def genes(self) -> tuple[str, ...]:
        """Genes in memory."""
        return tuple(self._frame.columns)

    def load_full(self) -> pd.DataFrame:
        """Return motifs × genes."""
        return self._frame

    def load(self, gs) -> pd.DataFrame:
        """Return motifs × the signature's genes."""
        return self._frame.loc[:, self._frame.columns.isin(gs.genes)]


def modules_from_adjacencies(
    adjacencies: pd.DataFrame,
    expression,
    genes: Sequence[str],
    *,
    thresholds: Sequence[float] = modules.THRESHOLDS,
    top_targets: Sequence[int] = modules.TOP_TARGETS,
    top_regulators: Sequence[int] = modules.TOP_REGULATORS,
    min_genes: int = modules.MIN_GENES,
    rho_threshold: float = modules.RHO_THRESHOLD,
    only_activating: bool = True,
) -> list[Module]:
    """Return pySCENIC's modules; see :func:`scripts.scenic.modules.modules_from_adjacencies`."""
    modules.check_network(adjacencies, genes)
    if adjacencies.empty:
        return []
    dense = expression.toarray() if sparse.issparse(expression) else np.asarray(expression)
    with on_current_packages(), np.errstate(divide="ignore", invalid="ignore"):
        found = pyscenic.utils.modules_from_adjacencies(
            adjacencies[["TF", "target", "importance"]].reset_index(drop=True),
            pd.DataFrame(dense, columns=list(genes)),
            thresholds=tuple(thresholds),
            top_n_targets=tuple(top_targets),
            top_n_regulators=tuple(top_regulators),
            min_genes=min_genes,
            rho_threshold=rho_threshold,
            keep_only_activating=only_activating,
        )
    return [from_regulon(regulon) for regulon in found]


def from_regulon(regulon) -> Module:
    """Convert a module of pySCENIC to ours."""
    signs = {modules.ACTIVATING, modules.REPRESSING}
    (criterion,) = regulon.context - signs
    (sign,) = regulon.context & signs
    names, weights = zip(*regulon.gene2weight.items(), strict=True)
    return Module(
        regulon.transcription_factor,
        criterion,
        sign,
        np.array(names, dtype=object),
        np.array(weights, dtype=np.float64),
    )


def to_regulon(module: Module):
    """Convert our module to one of pySCENIC."""
    return ctxcore.genesig.Regulon(
        name=f"Regulon for {module.tf}",
        gene2weight=module.targets,
        gene2occurrence=[],
        transcription_factor=module.tf,
        context=frozenset([module.criterion, module.sign]),
    )


def to_annotations(annotations: pd.DataFrame) -> pd.DataFrame:
    """Return a table of :func:`scripts.scenic.motif_table.load_annotations` in the format of pySCENIC's loader."""
    utils = pyscenic.utils
    table = annotations.rename(
        columns={
            "tf": utils.COLUMN_NAME_TF,
            "motif": utils.COLUMN_NAME_MOTIF_ID,
            "motif_similarity_qvalue": utils.COLUMN_NAME_MOTIF_SIMILARITY_QVALUE,
            "orthologous_identity": utils.COLUMN_NAME_ORTHOLOGOUS_IDENTITY,
            "annotation": utils.COLUMN_NAME_ANNOTATION,
        }
    )
    return table.set_index([utils.COLUMN_NAME_TF, utils.COLUMN_NAME_MOTIF_ID])


def prune_modules(
    modules: Sequence[Module],
    databases: Sequence[cistarget.Database],
    annotations: pd.DataFrame,
    *,
    rank_threshold: int = cistarget.RANK_THRESHOLD,
    auc_threshold: float = cistarget.AUC_THRESHOLD,
    nes_threshold: float = cistarget.NES_THRESHOLD,
    leading_edge: str = "motif",
    threads: int = 1,
) -> pd.DataFrame:
    """Return enriched motifs as found by pySCENIC; see :func:`scripts.scenic.cistarget.prune`. One thread only.

    With ``leading_edge="pyscenic"`` this is pySCENIC's default path, unchanged. With "motif" it is its other
    implementation, which computes all curves first and does not confuse the motifs' rows.
    """
    cistarget.check_pruning(databases, annotations, modules, rank_threshold, auc_threshold, leading_edge)
    if leading_edge == "pyscenic":
        features, table = pyscenic.transform.module2features_auc1st_impl, annotations
    else:
        # This implementation expects one row per factor and motif; we pass the best one, as the default path does.
        features, table = pyscenic.transform.module2features_rcc4all_impl, cistarget.best_annotations(annotations)
    features = partial(
        features,
        rank_threshold=rank_threshold,
        auc_threshold=auc_threshold,
        nes_threshold=nes_threshold,
        filter_for_annotation=True,
    )
    table, parts = to_annotations(table), []
    for database in databases:
        rankings = Rankings(database)
        for module in modules:
            if not rankings.geneset.intersection(module.genes):
                continue
            with on_current_packages(), np.errstate(divide="ignore", invalid="ignore"):
                found = pyscenic.transform.module2df(rankings, to_regulon(module), table, module2features_func=features)
            if len(found):
                parts.append(from_motifs(found, module, database.name))
    return pd.concat(parts, ignore_index=True) if parts else cistarget.no_motifs()


def from_motifs(found: pd.DataFrame, module: Module, database: str) -> pd.DataFrame:
    """Convert pySCENIC's enriched motifs of one module to our table."""
    table = found.droplevel(0, axis=1).reset_index()
    targets = [[gene for gene, _ in row] for row in table["TargetGenes"]]
    weights = [[float(weight) for _, weight in row] for row in table["TargetGenes"]]
    motifs = pd.DataFrame(
        {
            "tf": module.tf,
            "sign": module.sign,
            "criterion": module.criterion,
            "database": database,
            "motif": table["MotifID"],
            "nes": table["NES"],
            "auc": table["AUC"],
            "motif_similarity_qvalue": table["MotifSimilarityQvalue"],
            "orthologous_identity": table["OrthologousIdentity"],
            "annotation": table["Annotation"],
            "rank_at_max": table["RankAtMax"].astype(np.int64),
            "targets": targets,
            "weights": weights,
        },
        columns=cistarget.MOTIFS,
    )
    return motifs.sort_values(["nes", "motif"], ascending=[False, True], kind="stable")


def regulons_from_motifs(motifs: pd.DataFrame, *, min_targets: int = 0) -> pd.DataFrame:
    """Return pySCENIC's regulons; see :func:`scripts.scenic.cistarget.regulons_from_motifs`."""
    # pySCENIC rejects a motif whose leading edge is empty (its curve is never above the others).
    motifs = motifs[motifs["targets"].str.len() > 0]
    if motifs.empty:
        return cistarget.no_regulons()
    transform, utils = pyscenic.transform, pyscenic.utils
    index = pd.MultiIndex.from_frame(motifs[["tf", "motif"]], names=[utils.COLUMN_NAME_TF, utils.COLUMN_NAME_MOTIF_ID])
    table = pd.DataFrame(
        {
            transform.COLUMN_NAME_NES: motifs["nes"].to_numpy(),
            transform.COLUMN_NAME_AUC: motifs["auc"].to_numpy(),
            utils.COLUMN_NAME_MOTIF_SIMILARITY_QVALUE: motifs["motif_similarity_qvalue"].to_numpy(),
            utils.COLUMN_NAME_ORTHOLOGOUS_IDENTITY: motifs["orthologous_identity"].to_numpy(),
            utils.COLUMN_NAME_ANNOTATION: motifs["annotation"].to_numpy(),
            transform.COLUMN_NAME_CONTEXT: [
                frozenset(row) for row in motifs[["criterion", "sign", "database"]].itertuples(index=False)
            ],
            transform.COLUMN_NAME_TARGET_GENES: [
                list(zip(t, w, strict=True)) for t, w in zip(motifs["targets"], motifs["weights"], strict=True)
            ],
        },
        index=index,
    )
    with on_current_packages():
        regulons = transform.df2regulons(table)
    support = motifs.assign(regulon=cistarget.name_regulons(motifs))[["regulon", "motif", "targets"]].explode("targets")
    support = support.groupby(["regulon", "targets"])["motif"].nunique().to_dict()
    rows = [
        (regulon.name, regulon.transcription_factor, target, float(weight), support[regulon.name, target])
        for regulon in regulons
        if len(regulon) >= min_targets
        for target, weight in regulon.gene2weight.items()
    ]
    return cistarget.sort_regulons(pd.DataFrame(rows, columns=cistarget.REGULONS))


def score_cells(
    expression,
    genes: Sequence[str],
    regulons: dict[str, dict[str, float]],
    *,
    auc_threshold: float = aucell.AUC_THRESHOLD,
    seed: int = 0,
    threads: int = 1,
) -> pd.DataFrame:
    """Return pySCENIC's AUCell; see :func:`scripts.scenic.aucell.score`. Dense inside; ``threads`` is not used."""
    aucell.check(expression, genes, regulons, auc_threshold)
    dense = expression.toarray() if sparse.issparse(expression) else np.asarray(expression)
    cells = pd.RangeIndex(dense.shape[0])
    if not regulons or not len(cells):
        return pd.DataFrame(0.0, index=cells, columns=pd.Index(list(regulons), dtype=object))
    signatures = [
        ctxcore.genesig.GeneSignature(name=name, gene2weight=dict(targets)) for name, targets in regulons.items()
    ]
    with on_current_packages():
        auc = pyscenic.aucell.aucell(
            pd.DataFrame(dense, index=cells, columns=list(genes)),
            signatures,
            auc_threshold=auc_threshold,
            seed=seed,
            num_workers=1,
        )
    return auc.loc[cells, list(regulons)].rename_axis(index=None, columns=None)
