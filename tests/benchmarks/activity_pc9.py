"""Tell, for a finished PC9 run, how far each regulon's activity is its factor's own mRNA: as SCENIC scores it, with
weights as inferred and the factor's own gene, and as the workflow does.

The run: ``snakemake --configfile tests/real/pc9/config.yaml``. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts.regulons import scoring

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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", type=Path, default=ROOT / "results" / "pc9", help="folder of the finished run")
    folder = parser.parse_args().results / "regulons"
    expression = anndata.read_h5ad(folder / "PC9" / "expression.h5ad")
    table = describe(expression, pd.read_csv(folder / "consensus.tsv", sep="\t"))
    print("| " + " | ".join(table.columns) + " |\n" + "|---" * len(table.columns) + "|")
    for row in table.itertuples(index=False):
        numbers = (f"{value:.3g}" for value in row[3:])
        print("| " + " | ".join([row[0], row[1], str(row[2]), *numbers]) + " |")


if __name__ == "__main__":
    main()
