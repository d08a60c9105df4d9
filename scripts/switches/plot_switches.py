"""Draw the switches: each patient's difference per regulon, activity through time, and activity against mRNA."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.figure import palette
from scripts.switches.verdicts import MIN_MODELS, SHARED

DPI = 150
MAX_ROWS, MAX_PANELS, MAX_LABELS = 30, 12, 40
UP, DOWN = "#B35806", "#542788"
"""Ends of the diverging map: a shared switch that turns on, and one that turns off."""
BETWEEN_CELLS = "sd between cells"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


def empty_figure(text: str) -> Figure:
    """Return a figure that says why there is nothing to show."""
    figure = Figure(figsize=(6, 2))
    axis = figure.subplots()
    axis.text(0.5, 0.5, text, ha="center", va="center", wrap=True, fontsize=9)
    axis.axis("off")
    return figure


def with_note(title: str, note: str) -> str:
    """Return a title with the note on stand-ins under it."""
    return f"{title}\n{note}" if note else title


def colour_of(row) -> str:
    """Return the colour of a row of the table: only shared switches are coloured."""
    if row.verdict != SHARED.name:
        return palette.ABSENT
    return UP if row.direction == "up" else DOWN


def _handles(colours: dict[str, str], markers: dict[str, str]) -> list:
    """Return legend entries of models and, where there are several, of arms."""
    handles = [Line2D([], [], marker="o", ls="", color=colour, label=name) for name, colour in colours.items()]
    if len(markers) > 1:
        handles += [
            Line2D([], [], marker=m, ls="", mfc="none", color="black", label=name) for name, m in markers.items()
        ]
    return handles


def draw_forest(
    table: pd.DataFrame,
    differences: pd.DataFrame,
    models: pd.DataFrame,
    colours: dict[str, str],
    arms: list[str],
    title: str,
    spread: str = BETWEEN_CELLS,
) -> Figure:
    """Return, per regulon, the models' differences in activity with mean and interval, and beside them those of its
    mRNA.

    ``differences``: of the persister contrast, by model and arm; ``models``: by_model.tsv.
    """
    shown = table.head(MAX_ROWS)
    present = [model for model in colours if model in set(differences["model"])]
    treated = [arm for arm in arms if arm in set(differences["arm"])]
    markers = {arm: MARKERS[i % len(MARKERS)] for i, arm in enumerate(treated)}
    # A lane per model, so that no point hides another.
    lanes = dict(zip(present, np.linspace(-0.24, 0.24, len(present)) if len(present) > 1 else [0.0], strict=True))
    figure = Figure(figsize=(11, 2.2 + 0.3 * len(shown)), layout="constrained")
    left, right, words = figure.subplots(1, 3, width_ratios=[5, 3, 3.4], sharey=True)
    for place, row in enumerate(shown.itertuples()):
        colour = colour_of(row)
        for axis, mean, low, high in (
            (left, row.activity_change_sd, row.activity_change_sd_low, row.activity_change_sd_high),
            (right, row.mrna_log2fc, row.mrna_ci_low, row.mrna_ci_high),
        ):
            if np.isfinite(low):
                axis.plot([low, high], [place, place], color=colour, lw=5, alpha=0.45, solid_capstyle="butt", zorder=1)
            axis.plot([mean, mean], [place - 0.32, place + 0.32], color="black", lw=1.5, zorder=2)
        own = differences[differences["regulon"] == row.regulon]
        for one in own.itertuples():
            left.scatter(
                one.activity_change_sd,
                place + lanes[one.model],
                color=colours[one.model],
                marker=markers[one.arm],
                s=28,
                lw=0,
                zorder=3,
            )
        for one in models[models["regulon"] == row.regulon].itertuples():
            right.scatter(one.mrna_log2fc, place + lanes[one.model], color=colours[one.model], s=22, lw=0, zorder=3)
        p = f", p {row.p:.3g}" if np.isfinite(row.p) else ""
        words.text(0, place, f"{row.verdict}  ({row.k} of {row.n}{p})", va="center", fontsize=8)
    for axis in (left, right):
        axis.axvline(0, color="black", lw=0.8, zorder=0)
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.grid(axis="y", color="#EEEEEE", zorder=0)
        axis.set_axisbelow(True)
    for place, row in enumerate(shown.itertuples()):
        if not np.isfinite(row.mrna_log2fc):
            right.text(0, place, " not measured", va="center", fontsize=7, color="#666666")
    left.set_yticks(range(len(shown)), shown["regulon"], fontsize=9)
    left.set_ylim(len(shown) - 0.4, -0.6)
    left.set_xlabel(f"difference in activity ({spread})")
    right.set_xlabel("log2 fold change of the factor's mRNA")
    left.set_title("activity of the regulon", fontsize=10, loc="left")
    right.set_title("its own mRNA", fontsize=10, loc="left")
    words.set_title("verdict (models agreeing, exact p)", fontsize=10, loc="left")
    words.set_xlim(0, 1)
    words.axis("off")
    handles = _handles({model: colours[model] for model in present}, markers)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 8) or 1, frameon=False, fontsize=8
    )
    figure.suptitle(title, fontsize=11)
    return figure


def draw_timecourse(
    table: pd.DataFrame,
    activity: pd.DataFrame,
    timepoints: list[str],
    colours: dict[str, str],
    arms: list[str],
    title: str,
    unit: str = "AUC",
) -> Figure:
    """Return activity by timepoint, a panel per regulon, a line per model and arm from the model's baseline on."""
    shown = table.head(MAX_PANELS)
    present = [t for t in timepoints if t in set(activity["timepoint"])]
    models = [model for model in colours if model in set(activity["model"])]
    treated = [arm for arm in arms if arm in set(activity.loc[activity["timepoint"] != present[0], "arm"])]
    markers = {arm: MARKERS[i % len(MARKERS)] for i, arm in enumerate(treated)}
    n_columns = min(4, len(shown))
    n_rows = -(-len(shown) // n_columns)
    figure = Figure(figsize=(2.9 * n_columns + 0.6, 2.3 * n_rows + 1.1), layout="constrained")
    grid = figure.subplots(n_rows, n_columns, squeeze=False)
    for axis in grid.flat[len(shown) :]:
        axis.axis("off")
    for axis, row in zip(grid.flat, shown.itertuples(), strict=False):
        own = activity[activity["regulon"] == row.regulon]
        for model in models:
            rows = own[own["model"] == model]
            first = rows.loc[rows["timepoint"] == present[0], "activity"]
            axis.scatter([0] * len(first), first, color=colours[model], s=14, lw=0)
            for arm, part in rows[rows["timepoint"] != present[0]].groupby("arm", sort=False):
                means = part.groupby("timepoint")["activity"].mean()
                later = [t for t in present[1:] if t in means.index]
                points = [(present.index(t), means[t]) for t in later]
                line = ([(0, first.mean())] if len(first) else []) + points
                axis.plot(*zip(*line, strict=True), color=colours[model], lw=1.4)
                places = part["timepoint"].map(present.index)
                axis.scatter(places, part["activity"], color=colours[model], marker=markers[arm], s=20, lw=0)
        axis.set_title(
            f"{row.regulon}  {row.verdict}",
            fontsize=9,
            loc="left",
            color="black" if row.verdict == SHARED.name else "#666666",
        )
        axis.set_xticks(range(len(present)), present, fontsize=8)
        axis.set_xlim(-0.25, len(present) - 0.75)
        if activity["activity"].min() >= 0:
            axis.set_ylim(bottom=0)
        axis.tick_params(axis="y", labelsize=7)
        axis.spines[["top", "right"]].set_visible(False)
    figure.supylabel(f"mean activity ({unit})", fontsize=9)
    handles = _handles({model: colours[model] for model in models}, markers)
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 6) or 1, frameon=False, fontsize=8
    )
    figure.suptitle(title, fontsize=11)
    return figure


