"""Compare ways to join a group's seeds, by each importance: on gold standards, and on real cells.

Real cells are those of tests/real/pc9 (run it first), with its stand-in database; CollecTRI, from which that is made,
also judges the networks. What motifs say of a network and what CollecTRI says are so not independent: the false
regulons are counted by exchanged motifs, which need no truth.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import scenic_choice
from scenic_data import DATA, ROOT, Dataset
from scenic_quality import gold_standards, judge

from scripts.regulons import mean_network, null
from scripts.regulons.join_networks import join
from scripts.scenic import cistarget, exchange, grnboost, motif_table
from scripts.scenic.modules import ACTIVATING, REPRESSING, modules_from_adjacencies

PC9 = ROOT / "results" / "pc9"
SEEDS = (1, 2, 3, 4, 5)
MIN_SEEDS, MIN_TARGETS, MAX_FALSE_SHARE = 3, 10, 0.1
BEST = (1_000, 10_000)
EXCHANGES = 200
"""Random exchanges of the motifs of all factors, with the limit of false ones applied in each."""
JOINS = ("one seed", "edges", "regulons", "mean network")
"""One seed (mean over seeds); edges, or regulons with the edges of any, that three of five seeds agree on; the mean
network, with the edges that three seeds' modules have.
"""
INFERRED = tuple(name for name in grnboost.IMPORTANCES if name != "combined")
"""Combined importances are made from the published and the validated networks of a seed: the trees are the same."""


def infer(data: Dataset, importance: str, seed: int, threads: int = 2) -> pd.DataFrame:
    """Return a network, strongest edges first."""
    network = grnboost.infer_network(
        data.expression, data.genes, data.tfs, seed=seed, importance=importance, threads=threads
    )
    return join([network.adjacencies])


def infer_all(data: Dataset, seeds: Iterable[int], folder: Path | None = None) -> dict[str, list]:
    """Return the networks of all seeds by importance; those that ``folder`` has are read from there."""
    networks: dict[str, list] = {}
    for importance in INFERRED:
        for seed in seeds:
            path = folder / f"{importance}-{seed}.parquet" if folder else None
            if path and path.exists():
                found = pd.read_parquet(path)
            else:
                found = infer(data, importance, seed)
                if path:
                    folder.mkdir(parents=True, exist_ok=True)
                    found.to_parquet(path, index=False)
            networks.setdefault(importance, []).append(found)
    networks["combined"] = [geometric(*pair) for pair in zip(networks["published"], networks["validated"], strict=True)]
    return networks


def geometric(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return the edges that two networks have, by the geometric mean of their importances."""
    both = one.merge(other, on=["TF", "target"], suffixes=("", "_other"))
    both["importance"] = np.sqrt(both["importance"] * both.pop("importance_other"))
    return both.sort_values(["importance", "TF", "target"], ascending=[False, True, True], ignore_index=True)


def rank_edges(networks: list[pd.DataFrame], edges: list[pd.DataFrame]) -> pd.DataFrame:
    """Return edges by the number of seeds whose modules have them (``edges``), then by mean importance: what an
    agreement of edges is before motifs are looked at.
    """
    seeds = pd.concat(edges).groupby(["TF", "target"]).size()
    mean = mean_network.average(networks)
    number = seeds.reindex(pd.MultiIndex.from_frame(mean[["TF", "target"]]), fill_value=0).to_numpy()
    mean["importance"] = number + mean["importance"] / (1 + mean["importance"].max())
    return mean.sort_values("importance", ascending=False, kind="stable", ignore_index=True)


def jaccard(one: pd.DataFrame, other: pd.DataFrame, best: int = BEST[0]) -> float:
    """Return intersection over union of the best edges of two networks."""
    a, b = (set(n.head(best)[["TF", "target"]].itertuples(index=False, name=None)) for n in (one, other))
    return len(a & b) / len(a | b)


def joined(networks: list[pd.DataFrame], edges: list[pd.DataFrame]) -> dict[str, tuple[list, list]]:
    """Return, by join that ranks edges: the networks of all seeds, and two of different seeds each or more to compare.

    One seed: all of them, compared one with the next; the others: seeds 1 and 2 against seeds 3 and 4.
    """
    parts = [(networks[:2], edges[:2]), (networks[2:4], edges[2:4])]
    return {
        "one seed": (networks, networks),
        "edges": ([rank_edges(networks, edges)], [rank_edges(*part) for part in parts]),
        "mean network": ([mean_network.average(networks)], [mean_network.average(part) for part, _ in parts]),
    }


def agreement(networks: list[pd.DataFrame], best: int = BEST[0]) -> float:
    """Return the mean Jaccard index of a network's best edges and the next one's."""
    return float(np.mean([jaccard(a, b, best) for a, b in itertools.pairwise(networks)]))


