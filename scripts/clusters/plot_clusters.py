"""Draw a model's cells in one layout, its clusters from timepoint to timepoint, and how stable they are."""

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.clusters.links import KEY, lineages
from scripts.figure import palette

DPI = 150
POINT = 40_000
"""Points' total area in a panel: small points for many cells."""
WIDTH, BESIDE, GAP = 0.16, 0.02, 0.04
"""Width of a block, its label's distance, and the gap between two blocks, in units of the distance between timepoints
and of all cells."""
SHORT = 3
"""Letters of a timepoint's name in a cluster's label."""
LOW, LEAST = 0.1, 0.045
"""A block lower than this share of all cells has its label on one line; no block is drawn lower than its label."""
LIGHT = 0.55
"""Brightness from which black is easier to read on a colour than white."""


def cluster_names(cells: pd.DataFrame, timepoints: list[str]) -> list[tuple[str, str]]:
    """Return (timepoint, cluster) in the order of timepoints and of cluster numbers."""
    found = cells[["timepoint", "cluster"]].drop_duplicates()
    found = found.assign(order=found["timepoint"].map(timepoints.index), number=found["cluster"].astype(int))
    return [(row.timepoint, row.cluster) for row in found.sort_values(["order", "number"]).itertuples()]


def cluster_colours(names: list[tuple[str, str]], links: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return a colour per (timepoint, cluster): the same along reciprocal links."""
    number = lineages(names, links)
    colours = palette.colours_of("cluster", sorted({str(n).zfill(3) for n in number.values()}))
    return {name: colours[str(n).zfill(3)] for name, n in number.items()}


def label_of(timepoint: str, cluster: str) -> str:
    """Return a short label of a cluster."""
    return f"{timepoint[:SHORT]}·{cluster}"


def scatter(axis, cells: pd.DataFrame, colour, title: str, **options):
    """Draw the cells into one panel; return the points."""
    area = np.clip(POINT / max(len(cells), 1) / 10, 0.3, 18)
    points = axis.scatter(cells["umap_1"], cells["umap_2"], c=colour, s=area, lw=0, alpha=0.85, **options)
    axis.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")
    axis.set_title(title, fontsize=11, loc="left")
    axis.spines[["top", "right"]].set_visible(False)
    return points


def add_legend(axis, colours: dict[str, str], counts: pd.Series) -> None:
    """Name the colours, with the number of cells."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker="o", ls="", ms=6, color=colour, label=f"{name or 'unknown'} ({counts.get(name, 0):,})")
        for name, colour in colours.items()
        if counts.get(name, 0)
    ]
    axis.legend(
        handles=handles, frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), handletextpad=0
    )


def spread_labels(places: np.ndarray, spans: list[float]) -> np.ndarray:
    """Return label positions moved up where a label would lie on one before it. ``spans``: width and height of all."""
    wide, high = 0.15 * spans[0], 0.05 * spans[1]
    moved = np.array(places, dtype=float).reshape(-1, 2)
    placed: list[int] = []
    for i in np.argsort(moved[:, 1], kind="stable"):
        for j in sorted(placed, key=lambda k: moved[k, 1]):
            if abs(moved[j, 0] - moved[i, 0]) < wide and abs(moved[j, 1] - moved[i, 1]) < high:
                moved[i, 1] = moved[j, 1] + high
        placed.append(i)
    return moved


