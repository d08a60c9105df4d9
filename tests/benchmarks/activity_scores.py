"""Compare scores of activity: power at equal depth on simulated cells, invariance to depth on real ones.

Prints a table in Markdown. Simulated cells: two timepoints of one patient, negative binomial counts; targets of half of
the regulons change, by the fold named, in 80 % of the targets. Real cells: PC9 (``../shared/data/pc9_erlotinib``) with
the regulons of CollecTRI, as they are and with each molecule kept with a chance of .58 or .25. All are scores of the
workflow (regulons.activity_score). The default is the score of the most power at equal depth among those that don't
follow depth.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.base.expression import thin
from scripts.regulons import scoring

DATA = ROOT.parent / "shared" / "data"
SETTINGS = {"engine": "native", "activity_auc_threshold": 0.05}
PLANTED, TRUE = 0.5, 0.8
"""Share of the regulons that change, and of their targets that do."""
N_GENES, N_REGULONS, N_CELLS = 4_000, 60, 250
Sets = dict[str, dict[str, float]]


def score_workflow(name: str):
    """Return a function that scores as the stage regulons does."""

    def score(counts, genes: list[str], sets: Sets, scales: pd.DataFrame) -> np.ndarray:
        settings = SETTINGS | {"activity_score": name}
        return scoring.score(counts, genes, sets, settings, scales=scales, seed=1).to_numpy()

    return score


SCORES = {name: score_workflow(name) for name in ("aucell", "mean_rank", "ulm", "scaled_mean")}
LARGE = 0.5
"""Sd between cells from which a change counts as large."""
MOST_MOVED, ENOUGH = 0.1, 0.95
"""Sd that the same cells may move by when molecules are left out, and the share of the regulons that must hold it."""


def simulate(fold: float, depth: tuple[float, float], rng: np.random.Generator, dominated: bool = False) -> tuple:
    """Return counts, timepoint of each cell, genes, regulons and which of them change.

    ``depth``: median UMIs per cell, untreated and treated; ``dominated``: ten genes outside the regulons take a quarter
    of the treated cells' RNA.
    """
    genes = [f"g{i}" for i in range(N_GENES)]
    rate = rng.lognormal(0, 1.6, N_GENES)
    rate /= rate.sum()
    dispersion = rng.lognormal(np.log(0.3), 0.7, N_GENES)
    sets, factor = {}, np.ones(N_GENES)
    free = rng.permutation(N_GENES)
    changed = np.arange(N_REGULONS) < PLANTED * N_REGULONS
    direction = np.where(rng.random(N_REGULONS) < 0.5, -1, 1)
    for number in range(N_REGULONS):
        n = int(rng.integers(10, 60))
        own, free = free[:n], free[n:]
        if changed[number]:
            factor[own[rng.random(n) < TRUE]] = fold ** direction[number]
        sets[f"R{number:02d}"] = {genes[i]: float(w) for i, w in zip(own, rng.gamma(2, 1, n) + 0.05, strict=True)}
    if dominated:
        ten = free[:10]
        factor[ten] = 0.25 / 0.75 / 10 / rate[ten]
    counts = []
    for timepoint, size in enumerate(depth):
        mean = rate * factor if timepoint else rate
        mean = mean / mean.sum()
        expected = size * rng.lognormal(0, 0.35, N_CELLS)[:, None] * mean[None, :]
        counts.append(rng.poisson(expected * rng.gamma(1 / dispersion, dispersion, expected.shape)).astype(np.int32))
    labels = np.repeat([0, 1], N_CELLS)
    return sparse.csr_matrix(np.vstack(counts)), labels, genes, scoring.capped_sets(sets, 0.1), changed, direction


def change(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return each column's mean difference, in units of its standard deviation between the cells of a timepoint."""
    first, second = scores[labels == 0], scores[labels == 1]
    sd = np.sqrt((first.var(axis=0, ddof=1) + second.var(axis=0, ddof=1)) / 2)
    return (second.mean(axis=0) - first.mean(axis=0)) / np.where(sd > 0, sd, np.inf)