def place_labels(points: np.ndarray, widths: np.ndarray, height: float) -> np.ndarray:
    """Return where each label begins (left, lower corner): beside its point, in the nearest place that is still free.

    In the order of the points; a place is free if neither a label before it nor any point lies there. All in pixels.
    """
    gap = 0.5 * height
    taken = [(x - gap / 2, y - gap / 2, x + gap / 2, y + gap / 2) for x, y in points]
    corners = []
    for (x, y), width in zip(points, widths, strict=True):
        steps = [0.0] + [sign * step for step in range(1, 16) for sign in (1, -1)]
        for step in steps:
            lefts = (x + gap, x - gap - width) if abs(step) < 1 else (x + gap, x - gap - width, x - width / 2)
            # Above the bar of the interval rather than on it.
            boxes = [(left, y + 0.1 * height + step * 0.6 * height) for left in lefts]
            free = [
                box for box in boxes if not any(_overlap((*box, box[0] + width, box[1] + height), t) for t in taken)
            ]
            if free:
                break
        corner = (free or boxes)[0]
        corners.append(corner)
        taken.append((*corner, corner[0] + width, corner[1] + height))
    return np.array(corners).reshape(-1, 2)


def _overlap(a: tuple, b: tuple) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def label_points(figure: Figure, axis, rows: pd.DataFrame) -> None:
    """Name the points; a label that had to move away has a line to its point."""
    figure.draw_without_rendering()
    scale = figure.dpi / 72
    points = axis.transData.transform(rows[["mrna_log2fc", "activity_change_sd"]].to_numpy(dtype=float))
    widths = rows["regulon"].str.len().to_numpy() * 5.2 * scale
    corners = place_labels(points, widths, 10 * scale)
    for row, point, corner, width in zip(rows.itertuples(), points, corners, widths, strict=True):
        right, up = (corner - point) / scale
        line = {"arrowstyle": "-", "color": palette.ABSENT, "lw": 0.6, "shrinkA": 0, "shrinkB": 3}
        axis.annotate(
            row.regulon,
            (row.mrna_log2fc, row.activity_change_sd),
            xytext=(right + width / scale / 2, up + 5),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=8,
            color="black" if row.verdict == SHARED.name else "#666666",
            arrowprops=None if -9 < up + 5 < 12 else line,
            zorder=4,
            path_effects=[withStroke(linewidth=2, foreground="white")],
        )