def draw_umap(cells: pd.DataFrame, links: pd.DataFrame, *, model: str, timepoints: list, arms: list, seed: int):
    """Return the figure: the layout by timepoint, arm, cluster, cycle phase, stress and hypoxia."""
    from matplotlib.figure import Figure
    from matplotlib.patheffects import withStroke

    figure = Figure(figsize=(15, 8), layout="constrained")
    axes = figure.subplots(2, 3)
    figure.suptitle(f"{model}: {len(cells):,} graft cells, {cells['sample'].nunique()} samples, not integrated")
    # In random order, so that no group hides another.
    cells = cells.iloc[np.random.default_rng(seed).permutation(len(cells))]
    names = cluster_names(cells, timepoints)
    by_cluster = cluster_colours(names, links)
    phases = [*palette.PHASES, *sorted(set(cells["phase"]) - set(palette.PHASES))]
    for axis, column, colours, title in (
        (axes[0, 0], "timepoint", palette.colours_of("timepoint", timepoints), "timepoint"),
        (axes[0, 1], "arm", palette.colours_of("arm", arms), "arm"),
        (axes[1, 0], "phase", palette.colours_of("phase", phases), "cell-cycle phase"),
    ):
        scatter(axis, cells, cells[column].map(colours), title)
        add_legend(axis, colours, cells[column].value_counts())
    axis = axes[0, 2]
    keys = list(zip(cells["timepoint"], cells["cluster"], strict=True))
    scatter(axis, cells, [by_cluster[key] for key in keys], "cluster (linked ones share a colour)")
    numbers = pd.Series([label_of(*key) for key in keys]).value_counts()
    add_legend(axis, {label_of(*name): by_cluster[name] for name in names}, numbers)
    places = cells.groupby(["timepoint", "cluster"])[["umap_1", "umap_2"]].median()
    spans = [float(np.ptp(cells[column])) for column in ("umap_1", "umap_2")] if len(cells) else [1.0, 1.0]
    for name, place in zip(places.index, spread_labels(places.to_numpy(), spans), strict=True):
        edge = [withStroke(linewidth=2, foreground="white")]
        axis.annotate(label_of(*name), place, ha="center", va="center", fontsize=8, path_effects=edge)
    for axis, column, title in ((axes[1, 1], "stress", "dissociation stress"), (axes[1, 2], "hypoxia", "hypoxia")):
        values = cells[column].to_numpy(dtype=float)
        if not np.isfinite(values).any():
            scatter(axis, cells, palette.ABSENT, f"{title}: not scored")
            continue
        low, high = np.nanquantile(values, [0.02, 0.98])
        points = scatter(axis, cells, values, title, cmap=palette.SEQUENTIAL, vmin=low, vmax=max(high, low + 1e-9))
        # Where the other panels have their legends: an axis of its own would widen the whole column.
        bar = figure.colorbar(points, cax=axis.inset_axes([1.04, 0.45, 0.04, 0.45]))
        bar.set_label("score (2nd to 98th\npercentile)", fontsize=8)
        bar.ax.tick_params(labelsize=8)
    return figure


def draw_stability(
    curves: dict[str, pd.DataFrame], numbers: dict, *, model: str, timepoints: list, min_stability: float
):
    """Return the figure: one panel a timepoint, agreement by resolution; ``numbers``: cells per timepoint."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * max(len(curves), 1), 3.6), layout="constrained")
    axes = figure.subplots(1, max(len(curves), 1), squeeze=False, sharey=True)[0]
    colours = palette.colours_of("timepoint", timepoints)
    for axis, (timepoint, curve) in zip(axes, curves.items(), strict=False):
        axis.set_title(f"{model} {timepoint}, {numbers[timepoint]:,} cells", fontsize=10)
        axis.set(xlabel="resolution", ylim=(-0.08, 1.15))
        axis.axhline(min_stability, color="black", lw=0.8, ls="--")
        axis.spines[["top", "right"]].set_visible(False)
        if curve.empty:
            axis.text(0.5, 0.5, "one cluster:\nnot tried, see the log", ha="center", transform=axis.transAxes)
            continue
        colour = colours[timepoint]
        trivial, several = curve[curve["clusters"] < 2], curve[curve["clusters"] > 1]
        axis.scatter(trivial["resolution"], trivial["ari_mean"], s=28, marker="x", color=palette.ABSENT)
        mean, sd = several["ari_mean"].to_numpy(), several["ari_sd"].to_numpy()
        spread = np.array([sd, np.minimum(sd, 1 - mean)])
        axis.errorbar(several["resolution"].to_numpy(), mean, yerr=spread, color=colour, lw=1.2, capsize=2)
        chosen = several["chosen"] == 1
        axis.scatter(several["resolution"], several["ari_mean"], s=28, fc="white", ec=colour, zorder=3)
        axis.scatter(several["resolution"][chosen], several["ari_mean"][chosen], s=60, color=colour, zorder=4)
        for row in curve.itertuples():
            axis.annotate(row.clusters, (row.resolution, 1.08), ha="center", va="center", fontsize=8)
        if not chosen.any():
            axis.text(0.5, 0.05, "none chosen: one cluster", ha="center", transform=axis.transAxes, fontsize=9)
    axes[0].set_ylabel("adjusted Rand index ± sd\n(top: number of clusters)")
    return figure


def stack(sizes: list[int]) -> list[tuple[float, float]]:
    """Return bottom and height of blocks stacked from the top down, as shares of all."""
    total = max(sum(sizes), 1)
    heights = [max(size / total, LEAST) for size in sizes]
    top, places = sum(heights) + GAP * (len(heights) - 1), []
    for height in heights:
        places.append((top - height, height))
        top -= height + GAP
    return places


def ink_on(colour: str) -> str:
    """Return black or white, whichever is easier to read on the colour (Rec. 601 brightness)."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return "black" if 0.299 * red + 0.587 * green + 0.114 * blue >= LIGHT else "white"


