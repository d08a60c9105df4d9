"""Draw what became of the droplets with cells, per library, grouped by treatment arm."""

import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled

COLOURS = {
    "host": "#E69F00",
    "mixed": "#D55E00",
    "doublet": "#CC79A7",
    "low_counts": "#56B4E9",
    "high_counts": "#009E73",
    "few_genes": "#F0E442",
    "many_genes": "#000000",
    "high_mt": "#999999",
    "kept": "#0072B2",
}
"""Okabe & Ito's palette, safe for the colour-blind; colours of the barnyard plots where the verdict is the same."""
DPI = 150


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """Return, per arm and sample (index), the share of the droplets with cells that each step removed, and ``kept``.

    Samples without a cell get zeros. Arms and samples keep the order of the table, baseline first as the sheet has it.
    """
    rows = {}
    for (arm, sample), steps in table.groupby(["arm", "sample"], sort=False):
        steps = steps.set_index("step")
        cells = int(steps.loc["empty", "remaining"])
        counts = {name: int(steps.loc[name, "removed"]) for name in COLOURS if name != "kept"}
        counts["kept"] = cells - sum(counts.values())
        rows[arm, sample] = {**{name: n / max(cells, 1) for name, n in counts.items()}, "cells": cells}
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=[*COLOURS, "cells"])
    frame.index = pd.MultiIndex.from_arrays([[key[i] for key in rows] for i in (0, 1)], names=["arm", "sample"])
    order = {arm: i for i, arm in enumerate(table["arm"].unique())}
    return frame.sort_index(level="arm", key=lambda arms: arms.map(order), sort_remaining=False, kind="stable")


def draw(frame: pd.DataFrame):
    """Return the figure: one bar a library, one block an arm."""
    from matplotlib.figure import Figure

    arms = list(frame.index.get_level_values("arm").unique())
    height = 1.6 + 0.32 * len(frame) + 0.35 * len(arms)
    figure = Figure(figsize=(10, height), layout="constrained")
    axis = figure.subplots()
    position, labels, ticks = 0.0, [], []
    for arm in arms:
        block = frame.xs(arm, level="arm")
        axis.text(0, position - 0.15, arm, fontweight="bold", va="center")
        position += 0.8
        for sample, row in block.iterrows():
            left = 0.0
            for name, colour in COLOURS.items():
                axis.barh(position, row[name], left=left, color=colour, height=0.8, lw=0, label=name.replace("_", " "))
                left += row[name]
            labels.append(f"{sample} (n = {int(row['cells']):,})")
            ticks.append(position)
            position += 1
        position += 0.4
    axis.set(
        yticks=ticks,
        yticklabels=labels,
        xlim=(0, 1),
        xlabel="share of the droplets with cells",
        ylim=(max(position, 1), -0.6),
    )
    axis.xaxis.set_major_formatter("{x:.0%}")
    axis.spines[["top", "right", "left"]].set_visible(False)
    handles, names = axis.get_legend_handles_labels()
    first = dict(zip(reversed(names), reversed(handles), strict=True))
    if first:
        shown = [name for name in (c.replace("_", " ") for c in COLOURS) if name in first]
        figure.legend(
            [first[name] for name in shown], shown, loc="outside upper center", ncols=5, frameon=False, fontsize=9
        )
    return figure


def main(snakemake) -> None:
    """Read cells/attrition.tsv; write the figure."""
    table = read_labelled(snakemake.input.attrition)
    draw(shares(table)).savefig(snakemake.output.figure, dpi=DPI, metadata={"Software": None})


if __name__ == "__main__":
    job.run(main, snakemake)
