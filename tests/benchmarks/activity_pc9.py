"""Tell, for a finished PC9 run, how far each regulon's activity is its factor's own mRNA: as SCENIC scores it, with
weights as inferred and the factor's own gene, and as the workflow does; and how far activities change when each
timepoint is a group of its own (regulons of CollecTRI).

The run: ``snakemake --configfile tests/real/pc9/config.yaml``. Prints tables in Markdown.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
for _folder in (ROOT, Path(__file__).parent):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from activity_scores import SETTINGS, read_pc9

from scripts.regulons import scoring
from scripts.regulons.select_expression import select

AUCELL = {"engine": "native", "activity_score": "aucell", "activity_auc_threshold": 0.05}
WAYS = {
    "AUCell, own gene, weights as inferred": (AUCELL, True, 1.0),
    "AUCell of the targets, at most .1 each": (AUCELL, False, 0.1),
    "scaled mean of the targets, at most .1 each": ({**AUCELL, "activity_score": "scaled_mean"}, False, 0.1),
}


def describe(expression, edges: pd.DataFrame) -> pd.DataFrame:
    """Return a row per regulon and way to score: weight of the own gene and of the heaviest target, mean activity in
    cells that show the factor and in the others, r² with its mRNA, change in persisters (sd between cells).
    """
    genes, counts = expression.var_names.tolist(), expression.layers["counts"]
    scales = scoring.scales_of(counts, genes, expression.obs["sample"])
    treated = (expression.obs["timepoint"] == "persister").to_numpy()
    factors = dict(zip(edges["regulon"], edges["tf"], strict=True))
    rows = []
    for way, (settings, own_gene, most) in WAYS.items():
        sets = scoring.target_weights(edges, own_gene=own_gene, max_share=most)
        scores = scoring.score(counts, genes, sets, settings, scales=scales, seed=1)
        for regulon, weights in sets.items():
            tf, values = factors[regulon], scores[regulon].to_numpy()
            mrna = np.asarray(expression[:, tf].X.todense()).ravel()
            sd = np.sqrt((values[treated].var(ddof=1) + values[~treated].var(ddof=1)) / 2)
            rows.append(
                {
                    "regulon": regulon, "score": way, "targets": len(weights), "own gene": weights.get(tf, 0.0),
                    "heaviest target": max(weight for gene, weight in weights.items() if gene != tf),
                    "factor shown": values[mrna > 0].mean(), "not shown": values[mrna == 0].mean(),
                    "r2 with own mRNA": np.corrcoef(mrna, values)[0, 1] ** 2,
                    "persister (sd)": (values[treated].mean() - values[~treated].mean()) / sd,
                }
            )  # fmt: skip
    return pd.DataFrame(rows).sort_values("regulon", kind="stable")


def regroup(results: Path) -> pd.DataFrame:
    """Return, by score, what regulons of CollecTRI have with one group per timepoint beside one for the model: those
    that move by .2 sd between cells or more in either, the largest move, and the least correlation over the cells.

    Genes and counts of both are those that ``group_by`` gives; scales of genes are joined over the groups.
    """
    obs = anndata.read_h5ad(results / "regulons" / "PC9" / "expression.h5ad", backed="r").obs
    samples = sorted(obs["sample"].astype(str).unique())
    parts = [anndata.read_h5ad(results / "cells" / f"{sample}.h5ad") for sample in samples]
    offer = json.loads((results / "regulons" / "databases.json").read_text())
    limits = {"min_cells": 50, "min_cell_fraction": 0.01, "min_database_overlap": 0.5}
    sets, rows = read_pc9()[3], []
    pooled, *alone = [select(parts, own, offer, limits, "PC9") for own in (samples, *([name] for name in samples))]
    for kind in ("aucell", "scaled_mean"):
        whole, split = (score_groups(groups, sets, kind) for groups in ([pooled], alone))
        moves, alike = [], []
        for group in alone:
            one, other = split.loc[group.obs_names], whole.loc[group.obs_names]
            moves.append(((one - other).mean() / whole.std()).abs())
            alike.append(one.corrwith(other))
        moved = pd.concat(moves, axis=1).max(axis=1)
        rows.append((kind, len(moved), (moved >= 0.2).mean(), moved.max(), pd.concat(alike).min()))
    return pd.DataFrame(rows, columns=["score", "regulons", "moved by >= .2 sd", "largest move (sd)", "least r"])


def score_groups(groups: list, sets: dict, kind: str) -> pd.DataFrame:
    """Return the activity of all cells of the groups, scales of genes joined over them as the workflow does."""
    variances = [group.var["variance"].rename_axis("gene").reset_index() for group in groups]
    scales, found = scoring.join_scales(variances), []
    for group in groups:
        genes = group.var_names.tolist()
        measured = scoring.only_measured(genes, sets)
        settings = SETTINGS | {"activity_score": kind}
        scores = scoring.score(group.layers["counts"], genes, measured, settings, scales=scales, seed=1)
        found.append(scores.set_axis(group.obs_names))
    return pd.concat(found)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "pc9", help="folder of the finished run")
    results = parser.parse_args().results
    folder = results / "regulons"
    expression = anndata.read_h5ad(folder / "PC9" / "expression.h5ad")
    table = describe(expression, pd.read_csv(folder / "consensus.tsv", sep="\t"))
    print("| " + " | ".join(table.columns) + " |\n" + "|---" * len(table.columns) + "|")
    for row in table.itertuples(index=False):
        numbers = (f"{value:.3g}" for value in row[3:])
        print("| " + " | ".join([row[0], row[1], str(row[2]), *numbers]) + " |")
    table = regroup(results)
    print("\n| " + " | ".join(table.columns) + " |\n" + "|---" * len(table.columns) + "|")
    for row in table.itertuples(index=False):
        print(f"| {row[0]} | {row[1]} | {row[2]:.1%} | {row[3]:.3f} | {row[4]:.3f} |")


if __name__ == "__main__":
    main()
