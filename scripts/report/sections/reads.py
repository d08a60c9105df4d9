"""Reads and libraries: sequencing, saturation, tumour and host droplets, stroma over treatment, ambient RNA."""

import altair as alt
import pandas as pd

from scripts.cells.plot_barnyard import VERDICTS, group_verdicts
from scripts.report.charts import below, colour_scale, picked, unless_picked
from scripts.report.page import Figure, Panel, Section, Table
from scripts.report.source import Source, count, thin
from scripts.report.words import section, words

COLUMNS = {
    "chemistry": "10x chemistry that the barcodes match",
    "lanes": "lanes of the library",
    "reads": "read pairs",
    "mapped": "reads that map (%)",
    "valid_barcode": "mapped reads whose barcode is on the whitelist (%)",
    "in_genes": "reads with a valid barcode and one gene (%)",
    "saturation": "share of reads in genes that repeat a UMI (%)",
    "umis": "UMIs in all barcodes",
    "host_umis": "UMIs in genes of the host, all barcodes (%)",
    "droplets": "droplets with cells",
    "tumour": "of them tumour cells",
    "host": "of them host cells",
    "mixed": "of them droplets with both",
    "kept": "tumour cells kept after quality control",
    "ambient": "UMIs of a tumour cell that are ambient RNA (%), told by its host UMIs",
    "doublets": "droplets with two cells (%), told by those with both species",
}


def percent(value: float | None) -> float | None:
    """Return a fraction in percent."""
    return None if value is None else 100 * value


def libraries(source: Source) -> pd.DataFrame:
    """Return what is known of each library: reads, counts, droplets, ambient RNA; ``COLUMNS`` explains the columns."""
    rows = []
    for row in source.libraries.itertuples():
        audit = source.json(f"counts/{row.sample}.audit.json")
        summary = source.json(f"cells/{row.sample}.summary.json")
        chemistry = source.json(f"reads/{row.sample}.chemistry.json") or {}
        rate = summary.get("doublet_rate") or {}
        rows.append({
            "sample": row.sample, "model": row.model, "timepoint": row.timepoint, "arm": row.arm,
            "chemistry": chemistry.get("name", "counts given"),
            "lanes": len(chemistry["units"]) if chemistry else None,
            "reads": audit["reads"],
            "mapped": percent(audit["reads_mapped_fraction"]),
            "valid_barcode": percent(audit["valid_barcode_fraction_of_mapped"]),
            "in_genes": percent(audit["reads_in_genes_fraction"]),
            "saturation": percent(audit["sequencing_saturation"]),
            "umis": audit["umis"],
            "host_umis": percent(audit["host_fraction_of_umis"]),
            "droplets": summary["cells"], "tumour": summary["cells_graft"], "host": summary["cells_host"],
            "mixed": summary["cells_mixed"], "kept": summary["cells_kept"],
            "ambient": percent(summary.get("ambient_fraction")),
            "doublets": percent(rate.get("per_droplet")),
        })  # fmt: skip
    return pd.DataFrame(rows)


def library_table(source: Source, table: pd.DataFrame) -> Table:
    """Return the libraries as a table."""
    known = [column for column in table if table[column].notna().any()]
    return Table(**words("libraries"), frame=table[known], source="reads/multiqc.html", meaning=COLUMNS)


def draw_barnyard(source: Source, most: int) -> Figure:
    """Return graft against host UMIs of the droplets with cells, a panel a library."""
    parts, numbers = [], {}
    for row in source.libraries.itertuples():
        columns = ["counts_graft", "counts_host", "n_genes", "filter_failed"]
        droplets = source.table(f"cells/{row.sample}.droplets.parquet", columns=columns)
        verdict = group_verdicts(droplets["filter_failed"])
        cells = droplets.assign(verdict=verdict)[verdict != "empty"].drop(columns="filter_failed")
        numbers[row.sample] = len(cells)
        parts.append(thin(cells.assign(sample=row.sample, model=row.model), most))
    table = pd.concat(parts, ignore_index=True)
    table["verdict"] = table["verdict"].map({key: label for key, (_, label) in VERDICTS.items()})
    has_host = bool(table["counts_host"].sum())
    # Zero has no place on a log axis.
    table = table.assign(
        graft=table["counts_graft"] + 1, other=table["counts_host" if has_host else "n_genes"] + has_host
    )
    seen = [(colour, label) for colour, label in VERDICTS.values() if (table["verdict"] == label).any()]
    colours = alt.Scale(domain=[label for _, label in seen], range=[colour for colour, _ in seen])
    log = alt.Scale(type="log", nice=False)
    title = "host UMIs + 1" if has_host else "genes detected"
    chart = (
        alt.Chart(alt.NamedData("barnyard"))
        .mark_circle(size=9, opacity=0.6)
        .encode(
            x=alt.X("graft:Q", title="graft UMIs + 1", scale=log, axis=alt.Axis(tickCount=3, format="~s", grid=False)),
            y=alt.Y("other:Q", title=title, scale=log, axis=alt.Axis(tickCount=3, format="~s", grid=False)),
            color=alt.Color("verdict:N", scale=colours, legend=below(None, 2)),
            tooltip=["verdict:N", alt.Tooltip("counts_graft:Q", format=","), alt.Tooltip("counts_host:Q", format=",")],
        )
        .properties(width="container", height=190)
    )
    models = dict(zip(source.libraries["sample"], source.libraries["model"], strict=True))
    total = sum(numbers.values())
    drawn = "all drawn" if total == len(table) else f"{len(table):,} drawn, at most {most:,} a library, by a fixed seed"
    return Figure(
        **words("barnyard"),
        n=f"{count(len(numbers), 'library')}, {total:,} droplets with cells ({drawn}).",
        panels=tuple(Panel(chart, f"{s}: {n:,}", {"sample": s}, models[s]) for s, n in numbers.items()),
        data={"barnyard": table.drop(columns=["graft", "other"]).assign(graft=table["graft"], other=table["other"])},
        columns=4,
        min_width=200,
    )