def measure_gold(seeds: Iterable[int], densities: Iterable[float]) -> pd.DataFrame:
    """Return AUPRC by data set, importance and join, and ``agreement`` of seeds (as many best edges as are true), mean
    over the sets; an agreement of regulons needs motifs, which these haven't.
    """
    rows = []
    sets = {n: d for n, d in gold_standards(1, densities).items() if "decoys" not in n and n != "demo"}
    for name, data in sets.items():
        for importance, networks in infer_all(data, seeds).items():
            edges = [
                mean_network.edges_of(modules_from_adjacencies(n, data.expression, data.genes, min_genes=2))
                for n in networks
            ]
            for how, (whole, compared) in joined(networks, edges).items():
                judged = np.mean([judge(network, data)[0] for network in whole])
                alike = agreement(compared, len(data.edges))
                rows.append((importance, how, "dream4" if name.startswith("dream4") else name, judged, alike))
    table = pd.DataFrame(rows, columns=["importance", "join", "data", "auprc", "agreement"])
    keys = ["importance", "join"]
    wide = table.groupby([*keys, "data"], sort=False)["auprc"].mean().unstack("data")
    return wide[list(dict.fromkeys(table["data"]))].assign(agreement=table.groupby(keys)["agreement"].mean())


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


def count_seeds(edges: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return in how many seeds' modules each edge (TF, target) is."""
    return pd.concat(edges).groupby(["TF", "target"]).size().rename("seeds").reset_index()


def measure_repressors(study: Study, networks: list[pd.DataFrame]) -> dict[str, float]:
    """Return what the mean network has of repressing regulons, as :meth:`Study.judge`."""
    edges = [mean_network.edges_of(study.modules(network, REPRESSING)) for network in networks]
    found, _ = study.find(mean_network.average(networks), None, REPRESSING)
    return study.judge([null.only_stable(found, count_seeds(edges), MIN_SEEDS)], "mean network", REPRESSING)


def measure_real(seeds: Iterable[int], folder: Path | None, say=print) -> pd.DataFrame:
    """Return a row per importance and join on the PC9 cells; networks and candidates are kept in ``folder``."""
    study, rows = Study(), []
    for importance, networks in infer_all(study.data, seeds, folder).items():
        paths = [
            folder / f"candidates-{importance}-{name}.parquet".replace(" ", "_") if folder else None
            for name in (*seeds, "mean")
        ]
        runs, edges = zip(*map(study.find, networks, paths[:-1]), strict=True)
        mean = study.find(mean_network.average(networks), paths[-1])[0]
        stable = null.only_stable(mean, count_seeds(edges), MIN_SEEDS)
        ranked = joined(networks, list(edges))
        for how in JOINS:
            row = {"importance": importance, "join": how}
            if how == "one seed":
                row |= (
                    pd.DataFrame([study.judge([run], how, exchanges=EXCHANGES // 5) for run in runs]).mean().to_dict()
                )
                row["false_share"] = row["kept_exchanged"] / row["kept"] if row["kept"] else np.nan
            else:
                row |= study.judge([stable] if how == "mean network" else list(runs), how)
            if how in ranked:
                whole, compared = ranked[how]
                row["jaccard"] = agreement(compared)
                row |= {f"known_{n}": np.mean([enrichment(x, study.known, n) for x in whole]) for n in BEST}
            rows.append(row)
            say(f"joins: PC9 {row}; {study.seconds:.1f} s for the null of {len(study.factors)} factors")
        if importance == grnboost.IMPORTANCE:
            say(f"joins: PC9, repressing regulons, {importance}: {measure_repressors(study, networks)}")
    return pd.DataFrame(rows).set_index(["importance", "join"])


def measure_joins(*, quick: bool = False, folder: Path | None = None, say=print) -> dict:
    """Return flat keys of all rows; print the table, and what the rule of the choice makes of it."""
    seeds, parts = SEEDS, []
    if (DATA / "grn").exists():
        parts.append(measure_gold(seeds, (0.2,) if quick else (0.1, 0.2, 0.3, 0.4)))
        say("joins: gold standards done\n" + scenic_choice.format_table(parts[0]))
    else:
        say("joins: no gold standards next to the repository")
    if (PC9 / "regulons" / "PC9" / "expression.h5ad").exists():
        parts.append(measure_real(seeds, folder, say))
    else:
        say("joins: no results of tests/real/pc9, its columns are left out")
    if not parts:
        return {}
    table = parts[0] if len(parts) == 1 else parts[0].join(parts[1], how="outer")
    table = table.reindex([key for key in itertools.product(grnboost.IMPORTANCES, JOINS) if key in table.index])
    say("\n" + scenic_choice.format_table(table) + "\n\n" + scenic_choice.explain(table))
    return {
        f"join_{column}_{'_'.join(key)}".replace(" ", "_"): float(row[column])
        for key, row in table.iterrows() for column in table.columns if not pd.isna(row[column])
    }  # fmt: skip
