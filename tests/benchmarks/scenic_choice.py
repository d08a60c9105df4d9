"""Which importance and join is the default: a rule over the table of section joins.

The rule was written before the table was made. A join that ranks no edges (regulons) isn't a candidate, and one seed
joins nothing. Each measure of a candidate is divided by that of the best candidate. A candidate is as good as the
smallest of these ratios: the default is the candidate whose smallest ratio is the largest, which is never much worse
anywhere. Where two tie, the next smallest ratio decides; this was added after a table in which two did. The share of
false ones among what is kept doesn't enter the choice; it is held against the limit afterwards. Nor does the demo:
that 85 % of its planted targets are right (section demo) is asked of the default besides, so that the default can be
another than the one named here (resources/docs/regulons.md).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MEASURES = {
    "dream4": ["dream4"],
    "clean": ["sergio_ds4"],
    "umi": ["sergio_umi_0.1", "sergio_umi_0.2", "sergio_umi_0.3", "sergio_umi_0.4"],
    "agreement": ["agreement"],
    "jaccard": ["jaccard"],
    "known, 1,000": ["known_1000"],
    "known, 10,000": ["known_10000"],
    "kept": ["kept"],
}
"""Precision on networks of known truth and agreement of seeds there; on real cells agreement of seeds, enrichment in
known edges, and regulons kept. Columns of one measure are averaged.
"""
CANDIDATES = ("edges", "mean network")


def ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Return each candidate's measures over those of the best candidate.

    ``table``: indexed by importance and join, with the columns of :data:`MEASURES` (those that it has are used).
    """
    own = table[table.index.get_level_values("join").isin(CANDIDATES)]
    found = {}
    for name, columns in MEASURES.items():
        here = [column for column in columns if column in own]
        if here:
            mean = own[here].mean(axis=1, skipna=False)
            found[name] = mean / mean.max()
    return pd.DataFrame(found).dropna()


def choose(table: pd.DataFrame) -> tuple[tuple[str, str], pd.Series]:
    """Return the chosen importance and join, and each candidate's smallest ratio, the largest first; of those that tie
    the one with the larger next smallest ratio.
    """
    found = ratios(table)
    own = np.sort(found.to_numpy(), axis=1)
    order = sorted(range(len(found)), key=lambda row: tuple(-own[row]))
    least = pd.Series(own[order, 0], index=found.index[order])
    return least.index[0], least


def format_table(table: pd.DataFrame) -> str:
    """Return the table in Markdown: a row per importance and join, a column per figure."""
    lines = [
        "| importance | join | " + " | ".join(map(str, table.columns)) + " |",
        "|---|---|" + "---|" * table.shape[1],
    ]
    for (importance, how), row in table.iterrows():
        cells = ["–" if pd.isna(value) else f"{value:.3g}" for value in row]
        lines.append(f"| {importance} | {how} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def explain(table: pd.DataFrame) -> str:
    """Return what the rule chose and why: ratios of all candidates, and the chosen one's share of false regulons."""
    chosen, least = choose(table)
    shown = ratios(table).loc[least.index].assign(least=least)
    text = f"measures over those of the best candidate, and the least of them:\n{format_table(shown)}\n"
    text += f"chosen: {chosen[0]}, {chosen[1]}"
    if "false_share" in table and np.isfinite(table.loc[chosen, "false_share"]):
        text += f"; share of false ones among its kept regulons: {table.loc[chosen, 'false_share']:.3f}"
    return text