def through_time(source: Source, table: pd.DataFrame, column: str, title: str) -> alt.LayerChart:
    """Return a share (%) by timepoint, a line per model and arm from the model's baseline on."""
    order = source.in_order("timepoint", table["timepoint"])
    base = alt.Chart(alt.NamedData("stroma")).encode(
        x=alt.X("timepoint:N", sort=order, title=None, axis=alt.Axis(labelAngle=0), scale=alt.Scale(padding=0.3)),
        y=alt.Y(f"{column}:Q", title=title, scale=alt.Scale(zero=True)),
        color=alt.Color("model:N", scale=colour_scale("model", source.models, table["model"]), legend=below(None, 3)),
        opacity=unless_picked(),
        tooltip=[
            "sample:N",
            "model:N",
            "arm:N",
            "timepoint:N",
            alt.Tooltip(f"{column}:Q", format=".1f"),
            "host:Q",
            "tumour:Q",
        ],
    )
    lines = base.mark_line(strokeWidth=1.5).encode(
        detail="line:N", y=alt.Y(f"mean({column}):Q", title=title), tooltip=alt.value(None)
    )
    return (
        alt.layer(lines, base.mark_point(filled=True, size=50))
        .add_params(picked())
        .properties(width="container", height=230)
    )


def draw_stroma(source: Source, table: pd.DataFrame) -> Figure | None:
    """Return host cells and ambient RNA through treatment; None where there is no host."""
    table = table.assign(host_cells=100 * table["host"] / (table["host"] + table["tumour"]).clip(lower=1))
    if not table["host"].sum():
        return None
    baseline = source.config["contrast"]["baseline"]
    treated = table.loc[table["timepoint"] != baseline, ["model", "arm"]].drop_duplicates()
    first = table[table["timepoint"] == baseline]
    # Each arm's line begins at the model's own baseline; a model without a later sample is a point.
    starts = (
        first.drop(columns="arm").merge(treated, on="model", how="left").fillna({"arm": first["arm"].iloc[0]})
        if len(first)
        else first
    )
    lines = pd.concat([starts, table[table["timepoint"] != baseline]], ignore_index=True)
    lines["line"] = lines["model"] + " " + lines["arm"]
    kept = ["sample", "model", "arm", "timepoint", "line", "host", "tumour", "host_cells", "ambient"]
    panels = [Panel(through_time(source, lines, "host_cells", "host cells (% of cells)"), "stroma")]
    if lines["ambient"].notna().any():
        panels.append(Panel(through_time(source, lines, "ambient", "ambient RNA (% of a cell's UMIs)"), "ambient RNA"))
    return Figure(
        **words("stroma"),
        n=f"{count(len(table), 'library')} of {count(table['model'].nunique(), 'model')}.",
        panels=tuple(panels),
        data={"stroma": lines[kept]},
        columns=2,
        min_width=300,
    )


def draw_saturation(source: Source) -> Figure | None:
    """Return saturation by number of reads; None where all libraries came as counts."""
    parts = []
    for row in source.libraries.itertuples():
        curve = source.table(f"counts/{row.sample}.saturation.tsv")
        parts.append(curve.assign(sample=row.sample, model=row.model, timepoint=row.timepoint))
    table = pd.concat(parts, ignore_index=True)
    if table.empty:
        return None
    chart = (
        alt.Chart(alt.NamedData("saturation"))
        .mark_line()
        .encode(
            x=alt.X("reads:Q", title="reads in genes", axis=alt.Axis(format="~s", tickCount=6)),
            y=alt.Y("saturation:Q", title="saturation", axis=alt.Axis(format="%"), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("model:N", scale=colour_scale("model", source.models, table["model"]), legend=below(None)),
            strokeDash=alt.StrokeDash("timepoint:N", sort=source.timepoints, legend=below(None)),
            detail="sample:N",
            opacity=unless_picked(),
            tooltip=["sample:N", alt.Tooltip("reads:Q", format=","), alt.Tooltip("saturation:Q", format=".1%")],
        )
        .add_params(picked())
        .properties(width="container", height=260)
    )
    return Figure(
        **words("saturation"),
        n=f"{count(table['sample'].nunique(), 'library')} with reads.",
        panels=(Panel(chart),),
        data={"saturation": table},
    )


def build(source: Source) -> Section:
    """Return the section."""
    if not len(source.libraries):
        return section("reads", [], "no_libraries")
    table = libraries(source)
    most = source.config["report"]["max_points"]
    figures = [draw_saturation(source), draw_barnyard(source, most), draw_stroma(source, table)]
    return section("reads", [library_table(source, table), *figures])
