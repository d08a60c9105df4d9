"""Compare ways to join a group's seeds, by each importance: on gold standards, and on real cells.

Real cells are those of tests/real/pc9 (run it first), with its stand-in database; CollecTRI, from which that is made,
also judges the networks. What motifs say of a network and what CollecTRI says are so not independent: the false
regulons are counted by exchanged motifs, which need no truth.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import scenic_grn

from scripts.regulons import mean_network, null
from scripts.regulons.join_networks import join
from scripts.scenic import cistarget, exchange, grnboost, motif_table
from scripts.scenic.modules import ACTIVATING, modules_from_adjacencies

PC9 = scenic_grn.ROOT / "results" / "pc9"
SEEDS = range(1, 6)
MIN_SEEDS, MIN_TARGETS, MAX_FALSE_SHARE = 3, 10, 0.1
BEST = (1_000, 10_000)
JOINS = ("one seed", "edges", "regulons", "mean network")
"""One seed (mean over seeds); edges, or regulons with the edges of any, that three of five seeds agree on; the mean
network, with the edges that three seeds' modules have.
"""


def infer(data: scenic_grn.Dataset, importance: str, seed: int, threads: int = 2) -> pd.DataFrame:
    """Return a network, strongest edges first."""
    network = grnboost.infer_network(
        data.expression, data.genes, data.tfs, seed=seed, importance=importance, threads=threads
    )
    return join([network.adjacencies])


def rank_edges(networks: list[pd.DataFrame], data: scenic_grn.Dataset) -> pd.DataFrame:
    """Return edges by the number of seeds whose modules have them, then by mean importance: what an agreement of edges
    is before motifs are looked at.
    """
    modules = [modules_from_adjacencies(n, data.expression, data.genes, min_genes=2) for n in networks]
    seeds = pd.concat([mean_network.edges_of(found) for found in modules]).groupby(["TF", "target"]).size()
    mean = mean_network.average(networks)
    number = seeds.reindex(pd.MultiIndex.from_frame(mean[["TF", "target"]]), fill_value=0).to_numpy()
    return mean.assign(importance=number + mean["importance"] / (1 + mean["importance"].max()))


def measure_gold(seeds: Iterable[int], densities: Iterable[float]) -> pd.DataFrame:
    """Return AUPRC by data set, importance and join; an agreement of regulons needs motifs, which these haven't."""
    rows = []
    sets = {n: d for n, d in scenic_grn.gold_standards(1, densities).items() if "decoys" not in n and n != "demo"}
    for name, data in sets.items():
        for importance in grnboost.IMPORTANCES:
            networks = [infer(data, importance, seed) for seed in seeds]
            judged = [scenic_grn.judge(network, data)[0] for network in networks]
            rows.append((name, importance, "one seed", np.mean(judged)))
            rows.append((name, importance, "edges", scenic_grn.judge(rank_edges(networks, data), data)[0]))
            mean = mean_network.average(networks)
            rows.append((name, importance, "mean network", scenic_grn.judge(mean, data)[0]))
    table = pd.DataFrame(rows, columns=["data", "importance", "join", "auprc"])
    dream = table["data"].str.startswith("dream4")
    table.loc[dream, "data"] = "dream4"
    return table.groupby(["data", "importance", "join"], sort=False, as_index=False)["auprc"].mean()


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


def jaccard(one: pd.DataFrame, other: pd.DataFrame, best: int = BEST[0]) -> float:
    """Return intersection over union of the best edges of two networks."""
    a, b = (set(n.head(best)[["TF", "target"]].itertuples(index=False, name=None)) for n in (one, other))
    return len(a & b) / len(a | b)


