"""Warnings if filters remove many cells of a sample, or more at one timepoint than at another."""

from __future__ import annotations

import pandas as pd

from scripts.cells.steps import NOBODYS, POOL, QUALITY

WATCHED = ("mixed", "doublet", *QUALITY, "unsure")
"""Steps that should remove few cells. Numbers of empty droplets, host cells and normal cells depend on the tissue."""
MOST = 0.3
"""Share of a sample that one step, or all quality cuts together, may remove without a warning (a convention)."""
UNEQUAL = 0.15
"""Difference in that share between two timepoints of a model that is reported (a convention, not a test)."""
TOGETHER = "all cuts on quality"


def lost_shares(table: pd.DataFrame) -> pd.Series:
    """Return, per row of attrition (sample, step, removed, remaining), the share of the sample's cells that it removes.

    Cells are all droplets except empty droplets, host cells and normal cells. The share is missing for those steps, and
    if there are no cells. Cells without a tag or with two tags have no sample; their shares are of all cells of the
    pool.
    """
    of_pool = table["step"].isin(NOBODYS)
    if of_pool.any():
        rest = lost_shares(table[~table["step"].isin(POOL)])
        own = table["sample"].map(table[table["step"] == "empty"].set_index("sample")["remaining"])
        others = (
            table["removed"].where(table["step"].isin(POOL), 0).groupby(table["sample"], sort=False).transform("sum")
        )
        everybodys = (own + others).astype(float)
        return (table["removed"] / everybodys.where(everybodys > 0)).where(of_pool, rest.reindex(table.index))
    watched = table["step"].isin(WATCHED)
    kept = table.groupby("sample", sort=False)["remaining"].min()
    cells = table["removed"].where(watched, 0).groupby(table["sample"], sort=False).sum() + kept
    of_row = table["sample"].map(cells).astype(float)
    return (table["removed"] / of_row.where(of_row > 0)).where(watched)


def pooled(table: pd.DataFrame, step: str) -> pd.DataFrame:
    """Return models × timepoints: the share of cells that a step removes, with the samples of a timepoint pooled."""
    own = table["step"].isin(QUALITY) if step == TOGETHER else table["step"] == step
    groups = ["model", "timepoint"]
    removed = table[own].groupby(groups, sort=False)["removed"].sum()
    watched = table[table["step"].isin(WATCHED)]
    kept = table.groupby([*groups, "sample"], sort=False)["remaining"].min().groupby(groups, sort=False).sum()
    cells = watched.groupby(groups, sort=False)["removed"].sum() + kept
    return (removed / cells.where(cells > 0)).unstack()


def unequal(table: pd.DataFrame, step: str) -> dict[tuple[str, str], str]:
    """Return (model, timepoint) → a warning, if a step removes more than at another timepoint of the model."""
    found = {}
    for model, shares in pooled(table, step).iterrows():
        known = shares.dropna()
        if len(known) and known.max() - known.min() > UNEQUAL:
            gap = 100 * (known.max() - known.min())
            found[model, known.idxmax()] = f"{gap:.0f} points more than at {known.idxmin()}"
    return found


def warn(table: pd.DataFrame) -> pd.Series:
    """Return, per row of attrition (with ``lost_share``), the warning about that step; empty if there is none.

    The total removed by the quality cuts is reported at the cut that removes most.
    """
    said = pd.Series("", index=table.index, dtype=object)

    def add(row: int, text: str) -> None:
        said[row] = f"{said[row]}; {text}" if said[row] else text

    for row, share in table["lost_share"][table["lost_share"] > MOST].items():
        whose = "pool" if table["step"][row] in NOBODYS else "sample"
        add(row, f"removes {share:.0%} of the {whose}'s cells")
    cuts = table[table["step"].isin(QUALITY)]
    largest = cuts.groupby("sample", sort=False)["removed"].idxmax()
    for sample, share in cuts.groupby("sample", sort=False)["lost_share"].sum(min_count=1).items():
        row = largest[sample]
        if share > MOST and not table["lost_share"][row] > MOST:
            add(row, f"{TOGETHER} remove {share:.0%} of the sample's cells")
    for step in (*WATCHED, TOGETHER):
        for (model, timepoint), text in unequal(table, step).items():
            here = table[(table["model"] == model) & (table["timepoint"] == timepoint)]
            rows = here.index[here["step"] == step]
            if step == TOGETHER:
                rows = pd.Index(largest[here["sample"].unique()])
                if any("points more" in said[row] for row in here.index[here["step"].isin(QUALITY)]):
                    continue
                text = f"{TOGETHER}: {text}"
            for row in rows:
                add(row, text)
    return said
