"""Draw marker panels: ROC curves over left-out patients, and AUC by panel size against random panels."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.figure import palette
from scripts.markers.find_markers import NESTED
from scripts.switches.plot_switches import DPI, empty_figure, with_note

COLOURS = {"all genes": "#000000", "surface": "#0072B2", "secreted": "#D55E00"}


def roc(scores: np.ndarray, persister: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return false and true positive rates at every cut."""
    cuts = np.concatenate([[np.inf], np.unique(scores)[::-1]])
    called = scores[None, :] >= cuts[:, None]
    return called[:, ~persister].mean(axis=1), called[:, persister].mean(axis=1)


def draw(table: pd.DataFrame, scores: pd.DataFrame, colours: dict[str, str], persister: str, title: str) -> Figure:
    """Return ROC curves of the nested panels, left-out scores by model, and AUC by size."""
    figure = Figure(figsize=(13, 4.6), layout="constrained")
    first, second, third = figure.subplots(1, 3, width_ratios=[3, 3, 4])
    chosen = table[table["size"] == NESTED].set_index("pool")
    for pool, own in scores.groupby("pool", sort=False):
        x, y = roc(own["score"].to_numpy(), (own["timepoint"] == persister).to_numpy())
        row = chosen.loc[pool]
        text = f"{pool}: {row['auc_across']:.2f} across, {row['auc']:.2f} within"
        first.plot(x, y, color=COLOURS[pool], lw=1.8, label=text)
    first.plot([0, 1], [0, 1], color=palette.ABSENT, lw=1, ls=":")
    first.set_xlabel("untreated samples called persister", fontsize=9)
    first.set_ylabel("persister samples called persister", fontsize=9)
    first.legend(fontsize=7.5, frameon=False, loc="lower right", title="AUC in left-out patients", title_fontsize=7.5)
    pool = next(iter(scores["pool"]))
    own = scores[scores["pool"] == pool]
    models = [model for model in colours if model in set(own["model"])]
    for i, model in enumerate(models):
        rows = own[own["model"] == model]
        treated = rows["timepoint"] == persister
        second.scatter(
            rows.loc[~treated, "score"],
            [i] * (~treated).sum(),
            marker="o",
            facecolors="white",
            edgecolors=colours[model],
            s=30,
        )
        second.scatter(rows.loc[treated, "score"], [i] * treated.sum(), marker="o", color=colours[model], s=30, lw=0)
    second.axvline(0, color="black", lw=0.8, zorder=0)
    second.set_yticks(range(len(models)), models, fontsize=8)
    second.set_ylim(len(models) - 0.5, -0.5)
    second.set_xlabel(
        f"score ({pool}); open: untreated, filled: persister\nnought: cut of the other patients", fontsize=9
    )
    sized = table[table["size"] != NESTED].dropna(subset=["auc"])
    sizes = sorted(sized["size"].astype(float).unique())
    place = {size: i for i, size in enumerate(sizes)}
    for shift, (name, rows) in zip((-0.12, 0.0, 0.12), sized.groupby("pool", sort=False), strict=False):
        x = np.array([place[float(size)] for size in rows["size"]]) + shift
        third.vlines(x, rows["ci_low"], rows["ci_high"], color=COLOURS[name], lw=1.2, alpha=0.6)
        third.plot(x, rows["auc"], "o", color=COLOURS[name], ms=6)
        third.plot(x, rows["random_auc"], "_", color=COLOURS[name], ms=11, mew=2)
    third.set_xticks(range(len(sizes)), [f"{size:.0f}" for size in sizes])
    third.set_ylim(0, 1.03)
    third.axhline(0.5, color=palette.ABSENT, lw=1, ls=":")
    third.set_xlabel("genes in the panel", fontsize=9)
    third.set_ylabel("AUC within left-out patients", fontsize=9)
    handles = [Line2D([], [], color="black", marker="o", ls="", label="panel (95 % interval over patients)"),
               Line2D([], [], color="black", marker="_", ls="", ms=10, mew=2, label="random panels, mean")]  # fmt: skip
    third.legend(handles=handles, fontsize=8, frameon=False, loc="lower right")
    for axis in (first, second, third):
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def main(snakemake) -> None:
    """Read panels and left-out scores; write the figure."""
    params = snakemake.params
    table = read_labelled(snakemake.input.panels, dtype={"size": str})
    scores = read_labelled(snakemake.input.scores)
    if scores.empty:
        figure = empty_figure(with_note("; ".join(table["note"].dropna().astype(str)), params.note))
    else:
        n = scores["model"].nunique()
        title = with_note(f"marker panels: each of {n} patients judged by panels learned in the others", params.note)
        colours = palette.colours_of("model", params.models)
        figure = draw(table, scores, colours, params.contrast["persister"], title)
    figure.savefig(snakemake.output[0], dpi=DPI)


if __name__ == "__main__":
    job.run(main, snakemake)
