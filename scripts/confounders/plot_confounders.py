"""Draw what remains of the programme with each confounder held."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.confounders.tabulate_confounders import GENES, SIGNATURE
from scripts.figure import palette
from scripts.switches.plot_switches import DPI, UP, empty_figure, with_note

MAX_SWITCHES = 12


def draw(table: pd.DataFrame, verdict: pd.Series, title: str) -> Figure:
    """Return the signature's change before and after, the number of genes, and the share left of each switch."""
    own = table[(table["what"] == SIGNATURE) & table["effect_after"].notna()].reset_index(drop=True)
    genes = table[table["what"] == GENES].set_index(["confounder", "method"])
    switches = [what for what in dict.fromkeys(table["what"]) if what not in (SIGNATURE, GENES)][:MAX_SWITCHES]
    width = 0.42 * len(switches)
    figure = Figure(figsize=(8.5 + width, 1.9 + 0.36 * len(own)), layout="constrained")
    grid = figure.subplots(
        1, 3 if switches else 2, width_ratios=[4, 2, *([max(width, 1.2)] if switches else [])], sharey=True
    )
    left, middle = grid[0], grid[1]
    for i, row in enumerate(own.itertuples()):
        left.plot(row.effect_before, i, "o", mfc="white", mec="#555555", ms=6, zorder=2)
        if np.isfinite(row.ci_low):
            left.plot([row.ci_low, row.ci_high], [i, i], color=UP, lw=4, alpha=0.45, solid_capstyle="butt", zorder=1)
        left.plot(row.effect_after, i, "o", color=UP, ms=6, zorder=3)
        key = (row.confounder, row.method)
        if key in genes.index and np.isfinite(genes.loc[key, "effect_after"]):
            before, after = genes.loc[key, ["effect_before", "effect_after"]].astype(float)
            middle.barh(i, before, height=0.62, color="#E2E2E2")
            middle.barh(i, after, height=0.34, color=UP)
    left.set_yticks(
        range(len(own)), [f"{row.confounder}: {row.method} (n {row.n_models})" for row in own.itertuples()], fontsize=8
    )
    left.set_ylim(len(own) - 0.4, -0.6)
    left.axvline(0, color="black", lw=0.8, zorder=0)
    left.set_xlabel(
        "change of the signature learned in the other\nmodels (log scale); open: before, filled: after", fontsize=8
    )
    middle.set_xlabel("genes changed\n(grey: before)", fontsize=8)
    if switches:
        right = grid[2]
        wide = table[table["what"].isin(switches)].pivot_table(
            index=["confounder", "method"], columns="what", values="share_remaining", sort=False
        )
        values = wide.reindex(index=pd.MultiIndex.from_frame(own[["confounder", "method"]]), columns=switches).to_numpy(
            dtype=float
        )
        right.imshow(np.ma.masked_invalid(values), cmap=palette.SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                right.text(
                    j,
                    i,
                    f"{value:.0%}",
                    ha="center",
                    va="center",
                    fontsize=6.5,
                    color="black" if value > 0.5 else "white",
                )
        right.set_xticks(range(len(switches)), switches, fontsize=8, rotation=60, ha="right")
        right.set_title("share left of each switch", fontsize=9, loc="left")
    for axis in grid:
        axis.tick_params(axis="y", length=0)
        axis.tick_params(axis="x", labelsize=8)
        axis.spines[["top", "right", "left"]].set_visible(False)
    figure.suptitle(f"{title}: {verdict['verdict']}", fontsize=11)
    return figure


def main(snakemake) -> None:
    """Read confounders and verdict; write the figure."""
    table = read_labelled(snakemake.input.confounders, "what")
    verdict = read_labelled(snakemake.input.verdict).iloc[0]
    known = table[(table["what"] == SIGNATURE) & table["effect_after"].notna()]
    if known.empty:
        figure = empty_figure(
            with_note("Nothing was compared with a confounder held: see confounders.tsv.", snakemake.params.note)
        )
    else:
        contrast = snakemake.params.contrast
        title = f"{contrast['persister']} − {contrast['baseline']}"
        figure = draw(table, verdict, with_note(title, snakemake.params.note))
    figure.savefig(snakemake.output[0], dpi=DPI)


if __name__ == "__main__":
    job.run(main, snakemake)
