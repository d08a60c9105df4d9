"""Real cells, PC9 with and without erlotinib: what motifs and CollecTRI say of their networks.

The cells are those of tests/real/pc9 (run it first), with its stand-in database; CollecTRI, from which that is made,
also judges the networks. What motifs say of a network and what CollecTRI says are so not independent: the false
regulons are counted by exchanged motifs, which need no truth.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
from scenic_data import DATA, ROOT, Dataset

from scripts.regulons import mean_network, null
from scripts.scenic import cistarget, exchange, motif_table
from scripts.scenic.modules import ACTIVATING, modules_from_adjacencies

PC9 = ROOT / "results" / "pc9"
MIN_SEEDS, MIN_TARGETS, MAX_FALSE_SHARE = 3, 10, 0.1
EXCHANGES = 200
"""Random exchanges of the motifs of all factors, with the limit of false ones applied in each."""


def enrichment(network: pd.DataFrame, known: set[tuple[str, str]], best: int) -> float:
    """Return the share of the ``best`` edges that are known, over that of all pairs of a known factor and a known
    target. Only such pairs count.
    """
    factors, targets = {tf for tf, _ in known}, {target for _, target in known}
    factors &= set(network["TF"])
    targets &= set(network["target"])
    inside = network[network["TF"].isin(factors) & network["target"].isin(targets)].head(best)
    hits = sum(pair in known for pair in inside[["TF", "target"]].itertuples(index=False, name=None))
    possible = sum(tf in factors and target in targets and tf != target for tf, target in known)
    pairs = len(factors) * len(targets) - len(factors & targets)
    return hits / max(len(inside), 1) / (possible / pairs)


def derange(related: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a random order of the factors that gives none its own place or that of a relative."""
    n = len(related)
    order = rng.permutation(n)
    while (wrong := np.flatnonzero(related[np.arange(n), order])).size:
        one, other = wrong[0], int(rng.integers(n))
        order[[one, other]] = order[[other, one]]
    return order


class Study:
    """The PC9 cells, their database, and what is known of factors."""

    def __init__(self):
        """Read what tests/real/pc9 has made."""
        import anndata

        cells = anndata.read_h5ad(PC9 / "regulons" / "PC9" / "expression.h5ad")
        self.data = Dataset(cells.X, cells.var_names, cells.var_names[cells.var["tf"]])
        path = PC9 / "stand_in" / "collectri.genes_vs_motifs.rankings.feather"
        self.databases = [cistarget.Database.load(path, self.data.genes, min_overlap=0.0)]
        self.annotations = motif_table.load_annotations(PC9 / "stand_in" / "motifs.tbl")
        self.families = null.read_families(str(ROOT / "resources" / "factors" / "families.tsv"))
        known = pd.read_csv(DATA / "study_profiles" / "TFs_network_CollecTRI.csv.gz")
        self.known = set(known[["source", "target"]].itertuples(index=False, name=None))
        self.motifs = self.annotations.groupby("tf")["motif"].nunique()
        self.factors = sorted(set(self.data.tfs) & set(self.motifs.index))

    def modules(self, network: pd.DataFrame, sign: str = ACTIVATING) -> list:
        """Return a network's modules of one sign."""
        both = {"only_activating": sign == ACTIVATING}
        found = modules_from_adjacencies(network, self.data.expression, self.data.genes, **both)
        return [module for module in found if module.sign == sign]

    def find(
        self, network: pd.DataFrame, path: Path | None, sign: str = ACTIVATING
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return a network's candidates (:func:`scripts.scenic.exchange.find_candidates`) and its modules' edges; the
        candidates are kept in ``path``.
        """
        modules = self.modules(network, sign)
        if path and path.exists():
            return pd.read_parquet(path), mean_network.edges_of(modules)
        own = [module for module in modules if module.tf in set(self.factors)]
        found = exchange.find_candidates(own, self.databases, self.annotations, threads=2)
        if path:
            found.to_parquet(path, index=False)
        return found, mean_network.edges_of(modules)

    def judge(
        self, runs: list[pd.DataFrame], how: str, sign: str = ACTIVATING, exchanges: int = EXCHANGES
    ) -> dict[str, float]:
        """Return numbers of regulons: found, expected by exchanged motifs, kept at the limit of false ones, and kept on
        average in random exchanges of all motifs, with the share of false ones that follows.
        """
        least, start = MIN_SEEDS if how == "edges" else 1, time.perf_counter()
        if how == "regulons":
            pairs = [exchange.pair_up([run], self.annotations, self.factors, sign, 1) for run in runs]
            enough = sum((sizes >= MIN_TARGETS).astype(int) for sizes, _ in pairs) >= MIN_SEEDS
            sizes, scores = np.where(enough, MIN_TARGETS, 0), sum(scores for _, scores in pairs) / len(pairs)
        else:
            sizes, scores = exchange.pair_up(runs, self.annotations, self.factors, sign, least)
        family = np.array([self.families.get(tf, f"only {tf}") for tf in self.factors], dtype=object)
        family = family[:, None] == family[None, :]
        shared = exchange.relatives(self.annotations, self.factors, {})
        number = self.motifs[self.factors].to_numpy(dtype=float)

        def count(order: np.ndarray) -> tuple[int, float, int]:
            """Each factor is given the motifs of the factor that ``order`` names."""
            table, expected = exchange.judge(
                self.factors, sizes[:, order], scores[:, order], shared[np.ix_(order, order)] | family,
                exchange.comparable(number[order]), sign, MIN_TARGETS,
            )  # fmt: skip
            return len(table), expected, int((table["false_share"] <= MAX_FALSE_SHARE).sum())

        found, expected, kept = count(np.arange(len(self.factors)))
        self.seconds = time.perf_counter() - start
        rng = np.random.default_rng(0)
        exchanged = np.mean([count(derange(shared | family, rng))[2] for _ in range(exchanges)])
        share = exchanged / kept if kept else np.nan
        return {"found": found, "expected": expected, "kept": kept, "kept_exchanged": exchanged, "false_share": share}