def power(fold: float, depth: tuple[float, float], repeats: int, dominated: bool = False) -> pd.DataFrame:
    """Return, by score: median change of planted regulons in their direction (sd), 95 % quantile of others' |change|,
    and the share of planted ones beyond it.
    """
    found: dict[str, list] = {name: [] for name in SCORES}
    for repeat in range(repeats):
        rng = np.random.default_rng([repeat, round(100 * fold)])
        counts, labels, genes, sets, changed, direction = simulate(fold, depth, rng, dominated)
        scales = scoring.scales_of(counts, genes, labels.astype(str))
        for name, score in SCORES.items():
            found[name].append((change(score(counts, genes, sets, scales), labels), changed, direction))
    rows = {}
    for name, parts in found.items():
        all_changes, changed, direction = (np.concatenate(part) for part in zip(*parts, strict=True))
        limit = float(np.quantile(np.abs(all_changes[~changed]), 0.95))
        signed = (all_changes * direction)[changed]
        rows[name] = {"planted": np.median(signed), "others": limit, "power": (signed > limit).mean()}
    return pd.DataFrame(rows).T


def read_pc9() -> tuple[sparse.csr_matrix, np.ndarray, list[str], Sets]:
    """Return counts of PC9 cells (1,000 UMIs or more), their samples, genes shown by 1 % and CollecTRI's regulons of
    10 measured targets or more, activating edges, without factors' own genes.
    """
    tables = []
    for name in ("Day11_control", "Day11_Erlotinib"):
        table = pd.read_csv(DATA / "pc9_erlotinib" / f"{name}.txt.gz", sep="\t", index_col=0)
        tables.append(table.loc[:, table.sum() >= 1_000])
    both = tables[0].index.intersection(tables[1].index)
    samples = np.repeat(["control", "erlotinib"], [table.shape[1] for table in tables])
    counts = np.vstack([table.loc[both].to_numpy().T for table in tables]).astype(np.int32)
    shown = (counts > 0).mean(axis=0) >= 0.01
    genes = both[shown].astype(str).tolist()
    network = pd.read_csv(DATA / "study_profiles" / "TFs_network_CollecTRI.csv.gz", keep_default_na=False)
    network = network[(network["mor"].astype(float) > 0) & network["target"].isin(set(genes))]
    edges = network.rename(columns={"source": "tf"}).assign(weight=1.0)
    edges = edges.assign(regulon=edges["tf"] + "(+)").drop_duplicates(["regulon", "target"])
    edges = edges[edges["tf"] != edges["target"]]
    edges = edges[edges.groupby("regulon")["target"].transform("size") >= 10]
    return (
        sparse.csr_matrix(counts[:, shown]),
        samples,
        genes,
        scoring.target_weights(edges, own_gene=False, max_share=0.1),
    )


def moves(
    counts: sparse.csr_matrix, genes: list[str], sets: Sets, scales: pd.DataFrame, score, share: float, draws: int
) -> np.ndarray:
    """Return by how many sd between cells each regulon's mean moves when molecules are kept with a chance of ``share``;
    mean over ``draws``.
    """
    whole = score(counts, genes, sets, scales)
    thinned = [
        score(thin(counts, share, np.random.default_rng([draw, 7])), genes, sets, scales).mean(axis=0)
        for draw in range(draws)
    ]
    sd = whole.std(axis=0, ddof=1)
    return (np.mean(thinned, axis=0) - whole.mean(axis=0)) / np.where(sd > 0, sd, np.inf)


def invariance(draws: int) -> pd.DataFrame:
    """Return, by score and share kept: share of the regulons that move by less than .1 sd, 95 % quantile of |move|."""
    counts, samples, genes, sets = read_pc9()
    scales = scoring.scales_of(counts, genes, samples)
    rows = []
    for name, score in SCORES.items():
        for share in (0.58, 0.25):
            moved = np.abs(moves(counts, genes, sets, scales, score, share, draws))
            rows.append((name, share, len(sets), (moved < MOST_MOVED).mean(), np.quantile(moved, 0.95)))
    return pd.DataFrame(rows, columns=["score", "kept", "regulons", "below .1 sd", "95 % quantile"])


