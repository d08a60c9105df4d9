"""Say of each marker and panel whether the composition of the samples carries it: normal cells, host, host RNA."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.base.verdicts import decide
from scripts.confounders.verdicts import COMPOSITION, MARKER_VERDICTS, Carried
from scripts.stats import remaining
from scripts.stats.paired import false_discovery_rate

MARKERS = [
    "pool", "kind", "marker", "genes", "method", "effect_before", "effect_after", "share_remaining", "n_models", "p",
    "fdr", "verdict",
]  # fmt: skip
GENE, PANEL = "gene", "panel"
WAY = remaining.COMPOSITION


def markers_of(markers: pd.DataFrame) -> pd.DataFrame:
    """Return pool, kind, marker and weights (gene → sign) of every listed gene, and of each pool's final panel.

    ``markers``: markers/markers.tsv.
    """
    signs = markers["direction"].map({"up": 1.0, "down": -1.0})
    rows = [(row.pool, GENE, row.gene, {row.gene: sign}) for row, sign in zip(markers.itertuples(), signs, strict=True)]
    for pool, own in markers[markers["in_final"] == "yes"].groupby("pool", sort=False):
        weights = dict(zip(own["gene"], signs[own.index] / len(own), strict=True))
        rows.append((pool, PANEL, f"panel of {len(own)}", weights))
    return pd.DataFrame(rows, columns=["pool", "kind", "marker", "weights"])


def change_of(table: pd.DataFrame, weights: dict[str, float]) -> pd.Series:
    """Return by model the change of a marker in its direction; of a panel the mean over its genes, if all are there."""
    genes = [gene for gene in weights if gene in table]
    if len(genes) < len(weights):
        return pd.Series(dtype=float)
    return (table[genes] * pd.Series(weights)[genes]).sum(axis=1, skipna=False)


def less_than_kept(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return by marker effect_before, effect_after, share_remaining, n_models and p of half or more remaining.

    Both: models × markers; p: :func:`scripts.stats.remaining.p_of_less`, with variances moderated over the markers. All
    NaN below three models, and where the change before isn't in the marker's direction.
    """
    models = before.index.intersection(after.index)
    x, y = before.loc[models], after.loc[models]
    both = x.notna() & y.notna()
    x, y = x.where(both), y.where(both)
    p, n = remaining.p_of_less(x.to_numpy(dtype=float), y.to_numpy(dtype=float))
    columns = {"effect_before": x.mean(), "effect_after": y.mean(), "share_remaining": y.sum() / x.sum()}
    found = pd.DataFrame({**columns, "n_models": n, "p": p}, index=before.columns)
    found[np.isnan(n)] = np.nan
    return found


def judge(markers: pd.DataFrame, tables: dict[str, pd.DataFrame], fdr: float) -> pd.DataFrame:
    """Return one row (:data:`MARKERS`) per marker and panel.

    ``markers``: :func:`markers_of`; ``tables``: by model, features × confounders (confounders/models/*.parquet). That
    way of holding composition with the smallest p is given, p corrected for the number of ways; the false discovery
    rate is over all markers and panels. A marker is chosen for a large change, whose chance part stays in what is
    measured after: that makes the test conservative.
    """

    def changes(column: str) -> pd.DataFrame:
        table = remaining.by_feature(tables, "gene", column)
        found = {row.Index: change_of(table, row.weights) for row in markers.itertuples()}
        return pd.DataFrame(found, columns=markers.index, dtype=float)

    columns = list(dict.fromkeys(name for table in tables.values() for name in table if name.startswith(WAY)))
    before = changes(remaining.BEFORE)
    ways = {name.removeprefix(WAY): less_than_kept(before, changes(name)) for name in columns}
    p = pd.DataFrame({name: found["p"] for name, found in ways.items()}, index=markers.index, dtype=float)
    best = (
        p.apply(lambda row: row.idxmin() if row.notna().any() else "", axis=1) if len(ways) else pd.Series("", p.index)
    )
    rows = []
    for row in markers.itertuples():
        known = {"pool": row.pool, "kind": row.kind, "marker": row.marker, "genes": ",".join(row.weights)}
        method = best[row.Index]
        found = ways[method].loc[row.Index].to_dict() if method else {"n_models": 0, "p": np.nan}
        rows.append({**known, "method": method, **found, "p": np.minimum(1.0, found["p"] * p.loc[row.Index].count())})
    table = pd.DataFrame(rows, columns=MARKERS).astype({"n_models": "Int64"})
    table["fdr"] = false_discovery_rate(table["p"].to_numpy(dtype=float))
    evidence = [Carried(int(row.n_models), row.fdr, fdr) for row in table.itertuples()]
    table["verdict"] = [decide(MARKER_VERDICTS, own).name for own in evidence]
    return table


def main(snakemake) -> None:
    """Read markers and the models' differences; write the verdicts."""
    params = snakemake.params
    tables = dict(zip(params.models, map(pd.read_parquet, snakemake.input.differences), strict=True))
    tables = {model: table for model, table in tables.items() if len(table)}
    table = judge(markers_of(read_labelled(snakemake.input.markers)), tables, params.fdr)
    table.to_csv(snakemake.output[0], sep="\t", index=False, float_format="%.6g")
    carried = table[table["verdict"] == COMPOSITION.name]
    if len(carried):
        named = ", ".join(carried["marker"].head(5))
        job.log.warning("composition explains %d of %d markers: %s", len(carried), len(table), named)
    else:
        job.log.info("composition is shown to explain none of %d markers", len(table))


if __name__ == "__main__":
    job.run(main, snakemake)
