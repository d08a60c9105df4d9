"""Draw a library's barnyard plot (graft against host UMIs, by verdict) and its barcode rank curve."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.cells.qc import STEPS

VERDICTS = {
    "kept": ("#0072B2", "kept graft cell"),
    "cut": ("#56B4E9", "graft, cut on quality"),
    "doublet": ("#CC79A7", "graft doublet"),
    "mixed": ("#D55E00", "mixed"),
    "host": ("#E69F00", "host cell"),
}
"""Colour and name per verdict (Okabe & Ito, safe for the colour-blind)."""
EMPTY_COLOUR = "#999999"
DPI = 150


def group_verdicts(filter_failed: pd.Series) -> pd.Series:
    """Return the verdict each barcode is drawn as: a key of ``VERDICTS``, or empty; quality cuts share one."""
    names = {
        "": "kept",
        "empty": "empty",
        "host": "host",
        "mixed": "mixed",
        "doublet": "doublet",
        **dict.fromkeys(STEPS[4:], "cut"),
    }
    return filter_failed.map(names)


def rank_curve(totals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rank and UMI count of the barcodes, thinned to the two ends of each run of equal counts."""
    ranked = np.sort(totals[totals > 0])[::-1]
    ends = np.flatnonzero(np.diff(ranked))
    keep = np.unique(np.concatenate([[0], ends, ends + 1, [len(ranked) - 1]])) if len(ranked) else np.empty(0, int)
    return keep + 1, ranked[keep]


def decades(values: np.ndarray) -> tuple[float, float]:
    """Return the powers of ten that enclose the positive values (1 to 10 if there are none)."""
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values):
        return 1.0, 10.0
    low, high = np.floor(np.log10(values.min())), np.ceil(np.log10(values.max()))
    return 10.0**low, 10.0 ** max(high, low + 1)


def draw(droplets: pd.DataFrame, summary: dict):
    """Return the figure: left the droplets with cells, right all barcodes by rank."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    left, right = figure.subplots(1, 2)
    verdict = group_verdicts(droplets["filter_failed"])
    has_host = bool(droplets["counts_host"].sum())
    y = "counts_host" if has_host else "n_genes"
    shift = 1 if has_host else 0
    cells = droplets[verdict != "empty"]
    left.set(xlim=decades(cells["counts_graft"].to_numpy() + shift), ylim=decades(cells[y].to_numpy() + shift))
    # The few are drawn last, so that the many don't hide them.
    for name in verdict[verdict.isin(VERDICTS.keys())].value_counts().index:
        colour, label = VERDICTS[name]
        chosen = droplets[verdict == name]
        left.scatter(
            chosen["counts_graft"] + shift,
            chosen[y] + shift,
            s=6,
            alpha=0.6,
            lw=0,
            color=colour,
            label=f"{label} ({len(chosen):,})",
        )
    left.set(xscale="log", yscale="log")
    left.set(xlabel="graft UMIs" + " + 1" * has_host, ylabel="host UMIs + 1" if has_host else "graft genes detected")
    left.set_title(f"{summary['sample']}: {summary['cells']:,} droplets with cells" + ", no host UMIs" * (not has_host))
    if (verdict != "empty").any():
        left.legend(frameon=False, fontsize=8, markerscale=2)

    totals = (droplets["counts_graft"] + droplets["counts_host"]).to_numpy()
    rank, umis = rank_curve(totals)
    right.plot(rank, umis, color=EMPTY_COLOUR, lw=2, label=f"all barcodes ({(totals > 0).sum():,})")
    rank, umis = rank_curve(totals[droplets["cell_call"].to_numpy()])
    right.plot(rank, umis, color=VERDICTS["kept"][0], lw=1.5, label=f"droplets with cells ({summary['cells']:,})")
    right.axhline(
        summary["knee_counts"], color="black", lw=0.8, ls="--", label=f"knee ({summary['knee_counts']:,} UMIs)"
    )
    if "ambient_limit" in summary:
        right.axhline(
            summary["ambient_limit"],
            color="black",
            lw=0.8,
            ls=":",
            label=f"ambient pool (≤ {summary['ambient_limit']:,} UMIs)",
        )
    right.set(xscale="log", yscale="log", xlabel="barcode rank", ylabel="UMIs")
    found = summary.get("ambient_fraction")
    right.set_title("ambient RNA in graft cells: " + ("not measurable" if found is None else f"{found:.1%}"))
    right.legend(frameon=False, fontsize=8)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def main(snakemake) -> None:
    """Read the verdicts and the summary of a library; write the figure."""
    droplets = pd.read_parquet(
        snakemake.input.droplets, columns=["counts_graft", "counts_host", "cell_call", "n_genes", "filter_failed"]
    )
    figure = draw(droplets, json.loads(Path(snakemake.input.summary).read_text()))
    # No date or version in the file: the same data give the same bytes.
    figure.savefig(snakemake.output.figure, dpi=DPI, metadata={"Software": None})


if __name__ == "__main__":
    job.run(main, snakemake)