def draw_links(cells: pd.DataFrame, links: pd.DataFrame, *, model: str, timepoints: list[str]):
    """Return the figure: clusters as blocks by timepoint, their links as ribbons with the score."""
    from matplotlib.figure import Figure
    from matplotlib.patches import PathPatch, Rectangle
    from matplotlib.path import Path

    present = [timepoint for timepoint in timepoints if (cells["timepoint"] == timepoint).any()]
    names = cluster_names(cells, timepoints)
    colours = cluster_colours(names, links)
    sizes = cells.groupby(["timepoint", "cluster"]).size()
    figure = Figure(figsize=(3.2 * max(len(present), 2), 4.6), layout="constrained")
    axis = figure.subplots()
    place = {}
    for x, timepoint in enumerate(present):
        own = [name for name in names if name[0] == timepoint]
        for name, (bottom, height) in zip(own, stack([sizes[name] for name in own]), strict=True):
            place[name] = (x, bottom, height)
            axis.add_patch(Rectangle((x - WIDTH / 2, bottom), WIDTH, height, fc=colours[name], ec="none"))
            label = ("{}\n{:,}" if height > LOW else "{}: {:,}").format(name[1], sizes[name])
            axis.text(x, bottom + height / 2, label, ha="center", va="center", fontsize=8, color=ink_on(colours[name]))
    kept = links[links["status"] == "kept"]
    forked = set(kept.index[kept.duplicated(["timepoint_from", "cluster_from"], keep=False)])
    for row in links.itertuples():
        a, b = (row.timepoint_from, str(row.cluster_from)), (row.timepoint_to, str(row.cluster_to))
        if row.status == "kept":
            (x0, low0, high0), (x1, low1, high1) = place[a], place[b]
            x0, x1, middle = x0 + WIDTH / 2, x1 - WIDTH / 2, (x0 + x1) / 2
            top0, top1 = low0 + high0, low1 + high1
            corners = [(x0, low0), (middle, low0), (middle, low1), (x1, low1)]
            corners += [(x1, top1), (middle, top1), (middle, top0), (x0, top0), (x0, low0)]
            codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
            divided = row.basis != "undivided"
            style = (
                {"fc": colours[a], "ec": "none", "alpha": 0.35}
                if divided
                else {"fc": "none", "ec": palette.ABSENT, "ls": ":"}
            )
            axis.add_patch(PathPatch(Path(corners, codes), zorder=0, **style))
            text = f"{row.score:.2f}" + " (position)" * (row.basis == "position") if divided else "undivided"
            # Beside a block no two ribbons lie over each other; in the middle they may cross.
            if row.Index in forked:
                axis.text(x1 - BESIDE, low1 + high1 / 2, text, ha="right", va="center", fontsize=8)
            else:
                axis.text(x0 + BESIDE, low0 + high0 / 2, text, ha="left", va="center", fontsize=8)
        else:
            x, low, height = place[a if row.status == "lost" else b]
            side, align = (1, "left") if row.status == "lost" else (-1, "right")
            text = f"{row.status} ({row.score:.2f} to {row.nearest})"
            beside = x + side * (WIDTH / 2 + BESIDE)
            axis.text(beside, low + height / 2, text, ha=align, va="center", fontsize=8, style="italic")
    labels = [f"{timepoint}\n{(cells['timepoint'] == timepoint).sum():,} cells" for timepoint in present]
    axis.set_xticks(range(len(present)), labels)
    axis.set(yticks=[], xlim=(-0.5, max(len(present), 2) - 0.5))
    axis.autoscale(axis="y")
    axis.set_title(f"{model}: clusters from timepoint to timepoint", fontsize=11)
    axis.spines[["top", "right", "left", "bottom"]].set_visible(False)
    axis.tick_params(length=0)
    return figure


def main(snakemake) -> None:
    """Read a model's tables; write the three figures."""
    cells = read_labelled(snakemake.input.cells, "phase")
    links = read_labelled(snakemake.input.links, *KEY, "nearest")
    own, timepoints = list(snakemake.params.own_timepoints), list(snakemake.params.timepoints)
    model = snakemake.wildcards.model
    curves = {name: pd.read_csv(path, sep="\t") for name, path in zip(own, snakemake.input.stability, strict=True)}
    numbers = {name: int((cells["timepoint"] == name).sum()) for name in own}
    if cells.empty:
        job.log.warning("no cells: empty figures")
    for figure, path in (
        (
            draw_umap(
                cells, links, model=model, timepoints=timepoints, arms=snakemake.params.arms, seed=snakemake.params.seed
            ),
            snakemake.output.umap,
        ),
        (
            draw_stability(
                curves, numbers, model=model, timepoints=timepoints, min_stability=snakemake.params.min_stability
            ),
            snakemake.output.stability,
        ),
        (draw_links(cells, links, model=model, timepoints=timepoints), snakemake.output.links),
    ):
        # No date or version in the file: the same data give the same bytes.
        figure.savefig(path, dpi=DPI, metadata={"Software": None})


if __name__ == "__main__":
    job.run(main, snakemake)