def draw_scatter(table: pd.DataFrame, title: str, spread: str = BETWEEN_CELLS, mrna: str = "pseudobulk") -> Figure:
    """Return activity against the factor's own mRNA, a point per regulon, with the intervals over models.

    ``mrna``: what its mRNA was measured in.
    """
    figure = Figure(figsize=(7.5, 6), layout="constrained")
    axis = figure.subplots()
    measured = table[np.isfinite(table["mrna_log2fc"]) & np.isfinite(table["activity_change_sd"])]
    axis.axhline(0, color="black", lw=0.7, zorder=0)
    axis.axvline(0, color="black", lw=0.7, zorder=0)
    # Best last, so that they lie on top.
    for row in measured.iloc[::-1].itertuples():
        colour = colour_of(row)
        if np.isfinite(row.mrna_ci_low) and np.isfinite(row.activity_change_sd_low):
            axis.plot([row.mrna_ci_low, row.mrna_ci_high], [row.activity_change_sd] * 2, color=colour, lw=1, alpha=0.6)
            axis.plot(
                [row.mrna_log2fc] * 2,
                [row.activity_change_sd_low, row.activity_change_sd_high],
                color=colour,
                lw=1,
                alpha=0.6,
            )
        axis.scatter(row.mrna_log2fc, row.activity_change_sd, color=colour, s=36, lw=0, zorder=3)
    axis.set_xlabel(f"log2 fold change of the factor's own mRNA ({mrna})")
    axis.set_ylabel(f"difference in activity of its regulon ({spread})")
    axis.spines[["top", "right"]].set_visible(False)
    handles = [
        Line2D([], [], marker="o", ls="", color=colour, label=label)
        for colour, label in (
            (UP, "shared switch, up"),
            (DOWN, "shared switch, down"),
            (palette.ABSENT, "other verdicts"),
        )
    ]
    axis.legend(handles=handles, frameon=False, fontsize=8, loc="best")
    axis.margins(x=0.12, y=0.08)
    figure.suptitle(title, fontsize=11)
    if len(measured):
        label_points(figure, axis, measured.head(MAX_LABELS))
    return figure


def main(snakemake) -> None:
    """Read the tables; write the three figures."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    table = read_labelled(source.switches)
    differences = read_labelled(source.differences)
    models = read_labelled(source.models)
    activity = read_labelled(source.activity)
    colours = palette.colours_of("model", params.models)
    contrast = f"{params.contrast['persister']} − {params.contrast['baseline']}"
    differences = differences[
        differences["contrast"] == f"{params.contrast['persister']} vs {params.contrast['baseline']}"
    ]
    n = int(table["n"].max()) if len(table) else 0
    title = f"{contrast}, n = {n} model{'' if n == 1 else 's'}" + (
        "" if n >= MIN_MODELS else ": too few to call a change shared"
    )
    best = f"best {MAX_ROWS} of {len(table)} regulons" if len(table) > MAX_ROWS else f"{len(table)} regulons"
    if table.empty or not n:
        why = (
            "No consensus regulon was found."
            if table.empty
            else f"No model has both timepoints of {contrast}: see design.tsv."
        )
        forest = scatter = empty_figure(with_note(why, params.note))
    else:
        forest = draw_forest(
            table, differences, models, colours, params.arms, with_note(f"{title}; {best}", params.note), params.spread
        )
        scatter = draw_scatter(table, with_note(title, params.note), params.spread, params.mrna)
    if table.empty or activity.empty:
        timecourse = empty_figure(with_note("No activity of any regulon in any sample.", params.note))
    else:
        timecourse = draw_timecourse(
            table,
            activity,
            params.timepoints,
            colours,
            params.arms,
            with_note("activity by timepoint and model", params.note),
            params.unit,
        )
    for figure, path in ((forest, output.forest), (timecourse, output.timecourse), (scatter, output.scatter)):
        figure.savefig(path, dpi=DPI)


if __name__ == "__main__":
    job.run(main, snakemake)
