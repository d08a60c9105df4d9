"""Draw the evidence on switches: kinds of evidence as tiles, knock-outs by model, families of factors."""

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts.base import job
from scripts.base.tables import ALL_MODELS, read_labelled
from scripts.figure import palette
from scripts.switches.plot_switches import DOWN, DPI, UP, empty_figure, with_note
from scripts.switches.verdicts import SHARED

MAX_ROWS, MAX_KNOCKOUTS, MAX_FAMILIES = 25, 25, 8
TILES = {
    "activity\n(weakest, sd)": ("loo_min_effect", "{:+.2f}", True),
    "cells on\n(difference)": ("on_difference", "{:+.2f}", False),
    "reach\n(log2 ratio)": ("signature_enrichment_log2", "{:+.1f}", True),
    "relapse\nposition": ("relapse_position", "{:.2f}", None),
    "knock-out\n(share back)": ("perturbation_share", "{:+.0%}", True),
}
"""Column, form and order of each kind: more is better, in the direction of the change (False), or less is (None)."""


def halves(position: pd.Series) -> pd.Series:
    """Return how far relapse returns, in the steps that the rank product counts (:mod:`assemble`)."""
    return (2 * (1 - position.clip(0, 1))).round() / 2


def tile_ranks(table: pd.DataFrame) -> pd.DataFrame:
    """Return regulons × kinds: relative rank among all regulons (0 best, 1 last; NaN without evidence)."""
    ranks = {}
    side = np.sign(table["effect"])
    for name, (column, _, order) in TILES.items():
        values = table[column].astype(float)
        values = values * side if order is False else halves(values) if order is None else values
        n = values.notna().sum()
        ranks[name] = (values.rank(ascending=False, method="min") - 1) / max(n - 1, 1)
    return pd.DataFrame(ranks, index=table.index)