class Study:
    """The PC9 cells, their database, and what is known of factors."""

    def __init__(self):
        """Read what tests/real/pc9 has made."""
        import anndata

        cells = anndata.read_h5ad(PC9 / "regulons" / "PC9" / "expression.h5ad")
        self.data = scenic_grn.Dataset(cells.X, cells.var_names, cells.var_names[cells.var["tf"]])
        path = PC9 / "stand_in" / "collectri.genes_vs_motifs.rankings.feather"
        self.databases = [cistarget.Database.load(path, self.data.genes, min_overlap=0.0)]
        self.annotations = motif_table.load_annotations(PC9 / "stand_in" / "motifs.tbl")
        self.owners = set(self.annotations["tf"])
        self.families = null.read_families(str(scenic_grn.ROOT / "resources" / "factors" / "families.tsv"))
        known = pd.read_csv(scenic_grn.DATA / "study_profiles" / "TFs_network_CollecTRI.csv.gz")
        self.known = set(known[["source", "target"]].itertuples(index=False, name=None))

    def find(self, network: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return a network's candidates (:func:`scripts.scenic.exchange.find_candidates`) and its modules' edges."""
        found = modules_from_adjacencies(network, self.data.expression, self.data.genes)
        found = [module for module in found if module.tf in self.owners]
        return exchange.find_candidates(found, self.databases, self.annotations, threads=2), mean_network.edges_of(
            found
        )

    def judge(self, runs: list[pd.DataFrame], how: str) -> dict[str, float]:
        """Return numbers of regulons: found, expected by exchanged motifs, and kept at the limit of false ones."""
        motifs = self.annotations.groupby("tf")["motif"].nunique()
        factors = sorted(set(self.data.tfs) & set(motifs.index))
        if how == "regulons":
            pairs = [exchange.pair_up([run], self.annotations, factors, ACTIVATING, 1) for run in runs]
            enough = sum((sizes >= MIN_TARGETS).astype(int) for sizes, _ in pairs) >= MIN_SEEDS
            sizes = np.where(enough, MIN_TARGETS, 0)
            scores = sum(scores for _, scores in pairs) / len(pairs)
        else:
            least = MIN_SEEDS if how == "edges" else 1
            sizes, scores = exchange.pair_up(runs, self.annotations, factors, ACTIVATING, least)
        related = exchange.relatives(self.annotations, factors, self.families)
        alike = exchange.comparable(motifs[factors].to_numpy(dtype=float))
        table, expected = exchange.judge(factors, sizes, scores, related, alike, ACTIVATING, MIN_TARGETS)
        kept = table[table["false_share"] <= MAX_FALSE_SHARE]
        return {"regulons": len(table), "expected": expected, "kept": len(kept)}


def measure_real(seeds: Iterable[int], folder: Path | None, say=print) -> pd.DataFrame:
    """Return a row per importance and join on the PC9 cells; networks are kept in ``folder`` and read from there."""
    study, rows = Study(), []
    for importance in grnboost.IMPORTANCES:
        networks = []
        for seed in seeds:
            path = folder / f"{importance}-{seed}.parquet" if folder else None
            if path and path.exists():
                networks.append(pd.read_parquet(path))
                continue
            networks.append(infer(study.data, importance, seed))
            if path:
                folder.mkdir(parents=True, exist_ok=True)
                networks[-1].to_parquet(path, index=False)
        mean = mean_network.average(networks)
        halves = [mean_network.average(networks[:2]), mean_network.average(networks[2:4])]
        runs, edges = zip(*(study.find(network) for network in networks), strict=True)
        seeds = pd.concat(edges).groupby(["TF", "target"]).size().rename("seeds").reset_index()
        stable = null.only_stable(study.find(mean)[0], seeds, MIN_SEEDS)
        for how in JOINS:
            row = {"importance": importance, "join": how}
            if how == "one seed":
                each = pd.DataFrame([study.judge([run], how) for run in runs])
                row |= each.mean().to_dict()
                row["jaccard"] = np.mean([jaccard(a, b) for a, b in itertools.pairwise(networks)])
                row |= {f"known_{n}": np.mean([enrichment(x, study.known, n) for x in networks]) for n in BEST}
            elif how == "mean network":
                row |= study.judge([stable], how)
                row["jaccard"] = jaccard(*halves)
                row |= {f"known_{n}": enrichment(mean, study.known, n) for n in BEST}
            else:
                row |= study.judge(runs, how)
            rows.append(row)
            say(f"joins: PC9 {row}")
    return pd.DataFrame(rows)


def format_joins(gold: pd.DataFrame, real: pd.DataFrame) -> str:
    """Return one Markdown table: a row per importance and join, a column per measure."""
    wide = gold.pivot(index=["importance", "join"], columns="data", values="auprc")[list(gold["data"].unique())]
    table = wide if real.empty else wide.join(real.set_index(["importance", "join"]), how="outer")
    order = [(i, j) for i in grnboost.IMPORTANCES for j in JOINS if (i, j) in table.index]
    table = table.loc[order]
    lines = [
        "| importance | join | " + " | ".join(map(str, table.columns)) + " |",
        "|---|---|" + "---|" * table.shape[1],
    ]
    for key, row in table.iterrows():
        cells = ["–" if pd.isna(value) else f"{value:.3g}" for value in row]
        lines.append(f"| {key[0]} | {key[1]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def measure_joins(*, quick: bool = False, folder: Path | None = None, say=print) -> dict:
    """Return flat keys of all rows, and print the table."""
    seeds = (1, 2, 3) if quick else SEEDS
    gold = (
        measure_gold(seeds, (0.2,) if quick else (0.1, 0.2, 0.3, 0.4)) if (scenic_grn.DATA / "grn").exists() else None
    )
    say("joins: gold standards done")
    real = pd.DataFrame()
    if (PC9 / "regulons" / "PC9" / "expression.h5ad").exists():
        real = measure_real(SEEDS, folder, say)
    else:
        say("joins: no results of tests/real/pc9, its columns are left out")
    if gold is None:
        say("joins: no gold standards beside the repository")
        gold = pd.DataFrame(columns=["data", "importance", "join", "auprc"])
    say("\n" + format_joins(gold, real))
    keys = {f"join_auprc_{r.data}_{r.importance}_{r.join}".replace(" ", "_"): float(r.auprc) for r in gold.itertuples()}
    for row in real.to_dict("records"):
        stem = f"{row.pop('importance')}_{row.pop('join')}".replace(" ", "_")
        keys |= {f"join_pc9_{name}_{stem}": float(value) for name, value in row.items()}
    return keys
