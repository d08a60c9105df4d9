"""Compare ways to join a group's seeds, by each importance: on gold standards, and on real cells (scenic_pc9.py)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import scenic_choice
from scenic_data import DATA, Dataset
from scenic_pc9 import EXCHANGES, MIN_SEEDS, PC9, Study, enrichment
from scenic_quality import gold_standards, judge

from scripts.regulons import mean_network, null
from scripts.regulons.join_networks import join
from scripts.scenic import grnboost
from scripts.scenic.modules import REPRESSING, modules_from_adjacencies

SEEDS = (1, 2, 3, 4, 5)
BEST = (1_000, 10_000)
OWN_BEST = 50
"""Best edges of a network, and of each factor."""
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


def best_of_factors(network: pd.DataFrame) -> pd.DataFrame:
    """Return the :data:`OWN_BEST` best edges of each factor that has as many."""
    best = network.groupby("TF", sort=False).head(OWN_BEST)
    return best[best.groupby("TF")["target"].transform("size") == OWN_BEST]


def agreement_of_factors(networks: list[pd.DataFrame]) -> float:
    """Return the mean Jaccard index, over factors and pairs of a network and the next, of a factor's best edges."""
    found = []
    for one, other in itertools.pairwise(map(best_of_factors, networks)):
        shared = one.merge(other, on=["TF", "target"]).groupby("TF").size()
        factors = sorted(set(one["TF"]) & set(other["TF"]))
        both = shared.reindex(factors, fill_value=0).to_numpy()
        found.append((both / (2 * OWN_BEST - both)).mean())
    return float(np.mean(found))


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


def count_seeds(edges: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return in how many seeds' modules each edge (TF, target) is."""
    return pd.concat(edges).groupby(["TF", "target"]).size().rename("seeds").reset_index()


def measure_repressors(study: Study, networks: list[pd.DataFrame], path: Path | None) -> dict[str, float]:
    """Return what the mean network has of repressing regulons, as :meth:`scenic_pc9.Study.judge`; their candidates are
    kept in ``path``.
    """
    edges = [mean_network.edges_of(study.modules(network, REPRESSING)) for network in networks]
    found, _ = study.find(mean_network.average(networks), path, REPRESSING)
    return study.judge([null.only_stable(found, count_seeds(edges), MIN_SEEDS)], "mean network", REPRESSING)


def measure_real(seeds: Iterable[int], folder: Path | None, say=print) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return a row per importance and join on the PC9 cells, and what repressing regulons there are by importance (mean
    network); networks and candidates are kept in ``folder``.
    """
    study, rows, repressing = Study(), [], {}
    for importance, networks in infer_all(study.data, seeds, folder).items():
        paths = [
            folder / f"candidates-{importance}-{name}.parquet".replace(" ", "_") if folder else None
            for name in (*seeds, "mean", "mean-repressing")
        ]
        runs, edges = zip(*map(study.find, networks, paths[:-2]), strict=True)
        mean = study.find(mean_network.average(networks), paths[-2])[0]
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
                row |= {"jaccard": agreement(compared), "jaccard_factor": agreement_of_factors(compared)}
                row |= {f"known_{n}": np.mean([enrichment(x, study.known, n) for x in whole]) for n in BEST}
            rows.append(row)
            say(f"joins: PC9 {row}; {study.seconds:.1f} s for the null of {len(study.factors)} factors")
        repressing[importance, "mean network"] = measure_repressors(study, networks, paths[-1])
        say(f"joins: PC9, repressing regulons, {importance}: {repressing[importance, 'mean network']}")
    keys = ["importance", "join"]
    return pd.DataFrame(rows).set_index(keys), pd.DataFrame(repressing).T.rename_axis(keys)


def measure_joins(*, quick: bool = False, folder: Path | None = None, say=print) -> dict:
    """Return flat keys of all rows; print the table, and what the rule of the choice makes of it."""
    seeds, parts, repressing = SEEDS, [], None
    if (DATA / "grn").exists():
        parts.append(measure_gold(seeds, (0.2,) if quick else (0.1, 0.2, 0.3, 0.4)))
        say("joins: gold standards done\n" + scenic_choice.format_table(parts[0]))
    else:
        say("joins: no gold standards next to the repository")
    if (PC9 / "regulons" / "PC9" / "expression.h5ad").exists():
        real, repressing = measure_real(seeds, folder, say)
        parts.append(real)
    else:
        say("joins: no results of tests/real/pc9, its columns are left out")
    if not parts:
        return {}
    table = parts[0] if len(parts) == 1 else parts[0].join(parts[1], how="outer")
    table = table.reindex([key for key in itertools.product(grnboost.IMPORTANCES, JOINS) if key in table.index])
    say("\n" + scenic_choice.format_table(table) + "\n\n" + scenic_choice.explain(table))
    found = flat(table, "join")
    if repressing is not None:
        say("\njoins: PC9, repressing regulons\n" + scenic_choice.format_table(repressing))
        found |= flat(repressing, "join_repressing")
    return found


def flat(table: pd.DataFrame, prefix: str) -> dict[str, float]:
    """Return the numbers of a table by importance and join as flat keys."""
    return {
        f"{prefix}_{column}_{'_'.join(key)}".replace(" ", "_"): float(row[column])
        for key, row in table.iterrows() for column in table.columns if not pd.isna(row[column])
    }  # fmt: skip