def draw_tiles(table: pd.DataFrame, title: str) -> Figure:
    """Return the best regulons × kinds of evidence, coloured by rank, with the numbers; beside it rank and interval."""
    ranks = tile_ranks(table).head(MAX_ROWS)
    shown = table.head(MAX_ROWS)
    figure = Figure(figsize=(9.5, 1.9 + 0.3 * len(shown)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[5, 3], sharey=True)
    colours = colormaps[palette.SEQUENTIAL].reversed()
    values = ranks.to_numpy(dtype=float)
    left.imshow(np.ma.masked_invalid(values), cmap=colours, vmin=0, vmax=1, aspect="auto")
    for j, (column, form, _) in enumerate(TILES.values()):
        for i, value in enumerate(shown[column].astype(float)):
            known = np.isfinite(values[i, j])
            # The colours are light where ranks are good.
            ink = "white" if known and values[i, j] > 0.55 else "black"
            text = form.format(value).replace("-0%", "0%").replace("+0%", "0%") if known else "–"
            left.text(j, i, text, ha="center", va="center", fontsize=8, color=ink if known else "#888888")
    left.set_xticks(range(len(TILES)), list(TILES), fontsize=8)
    left.xaxis.tick_top()
    left.set_yticks(range(len(shown)), shown["regulon"], fontsize=9)
    for label, verdict in zip(left.get_yticklabels(), shown["verdict"], strict=True):
        label.set_color("black" if verdict == SHARED.name else "#777777")
    left.tick_params(length=0)
    left.spines[:].set_visible(False)
    for i, row in enumerate(shown.itertuples()):
        colour = palette.ABSENT if row.verdict != SHARED.name else UP if row.direction == "up" else DOWN
        if pd.notna(row.rank_best):
            right.plot([row.rank_best, row.rank_worst], [i, i], color=colour, lw=4, alpha=0.5, solid_capstyle="butt")
        if pd.notna(row.evidence_rank):
            right.plot(row.evidence_rank, i, "o", color=colour, ms=6)
    right.set_xlabel("rank by all evidence (bar: single models left out)", fontsize=8)
    right.tick_params(axis="y", length=0)
    right.tick_params(axis="x", labelsize=8)
    right.spines[["top", "right", "left"]].set_visible(False)
    right.grid(axis="x", color="#EEEEEE")
    right.set_axisbelow(True)
    handles = [
        Line2D([], [], marker="o", ls="", color=colour, label=label)
        for colour, label in (
            (UP, "shared switch, up"),
            (DOWN, "shared switch, down"),
            (palette.ABSENT, "other verdicts"),
        )
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_knockouts(table: pd.DataFrame, changes: pd.DataFrame, colours: dict[str, str], title: str) -> Figure:
    """Return the share of the programme that silencing takes back, by model, and persisters classed before and after.

    ``changes``: knockout.tsv.
    """
    shown = table[table["perturbation_share"].notna()]
    shown = shown.loc[shown["perturbation_share"].abs().sort_values(ascending=False, kind="stable").index].head(
        MAX_KNOCKOUTS
    )
    shown = shown.sort_values("perturbation_share", ascending=False, kind="stable")
    by_model = changes[(changes["model"] != ALL_MODELS) & (changes["programme_shift"] > 0)]
    figure = Figure(figsize=(9.5, 1.8 + 0.28 * len(shown)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[5, 3], sharey=True)
    for i, row in enumerate(shown.itertuples()):
        own = by_model[by_model["tf"] == row.tf]
        column = "zero_change" if row.perturbation_level == "zero" else "untreated_change"
        share = -own[column] / own["programme_shift"]
        lanes = np.linspace(-0.2, 0.2, len(own)) if len(own) > 1 else [0.0]
        for value, model, lane in zip(share, own["model"], lanes, strict=True):
            left.scatter(value, i + lane, color=colours.get(model, palette.ABSENT), s=22, lw=0, zorder=3)
        left.plot([row.perturbation_share] * 2, [i - 0.33, i + 0.33], color="black", lw=1.5, zorder=2)
        right.plot([row.perturbation_classed_before, row.perturbation_classed_after], [i, i], color="#555555", lw=1.2)
        right.plot(row.perturbation_classed_before, i, "o", mfc="white", mec="#555555", ms=5)
        right.plot(row.perturbation_classed_after, i, "o", color="#555555", ms=5)
    words = [
        f"{row.tf}  {'→ 0' if row.perturbation_level == 'zero' else '→ untreated'}"
        + (f"  p {row.perturbation_p:.1g}" if pd.notna(row.perturbation_p) else "")
        for row in shown.itertuples()
    ]
    left.set_yticks(range(len(shown)), words, fontsize=8)
    left.set_ylim(len(shown) - 0.4, -0.6)
    left.axvline(0, color="black", lw=0.8, zorder=0)
    left.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    left.set_xlabel("share of the signature's change that goes back", fontsize=9)
    right.set_xlabel("persisters classed as such\n(open: before, filled: after)", fontsize=9)
    right.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    for axis in (left, right):
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(axis="y", length=0)
        axis.tick_params(axis="x", labelsize=8)
        axis.grid(axis="y", color="#EEEEEE", zorder=0)
        axis.set_axisbelow(True)
    present = [model for model in colours if model in set(by_model["model"])]
    handles = [Line2D([], [], marker="o", ls="", color=colours[model], label=model) for model in present]
    figure.legend(
        handles=handles, loc="outside lower center", ncols=max(1, min(8, len(handles))), frameon=False, fontsize=8
    )
    figure.suptitle(title, fontsize=11)
    return figure


def draw_families(families: pd.DataFrame, table: pd.DataFrame, unit: str, members: bool, title: str) -> Figure:
    """Return, by family, the combined regulon's change and each member's own, with intervals over the models.

    ``members``: whether those are in the same unit. In a study of profiles alone a factor's change is one of scores,
    and a family's one in sd: then families stand by themselves.
    """
    shown = families.head(MAX_FAMILIES)
    if "AP-1" in set(families["family"]) and "AP-1" not in set(shown["family"]):
        shown = pd.concat([shown.head(MAX_FAMILIES - 1), families[families["family"] == "AP-1"]])
    own = table.drop_duplicates("tf").set_index("tf")
    rows = []
    for family in shown.itertuples():
        shared = f"{family.family}: {family.targets} targets, {family.shared_targets} of two or more"
        rows.append(
            (shared, family.activity_change_sd, family.activity_change_sd_low, family.activity_change_sd_high, True)
        )
        for tf in family.members.split(","):
            if members and tf in own.index:
                one = own.loc[tf]
                rows.append(
                    (
                        tf,
                        one["activity_change_sd"],
                        one["activity_change_sd_low"],
                        one["activity_change_sd_high"],
                        False,
                    )
                )
    figure = Figure(figsize=(8.5, 1.4 + 0.24 * len(rows)), layout="constrained")
    axis = figure.subplots()
    for i, (_, mean, low, high, whole) in enumerate(rows):
        colour = palette.ABSENT if not np.isfinite(mean) else UP if mean > 0 else DOWN
        if np.isfinite(low):
            axis.plot([low, high], [i, i], color=colour, lw=5 if whole else 2, alpha=0.5, solid_capstyle="butt")
        axis.plot(mean, i, "D" if whole else "o", color=colour, ms=6 if whole else 4)
    axis.set_yticks(range(len(rows)), [row[0] for row in rows], fontsize=8)
    for label, row in zip(axis.get_yticklabels(), rows, strict=True):
        label.set_fontweight("bold" if row[4] else "normal")
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.axvline(0, color="black", lw=0.8, zorder=0)
    diamonds = "; diamonds: the combined regulon" if members else ""
    axis.set_xlabel(f"difference in activity ({unit}){diamonds}", fontsize=9)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    figure.suptitle(title, fontsize=11)
    return figure


def main(snakemake) -> None:
    """Read switches, knock-outs, families; write the three figures."""
    source, params, output = snakemake.input, snakemake.params, snakemake.output
    table = read_labelled(source.switches)
    changes = read_labelled(source.knockouts)
    families = read_labelled(source.families)
    n = int(table["n"].max()) if len(table) else 0
    title = f"{params.contrast['persister']} − {params.contrast['baseline']}, n = {n} model{'' if n == 1 else 's'}"
    nothing = "No regulon was compared: see design.tsv." if not n else ""
    colours = palette.colours_of("model", params.models)
    more = f"; best {MAX_ROWS} of {len(table)} regulons" if len(table) > MAX_ROWS else ""
    figures = {
        output.tiles: lambda: draw_tiles(table, with_note(title + more, params.note)),
        output.knockouts: lambda: draw_knockouts(
            table, changes, colours, with_note(f"factors silenced in persisters; {title}", params.note)
        ),
        output.families: lambda: draw_families(
            families, table, params.unit, params.members, with_note(f"families of factors; {title}", params.note)
        ),
    }
    why = {
        output.knockouts: ""
        if len(table) and table["perturbation_share"].notna().any()
        else "No factor was silenced: too few persisters in every model, or no signature.",
        output.families: "" if len(families) else "No family has two regulons.",
    }
    for path, draw in figures.items():
        reason = nothing or why.get(path, "")
        figure = empty_figure(with_note(reason, params.note)) if reason else draw()
        figure.savefig(path, dpi=DPI)


if __name__ == "__main__":
    job.run(main, snakemake)
