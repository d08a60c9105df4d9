"""Draw regulon activity: a heat map over samples, and the distributions that on/off thresholds cut."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from scipy.cluster.hierarchy import leaves_list, linkage

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.figure import palette

MAX_REGULONS, MAX_SHOWN, MAX_GROUPS = 60, 6, 8
DPI = 150


def standardise(samples: pd.DataFrame) -> pd.DataFrame:
    """Return regulons × samples: mean activity, each regulon scaled to mean 0 and sd 1 over the samples; NaN where a
    sample's group doesn't measure it.
    """
    wide = samples.pivot(index="regulon", columns="sample", values="activity")
    spread = wide.std(axis=1, ddof=0)
    spread[spread < 1e-9] = np.nan  # what is equal in all samples differs by rounding only
    return wide.sub(wide.mean(axis=1), axis=0).div(spread, axis=0).fillna(0.0).where(wide.notna())


def most_variable(samples: pd.DataFrame, n: int) -> list[str]:
    """Return the regulons whose share of cells that are on differs most between samples."""
    spread = samples.groupby("regulon")["on"].var().fillna(0).sort_values(ascending=False, kind="stable")
    return spread.index[:n].tolist()


def order_rows(scores: pd.DataFrame) -> list[str]:
    """Return the regulons, alike beside alike (average linkage of correlation distance)."""
    if len(scores) < 3 or scores.shape[1] < 2:
        return scores.index.tolist()
    with np.errstate(invalid="ignore"):
        distance = 1 - np.nan_to_num(np.corrcoef(scores.fillna(0.0).to_numpy()))
    condensed = np.clip(distance[np.triu_indices(len(scores), 1)], 0, None)
    return scores.index[leaves_list(linkage(condensed, "average", optimal_ordering=True))].tolist()


def empty_figure(text: str):
    """Return a figure that says why there is nothing to show."""
    figure, axes = plt.subplots(figsize=(6, 2))
    axes.text(0.5, 0.5, text, ha="center", va="center")
    axes.axis("off")
    return figure


def draw_heatmap(samples: pd.DataFrame, orders: dict[str, list[str]], note: str):
    """Return the heat map; samples in the order of timepoints, then models, with a strip of colour for each."""
    scores = standardise(samples)
    shown = most_variable(samples, MAX_REGULONS)
    scores = scores.loc[[r for r in scores.index if r in shown]]
    rows = order_rows(scores)
    kinds = ["timepoint", "model", "arm"]
    info = samples.drop_duplicates("sample").set_index("sample")
    keys = {kind: info[kind].map({name: i for i, name in enumerate(orders[kind])}) for kind in kinds}
    columns = pd.DataFrame(keys).rename_axis("name").sort_values([*kinds, "name"]).index.tolist()
    left, cell = 1.6, 0.32
    width, height = max(5.0, left + cell * len(columns) + 2.6), max(3.2, 2.6 + 0.17 * len(rows))
    figure, (strip, body) = plt.subplots(
        2,
        1,
        figsize=(width, height),
        layout="constrained",
        gridspec_kw={"height_ratios": [0.6, 0.17 * len(rows) + 0.6]},
    )
    colours = {kind: palette.colours_of(kind, orders[kind]) for kind in kinds}
    strip.imshow([[to_rgb(colours[kind][info.loc[s, kind]]) for s in columns] for kind in kinds], aspect="auto")
    strip.set_yticks(range(len(kinds)), kinds, fontsize=8)
    strip.set_xticks([])
    limit = max(1.0, float(np.nanmax(np.abs(scores.to_numpy()))))
    image = body.imshow(scores.loc[rows, columns], cmap=palette.DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    body.set_facecolor(palette.ABSENT)  # shows where nothing was measured
    body.set_yticks(range(len(rows)), rows, fontsize=7)
    body.set_xticks(range(len(columns)), [f"{s} ({info.loc[s, 'n_cells']})" for s in columns], rotation=90, fontsize=7)
    first = info.loc[columns, "timepoint"].ne(info.loc[columns, "timepoint"].shift()).to_numpy()
    for axes in (strip, body):
        for position in np.flatnonzero(first)[1:]:
            axes.axvline(position - 0.5, color="white", linewidth=2)
        axes.tick_params(length=0)
        for side in axes.spines.values():
            side.set_visible(False)
    handles = [Patch(color=palette.ABSENT, label="not measured")] if scores.isna().any(axis=None) else []
    for kind in kinds:
        present = [name for name in orders[kind] if name in set(info[kind])]
        handles += [
            Patch(color="none", label=kind),
            *(Patch(color=colours[kind][name], label=name) for name in present),
        ]
    figure.legend(handles=handles, loc="outside right upper", fontsize=7, frameon=False, handlelength=1)
    bar = figure.colorbar(image, ax=body, shrink=min(1.0, 8 / len(rows) + 0.2))
    bar.set_label("mean activity, z over samples", fontsize=8)
    bar.ax.tick_params(labelsize=7)
    number = samples["regulon"].nunique()
    more = f"{len(rows)} of {number} regulons, those that differ most" if len(rows) < number else f"{number} regulons"
    figure.suptitle(f"Regulon activity by sample (cells): {more}" + (f"\n{note}" if note else ""), fontsize=9)
    return figure


def draw_on_off(
    bins: pd.DataFrame, cuts: pd.DataFrame, shown: list[str], groups: list[str], timepoints: list[str], note: str
):
    """Return distributions of activity, a row per regulon and a column per group, with the threshold that cuts them."""
    colours = palette.colours_of("timepoint", timepoints)
    figure, grid = plt.subplots(
        len(shown),
        len(groups),
        figsize=(2.1 * len(groups) + 1, 1.45 * len(shown) + 1),
        layout="constrained",
        squeeze=False,
    )
    limits = cuts.set_index(["group", "regulon"])
    for i, regulon in enumerate(shown):
        for j, group in enumerate(groups):
            axes = grid[i, j]
            own = bins[(bins["regulon"] == regulon) & (bins["group"] == group)]
            for timepoint in [t for t in timepoints if t in set(own["timepoint"])]:
                rows = own[own["timepoint"] == timepoint]
                share = rows["cells"] / max(rows["cells"].sum(), 1)
                edges = [*rows["left"], rows["right"].iloc[-1]]
                axes.stairs(share, edges, color=colours[timepoint], fill=True, alpha=0.3)
                axes.stairs(share, edges, color=colours[timepoint])
            if own.empty:
                axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", fontsize=6)
            if (group, regulon) in limits.index:
                cut = limits.loc[(group, regulon)]
                axes.axvline(cut["threshold"], color="black", linewidth=1, linestyle="-" if cut["bimodal"] else ":")
            axes.tick_params(labelsize=6)
            axes.set_yticks([])
            axes.spines[["top", "right", "left"]].set_visible(False)
            if i == 0:
                axes.set_title(group, fontsize=8)
            if j == 0:
                axes.set_ylabel(regulon, fontsize=8)
    handles = [Patch(color=colours[t], label=t) for t in timepoints if t in set(bins["timepoint"])]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), fontsize=8, frameon=False)
    figure.supxlabel("activity (AUC)" + (f" — {note}" if note else ""), fontsize=8)
    figure.supylabel("share of cells", fontsize=8)
    return figure


def main(snakemake) -> None:
    """Read the tables of all groups; write both figures."""
    samples = read_labelled(snakemake.input.samples)
    cuts = read_labelled(snakemake.input.thresholds)
    params = snakemake.params
    if samples.empty:
        for path in (snakemake.output.heatmap, snakemake.output.on_off):
            empty_figure("No consensus regulon was found: see the log of consensus_over_models.").savefig(path, dpi=DPI)
        return
    orders = {"timepoint": list(params.timepoints), "model": list(params.models), "arm": list(params.arms)}
    draw_heatmap(samples, orders, params.note).savefig(snakemake.output.heatmap, dpi=DPI)
    groups = list(dict.fromkeys(cuts["group"]))[:MAX_GROUPS]
    shown = most_variable(samples, MAX_SHOWN)
    tables = (read_labelled(path) for path in snakemake.input.histograms)
    bins = pd.concat([table[table["regulon"].isin(shown) & table["group"].isin(groups)] for table in tables])
    draw_on_off(bins, cuts, shown, groups, orders["timepoint"], params.note).savefig(snakemake.output.on_off, dpi=DPI)


if __name__ == "__main__":
    job.run(main, snakemake)
