"""Figures of the stage's expression profiles; each function draws one and returns it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scripts.figure import palette
from scripts.switches.plot_switches import DOWN, UP, empty_figure

MAX_LABELS = 14
"""Genes named on each side of the volcano."""
MAX_ROWS = 24
"""Factors, or gene sets, drawn."""
MARKERS = {"blind": "models' means taken away (blind)", "told": "the same, told the states"}


def _plain(axis) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)


def draw_volcano(rows: pd.DataFrame, signature: pd.DataFrame, fdr: float, title: str) -> Figure:
    """Return log2 fold change against −log10 FDR, the signature in colour, its first genes named."""
    known = rows[rows["fdr"].notna()]
    if known.empty:
        return empty_figure("no gene has a p-value: see expression/expression_design.tsv")
    figure = Figure(figsize=(9, 6.2), layout="constrained")
    axis = figure.subplots()
    height = -np.log10(known["fdr"].clip(lower=1e-300)).to_numpy()
    ways = known["gene"].map(signature.set_index("gene")["direction"] if len(signature) else {})
    colours = np.where(ways == "up", UP, np.where(ways == "down", DOWN, palette.ABSENT))
    marked = (ways.notna()).to_numpy()
    for own, size, alpha in ((~marked, 6, 0.5), (marked, 12, 0.9)):
        axis.scatter(known["log_fc"][own], height[own], c=colours[own], s=size, lw=0, alpha=alpha, rasterized=True)
    reach = np.abs(known["log_fc"]).max() * 1.35
    axis.set_xlim(-reach, reach)
    top = height.max() * 1.05 + 0.1
    axis.set_ylim(0, top)
    for way, side in (("up", 1), ("down", -1)):
        best = signature[(signature["direction"] == way)].head(MAX_LABELS)
        points = known.assign(height=height).set_index("gene").loc[[g for g in best["gene"] if g in set(known["gene"])]]
        points = points.sort_values("height", ascending=False)
        slots = np.linspace(top * 0.97, top * 0.25, MAX_LABELS)
        for (gene, row), slot in zip(points.iterrows(), slots, strict=False):
            axis.annotate(
                gene, (row["log_fc"], row["height"]), (side * reach * 0.985, slot), fontsize=8, va="center",
                ha="right" if side > 0 else "left", arrowprops={"arrowstyle": "-", "lw": 0.4, "color": "#888888"},
            )  # fmt: skip
    axis.axhline(-np.log10(fdr), color="black", lw=0.7, ls=":")
    axis.axvline(0, color="black", lw=0.7)
    axis.set_xlabel("log2 fold change")
    axis.set_ylabel("−log10 false discovery rate")
    n = {way: int((ways == way).sum()) for way in ("up", "down")}
    handles = [
        Line2D([], [], marker="o", ls="", color=c, label=f"signature, {way} ({n[way]})")
        for way, c in (("up", UP), ("down", DOWN))
    ]
    axis.legend(handles=handles, frameon=False, fontsize=8, loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.06))
    _plain(axis)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_heatmap(
    values: pd.DataFrame, samples: pd.DataFrame, signature: pd.DataFrame, orders: dict[str, list[str]], title: str
) -> Figure:
    """Return the signature's genes (rows, by rank) over all profiles (by timepoint, arm, model), each gene relative to
    its mean in the model.
    """
    genes = [gene for gene in signature["gene"] if gene in values.columns]
    if not genes:
        return empty_figure("no signature: the persister contrast has no t-values (expression/expression_design.tsv)")
    place = {kind: {name: i for i, name in enumerate(names)} for kind, names in orders.items()}
    keys = pd.DataFrame({kind: samples[kind].map(place[kind]) for kind in ("timepoint", "model", "arm")})
    order = keys.sort_values(["timepoint", "model", "arm"], kind="stable").index
    own = values[genes]
    relative = (own - own.groupby(samples["block"]).transform("mean")).loc[order]
    limit = float(np.nanquantile(np.abs(relative.to_numpy()), 0.98)) or 1.0
    figure = Figure(figsize=(11, 8), layout="constrained")
    grid = figure.subplots(2, 1, height_ratios=[1, 14], sharex=True)
    bars, axis = grid
    colours = {kind: palette.colours_of(kind, names) for kind, names in orders.items()}
    for row, kind in enumerate(("timepoint", "model", "arm")):
        for column, name in enumerate(samples.loc[order, kind]):
            bars.add_patch(_cell(column, row, colours[kind].get(name, palette.ABSENT)))
    bars.set_ylim(3, 0)
    bars.set_yticks([0.5, 1.5, 2.5], ["timepoint", "model", "arm"], fontsize=8)
    bars.spines[:].set_visible(False)
    bars.tick_params(length=0)
    image = axis.imshow(
        relative.T, aspect="auto", cmap=palette.DIVERGING, vmin=-limit, vmax=limit, interpolation="nearest",
        extent=(0, len(order), len(genes), 0),
    )  # fmt: skip
    step = max(1, len(genes) // 50)
    axis.set_yticks(np.arange(0, len(genes), step) + 0.5, genes[::step], fontsize=6)
    axis.set_xticks([])
    axis.set_xlabel(f"{len(order)} profiles")
    figure.colorbar(image, ax=axis, shrink=0.5, label="log2 expression, relative to the model's mean")
    present = {kind: [n for n in names if n in set(samples[kind])] for kind, names in orders.items()}
    handles = [Patch(color=colours[kind][n], label=n) for kind in ("timepoint", "model", "arm") for n in present[kind]]
    figure.legend(handles=handles, loc="outside lower center", ncols=8, frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def _cell(column: int, row: int, colour: str):
    from matplotlib.patches import Rectangle

    return Rectangle((column, row), 1, 0.9, color=colour, lw=0)


def draw_states(structure: pd.DataFrame, places: pd.DataFrame, orders: dict[str, list[str]], title: str) -> Figure:
    """Return, per adjustment, the first two components (colour: timepoint) and the order of leaves of Ward's tree."""
    if places.empty:
        return empty_figure(structure["note"].iloc[0] if len(structure) else "no profiles")
    names = list(dict.fromkeys(places["adjustment"]))
    colours = {kind: palette.colours_of(kind, own) for kind, own in orders.items()}
    figure = Figure(figsize=(5.4 * len(names), 6.4), layout="constrained")
    grid = figure.subplots(2, len(names), height_ratios=[6, 1.1], squeeze=False)
    models = [m for m in orders["model"] if m in set(places["model"])]
    shapes = dict(zip(models, "os^DvPX*<>hp" * (1 + len(models) // 12), strict=False))
    for column, name in enumerate(names):
        own, row = places[places["adjustment"] == name], structure[structure["adjustment"] == name].iloc[0]
        axis, tree = grid[:, column]
        for (timepoint, model), part in own.groupby(["timepoint", "model"], sort=False):
            axis.scatter(
                part["pc1"], part["pc2"], color=colours["timepoint"][timepoint], marker=shapes[model], s=30, lw=0
            )
        axis.set_xlabel(
            f"component 1 ({row['pc1_share']:.0%} of variance; {row['pc1_state']:.0%} of it by state)", fontsize=8
        )
        axis.set_ylabel(f"component 2 ({row['pc2_share']:.0%})", fontsize=8)
        axis.set_title(
            f"{MARKERS[name]}\npurity of two clusters {row['purity']:.2f}, by chance {row['expected']:.2f}, "
            f"p {row['p']:.2g}",
            fontsize=9, loc="left",
        )  # fmt: skip
        _plain(axis)
        ordered = own.sort_values("leaf")
        for x, (timepoint, model, cluster) in enumerate(
            zip(ordered["timepoint"], ordered["model"], ordered["cluster"], strict=True)
        ):
            tree.add_patch(_cell(x, 0, colours["timepoint"][timepoint]))
            tree.add_patch(_cell(x, 1, colours["model"][model]))
            tree.add_patch(_cell(x, 2, "#222222" if cluster == 1 else "#CCCCCC"))
        tree.set(xlim=(0, len(ordered)), ylim=(3, 0), xticks=[])
        tree.set_yticks([0.5, 1.5, 2.5], ["timepoint", "model", "cluster"], fontsize=7)
        tree.set_xlabel("profiles in the order of the tree", fontsize=8)
        tree.spines[:].set_visible(False)
        tree.tick_params(length=0)
    handles = [
        Patch(color=colours["timepoint"][t], label=t) for t in orders["timepoint"] if t in set(places["timepoint"])
    ]
    handles += [Line2D([], [], marker=shapes[m], ls="", color=colours["model"][m], label=m) for m in models]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_treatment(likeness: pd.DataFrame, table: pd.DataFrame, title: str) -> Figure:
    """Return the correlation of effects between all pairs of model and arm, and the genes that drugs of one model move
    differently.
    """
    if likeness.empty:
        return empty_figure("no model has untreated and persister profiles: nothing is compared")
    n = len(likeness)
    figure = Figure(figsize=(10.5, 1.9 + 0.4 * max(n, 6)), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    image = left.imshow(likeness, cmap=palette.DIVERGING, vmin=-1, vmax=1)
    for i in range(n):
        for j in range(n):
            value = likeness.iat[i, j] + 0.0 if abs(likeness.iat[i, j]) >= 0.05 else 0.0
            left.text(
                j,
                i,
                f"{value:.1f}",
                ha="center",
                va="center",
                fontsize=7,
                color="white" if abs(value) > 0.75 else "black",
            )
    left.set_xticks(range(n), likeness.columns, rotation=90, fontsize=8)
    left.set_yticks(range(n), likeness.index, fontsize=8)
    left.set_title("correlation of persister − untreated, all genes", fontsize=9, loc="left")
    figure.colorbar(image, ax=left, shrink=0.6)
    drugs = table[(table["question"] == "state x drug") & table["genes"].notna()]
    right.set_title("genes that differ between a model's drugs", fontsize=9, loc="left")
    if drugs.empty:
        right.text(0, 0.5, "confounded: no model had several drugs with replicates", fontsize=8)
        right.axis("off")
    else:
        spots = np.arange(len(drugs))
        for offset, part, whole, colour, name in (
            (-0.18, "changed", "genes", palette.ABSENT, "all genes"),
            (0.18, "signature_changed", "signature_genes", UP, "signature"),
        ):  # fmt: skip
            share = (drugs[part].astype(float) / drugs[whole].astype(float)).to_numpy()
            right.barh(spots + offset, share, height=0.34, color=colour, label=name)
            for spot, value, a, b in zip(spots, share, drugs[part], drugs[whole], strict=True):
                right.text(value + 0.01, spot + offset, f"{int(a)} of {int(b)}", va="center", fontsize=8)
        labels = [f"{row.subject}\n{row.other.replace(',', ', ')}" for row in drugs.itertuples()]
        right.set_yticks(spots, labels, fontsize=8)
        right.set_xlim(0, 1)
        right.set_ylim(len(drugs) - 0.4, -0.6)
        right.set_xlabel("share within the FDR")
        right.legend(frameon=False, fontsize=8, loc="lower right")
        _plain(right)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_reversibility(table: pd.DataFrame, title: str) -> Figure:
    """Return positions of relapse by kind (histogram), and intervals of the signature and of the strongest factors."""
    if table.empty:
        return empty_figure("no model has untreated, persister and relapse profiles of one arm: nothing to place")
    kinds = [kind for kind in ("gene", "factor", "regulon") if kind in set(table["kind"])]
    strongest = table[table["kind"].isin(["factor", "regulon"])].copy()
    strongest["order"] = -strongest["shift"].abs()
    strongest = strongest.sort_values("order", kind="stable").head(MAX_ROWS)
    rows = pd.concat([table[table["kind"] == "signature"], strongest])
    if rows.empty:
        rows = table.assign(order=-table["shift"].abs()).sort_values("order", kind="stable").head(MAX_ROWS)
    figure = Figure(figsize=(10.5, max(4.5, 1.5 + 0.24 * len(rows))), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.2])
    edges = np.linspace(-1, 2, 61)
    for kind, colour in zip(kinds, (palette.BRIGHT[0], palette.BRIGHT[1], palette.BRIGHT[2]), strict=False):
        own = table.loc[table["kind"] == kind, "position"].clip(-1, 2)
        weights = np.full(len(own), 1 / len(own))
        left.hist(own, bins=edges, weights=weights, histtype="step", color=colour, lw=1.6, label=f"{kind} ({len(own)})")
    for axis in (left, right):
        axis.axvline(0, color="black", lw=0.8)
        axis.axvline(1, color="black", lw=0.8, ls=":")
        _plain(axis)
        axis.set_xlabel("position of relapse (0 untreated, 1 persister)")
    left.set_ylabel("share of those that shift")
    left.legend(frameon=False, fontsize=8)
    for place, row in enumerate(rows.itertuples()):
        colour = "black" if row.kind == "signature" else palette.BRIGHT[1 if row.kind == "factor" else 2]
        right.plot([row.ci_low, row.ci_high], [place, place], color=colour, lw=1.6)
        right.plot(row.position, place, "o", color=colour, ms=4)
    right.set_yticks(range(len(rows)), rows["feature"], fontsize=8)
    right.set_ylim(len(rows) - 0.4, -0.6)
    low, high = np.nanmin([*rows["ci_low"], 0]), np.nanmax([*rows["ci_high"], 1])
    right.set_xlim(max(low, -1.5) - 0.1, min(high, 2.5) + 0.1)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_factors(rows: pd.DataFrame, fdr: float, title: str) -> Figure:
    """Return the strongest factors: activity (bar), and beside it the change of their own mRNA with its interval."""
    if rows.empty:
        return empty_figure("no factor of the network has enough measured targets, or nothing is compared")
    shown = rows.assign(order=-rows["score"].abs()).sort_values("order", kind="stable").head(MAX_ROWS)
    shown = shown.sort_values("score", ascending=False, kind="stable")
    figure = Figure(figsize=(9, 1.6 + 0.25 * len(shown)), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[3, 2])
    for place, row in enumerate(shown.itertuples()):
        colour = (UP if row.score > 0 else DOWN) if row.fdr <= fdr else palette.ABSENT
        left.barh(place, row.score, color=colour, height=0.7)
        left.text(
            0,
            place,
            f" {row.models_agreeing}/{row.n_models} ",
            fontsize=7,
            va="center",
            ha="right" if row.score > 0 else "left",
        )
        if np.isfinite(row.mrna_log_fc):
            right.plot([row.mrna_ci_low, row.mrna_ci_high], [place, place], color="#555555", lw=1.5)
            right.plot(row.mrna_log_fc, place, "o", color="#555555", ms=4)
        else:
            right.text(0, place, " not measured", fontsize=7, va="center", color="#666666")
    left.set_yticks(range(len(shown)), shown["tf"], fontsize=8)
    left.set_ylim(len(shown) - 0.4, -0.6)
    left.set_xlabel("activity from targets (consensus score; models agreeing)")
    right.set_xlabel("log2 fold change of its own mRNA (95 %)")
    for axis in (left, right):
        axis.axvline(0, color="black", lw=0.8)
        _plain(axis)
    handles = [Patch(color=c, label=n) for c, n in ((UP, "up"), (DOWN, "down"), (palette.ABSENT, f"FDR above {fdr:g}"))]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure


def draw_gene_sets(rows: pd.DataFrame, fdr: float, title: str) -> Figure:
    """Return the strongest gene sets of each collection: normalised enrichment score, models agreeing."""
    known = rows[rows["nes"].notna()]
    if known.empty:
        return empty_figure("no gene set has enough measured genes, or nothing is compared")
    first = known[known["collection"] == known["collection"].iloc[0]]
    others = known[known["collection"] != known["collection"].iloc[0]]
    strongest = first.assign(order=-first["nes"].abs()).sort_values("order", kind="stable").head(MAX_ROWS)
    shown = pd.concat(
        [
            strongest.sort_values("nes", ascending=False, kind="stable"),
            others.sort_values("nes", ascending=False, kind="stable"),
        ]
    )
    figure = Figure(figsize=(9.5, 1.6 + 0.25 * len(shown)), layout="constrained")
    axis = figure.subplots()
    for place, row in enumerate(shown.itertuples()):
        colour = (UP if row.nes > 0 else DOWN) if row.fdr <= fdr else palette.ABSENT
        axis.barh(place, row.nes, color=colour, height=0.7)
        side = "right" if row.nes > 0 else "left"
        axis.text(0, place, f" {row.models_agreeing}/{row.n_models} ", fontsize=7, va="center", ha=side)
    if len(others):
        axis.axhline(len(strongest) - 0.5, color="#888888", lw=0.8)
    names = shown["gene_set"].str.removeprefix("HALLMARK_").str.replace("_", " ")
    axis.set_yticks(
        range(len(shown)), [f"{name} ({n})" for name, n in zip(names, shown["measured"], strict=True)], fontsize=7
    )
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.axvline(0, color="black", lw=0.8)
    axis.set_xlabel("normalised enrichment score (genes measured; models agreeing)")
    _plain(axis)
    handles = [Patch(color=c, label=n) for c, n in ((UP, "up"), (DOWN, "down"), (palette.ABSENT, f"FDR above {fdr:g}"))]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=8)
    figure.suptitle(title, fontsize=11)
    return figure