def kept_at_equal_depth(draws: int) -> pd.DataFrame:
    """Return, by score: regulons of PC9 that differ by :data:`LARGE` sd or more between the samples as they are, those
    of them that still do, in the same direction, with the deeper sample thinned to the other's median depth (mean over
    ``draws``), and the share of all regulons that equal depth moves by .2 sd or more.
    """
    counts, samples, genes, sets = read_pc9()
    scales = scoring.scales_of(counts, genes, samples)
    labels = (samples == "erlotinib").astype(int)
    depth = np.asarray(counts.sum(axis=1)).ravel()
    median = np.array([np.median(depth[labels == label]) for label in (0, 1)])
    keep = (median.min() / median)[labels]
    thinned = [thin(counts, keep, np.random.default_rng([draw, 8])) for draw in range(draws)]
    rows = []
    for name, score in SCORES.items():
        whole = change(score(counts, genes, sets, scales), labels)
        equal = np.mean([change(score(own, genes, sets, scales), labels) for own in thinned], axis=0)
        large = np.abs(whole) >= LARGE
        kept = large & (whole * equal > 0) & (np.abs(equal) >= LARGE)
        rows.append((name, keep.min(), large.sum(), kept.sum(), (np.abs(whole - equal) >= 0.2).mean()))
    return pd.DataFrame(rows, columns=["score", "thinned to", "large", "kept", "moved"])


def choose(powers: pd.DataFrame, moved: pd.DataFrame) -> str:
    """Return the score with the most power at equal depth (mean over the settings) among those that hold still.

    ``powers``: score, power; ``moved``: score, below .1 sd, one row per share of molecules kept. A score holds still if
    :data:`ENOUGH` of the regulons do, at each share.
    """
    still = moved.groupby("score")["below .1 sd"].min()
    mean = powers.groupby("score")["power"].mean()
    stable = still.index[still >= ENOUGH]
    return str(mean[stable].idxmax()) if len(stable) else "none holds still"


def header(*columns: str) -> str:
    """Return the first two lines of a table in Markdown."""
    return "\n| " + " | ".join(columns) + " |\n" + len(columns) * "|---" + "|"


def print_simulated(repeats: int) -> pd.DataFrame:
    """Print the power of all scores; return it (score, power) where depth is equal."""
    settings = [(fold, (size, size), False) for fold in (1.25, 1.5) for size in (1_000, 4_000)]
    settings += [(1.25, (4_000, 2_320), False), (1.25, (4_000, 4_000), True)]
    print(header("fold", "UMIs, untreated / treated", "score", "planted (sd)", "95 % of others (sd)", "power"))
    equal = []
    for fold, depth, dominated in settings:
        where = f"{depth[0]:,.0f} / {depth[1]:,.0f}" + (", a quarter of ten genes" if dominated else "")
        found = power(fold, depth, repeats, dominated)
        if depth[0] == depth[1] and not dominated:
            equal.append(found["power"].rename_axis("score").reset_index())
        for name, row in found.iterrows():
            numbers = " | ".join(f"{row[column]:.2f}" for column in ("planted", "others", "power"))
            print(f"| {fold} | {where} | {name} | {numbers} |", flush=True)
    return pd.concat(equal)


def print_real(draws: int) -> pd.DataFrame:
    """Print what depth does to the scores of PC9 cells; return :func:`invariance`."""
    print(header("score", "molecules kept", "regulons", "moved by < .1 sd", "95 % quantile of moves (sd)"))
    moved = invariance(draws)
    for row in moved.itertuples(index=False):
        print(f"| {row[0]} | {row[1]} | {row[2]} | {row[3]:.1%} | {row[4]:.3f} |", flush=True)
    print(header("score", "deeper thinned to", "changes of .5 sd or more", "kept at equal depth", "moved by ≥ .2 sd"))
    for row in kept_at_equal_depth(draws).itertuples(index=False):
        print(f"| {row[0]} | {row[1]:.2f} | {row[2]} | {row[3]} | {row[4]:.1%} |", flush=True)
    return moved


def main() -> None:
    """Print the tables, and which score they make the default."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one repeat: to try the benchmark")
    parser.add_argument("--parts", nargs="+", choices=("simulated", "real"), default=("simulated", "real"))
    options = parser.parse_args()
    repeats, draws = (1, 1) if options.quick else (4, 3)
    powers = print_simulated(repeats) if "simulated" in options.parts else None
    moved = None
    if "real" in options.parts:
        if (DATA / "pc9_erlotinib").is_dir():
            moved = print_real(draws)
        else:
            print(f"\n{DATA / 'pc9_erlotinib'} isn't here: nothing on real cells")
    if powers is not None:
        mean = powers.groupby("score")["power"].mean()
        print("\nmean power at equal depth: " + ", ".join(f"{name} {value:.3f}" for name, value in mean.items()))
        if moved is not None:
            print(f"most power of those that hold still: {choose(powers, moved)}")


if __name__ == "__main__":
    main()
