"""Write a MultiQC report on the reads of all libraries: Sequali's measures and the pipeline's own tables."""

import json
import shutil
import tempfile
from pathlib import Path

import pandas as pd
import yaml

from scripts.base import job
from scripts.base.files import run_tool
from scripts.base.tables import read_labelled
from scripts.reads import overview
from scripts.reads.library_warnings import doubt

TITLE = "persister-regulons: reads"
NUMBERS = ("reads", "short_read1", "umis", "barcodes")
WORDS = ("kit", "strand", "introns", "doubt")
"""Columns of integers, and of text, in the table of counting; all others are shares."""
TRANSIENT = ("multiqc.log", "multiqc_sources.txt", "multiqc_data.json", "multiqc.parquet", "llms-full.txt")
"""Files of MultiQC, except its tables, that contain times and temporary paths. All numbers are also in the tables."""

NO_QUALITY = pd.DataFrame(columns=["sample", "measure", "median"])
"""Text for a study without libraries."""


def tabulate_chemistry(reports: list[dict]) -> pd.DataFrame:
    """Return one row per sequenced library: chemistry, lanes, read lengths, and the share of barcodes on each whitelist
    (%).
    """
    rows = []
    for report in reports:
        lanes = report["units"].values()
        rows.append({
            "Sample": report["sample"],
            "chemistry": report["name"],
            "lanes": len(report["units"]),
            "read1_bp": "/".join(str(n) for n in sorted({lane["read1_length"]["mode"] for lane in lanes})),
            "read2_bp": "/".join(str(n) for n in sorted({lane["read2_length"]["mode"] for lane in lanes})),
            **{f"on_{name}_whitelist": round(100 * value, 2) for name, value in report["whitelist_overlap"].items()},
        })  # fmt: skip
    return pd.DataFrame(rows)


def tabulate_counting(audits: list[dict]) -> pd.DataFrame:
    """Return one row per library: reads, UMIs, saturation (%), and shares (%) of reads that are mapped, of several
    genes or loci, in genes, and in cells. If a library has a warning, there is a column for it.
    """
    percent = {
        "mapped": "reads_mapped_fraction",
        "valid_barcode_of_mapped": "valid_barcode_fraction_of_mapped",
        "several_of_valid": "multi_fraction_of_valid",
        "in_genes": "reads_in_genes_fraction",
        "in_cells": "reads_in_cells_fraction",
        "saturation": "sequencing_saturation",
        "host_umis": "host_fraction_of_umis",
    }
    rows = [
        {
            "Sample": audit["sample"],
            "counter": audit["aligner"],
            "kit": audit["kit"],
            "strand": audit["strand"],
            "introns": {True: "yes", False: "no", None: None}[audit["introns"]],
            "reads": audit["reads"],
            "short_read1": audit["reads_short_read1"],
            "umis": audit["umis"],
            "barcodes": audit["barcodes"],
        }
        | {name: None if audit[key] is None else round(100 * audit[key], 2) for name, key in percent.items()}
        for audit in audits
    ]
    table = pd.DataFrame(rows)
    doubts = [doubt(audit) or None for audit in audits]
    return table.assign(doubt=doubts) if any(doubts) else table


def tabulate_species(audits: list[dict]) -> pd.DataFrame:
    """Return graft and host UMIs, one row per library."""
    return pd.DataFrame([{"Sample": audit["sample"], **audit["umis_per_species"]} for audit in audits])


def tabulate_attrition(attrition: pd.DataFrame) -> pd.DataFrame:
    """Return numbers of barcodes, one row per library: all with a UMI, those removed by each step, those kept."""
    if attrition.empty:
        return pd.DataFrame(columns=["Sample"])
    steps = attrition["step"].drop_duplicates().tolist()
    by_library = attrition.groupby("sample", sort=False)
    removed = attrition.pivot_table(index="sample", columns="step", values="removed", aggfunc="sum", sort=False)[steps]
    removed.insert(0, "barcodes", by_library["barcodes_before"].first())
    return removed.fillna(0).assign(kept=by_library["remaining"].last()).astype(int).rename_axis("Sample").reset_index()


def saturation_lines(curves: dict[str, pd.DataFrame]) -> dict[str, dict[float, float]]:
    """Return per library the saturation (%) by million reads in genes; libraries without reads have none."""
    return {
        sample: {
            round(reads / 1e6, 6): round(100 * value, 3)
            for reads, value in zip(curve["reads"], curve["saturation"], strict=True)
        }
        for sample, curve in curves.items()
        if len(curve)
    }


def section(
    name: str, title: str, description: str, plot: str, data, config: dict | None = None, headers: dict | None = None
) -> dict:
    """Return a MultiQC custom-content document."""
    document = {"id": name, "section_name": title, "description": description, "plot_type": plot, "data": data}
    document["pconfig"] = {"id": f"{name}_plot", "title": title, **(config or {})}
    if headers:
        document["headers"] = headers
    return document


def by_sample(table: pd.DataFrame) -> dict[str, dict]:
    """Return the table as sample → column → value; missing values are left out."""
    return {
        row.pop("Sample"): {key: value for key, value in row.items() if pd.notna(value)}
        for row in table.to_dict("records")
    }


def sections(
    chemistry: pd.DataFrame,
    audits: list[dict],
    curves: dict[str, pd.DataFrame],
    attrition: pd.DataFrame,
    quality: pd.DataFrame,
) -> dict[str, dict]:
    """Return the pipeline's own sections by file name; sections without data are left out."""
    percent = {"min": 0, "max": 100, "suffix": "%", "format": "{:,.1f}"}
    whole = {"format": "{:,.0f}"}
    counting = tabulate_counting(audits)
    made = {
        "chemistry": section(
            "pr_chemistry",
            "Chemistry",
            "Which 10x whitelist the barcodes of each library are on (first reads of each lane, exact matches).",
            "table",
            by_sample(chemistry),
            {"namespace": "reads"},
            {
                column: {
                    "title": column.replace("_", " "),
                    **(percent if column.startswith("on_") else {"scale": False}),
                }
                for column in chemistry
                if column != "Sample"
            },
        ),
        "counting": section(
            "pr_counting",
            "Counting",
            "Fate of the reads. In genes: valid barcode and one gene. Libraries given as a matrix have only UMIs.",
            "table",
            by_sample(counting),
            {"namespace": "counts"},
            {
                column: {
                    "title": column.replace("_", " "),
                    **(whole if column in NUMBERS else {} if column in WORDS else percent),
                }
                for column in counting
                if column not in ("Sample", "counter")
            },
        ),
        "species": section(
            "pr_species",
            "Species of the UMIs",
            "UMIs of graft and host genes in all barcodes: cells and empty droplets.",
            "bargraph",
            by_sample(tabulate_species(audits)),
            {"ylab": "UMIs", "cpswitch_c_active": False},
        ),
        "saturation": section(
            "pr_saturation",
            "Sequencing saturation",
            "Expected share of duplicate reads had fewer reads been sequenced; a curve still rising means that more "
            "reads find more UMIs.",
            "linegraph",
            saturation_lines(curves),
            {"xlab": "million reads in genes", "ylab": "saturation (%)", "ymin": 0, "ymax": 100},
        ),
    }
    return {name: document for name, document in made.items() if document["data"]} | overview.documents(
        overview.general_statistics(audits, attrition, quality), tabulate_attrition(attrition)
    )


def settings() -> dict:
    """Return MultiQC's configuration: no network, no time stamp, Sequali's samples named by file."""
    return {
        "title": TITLE,
        "show_analysis_time": False,
        "show_analysis_paths": False,
        "no_version_check": True,
        "no_ai": True,
        "use_filename_as_sample_name": ["sequali"],
        "extra_fn_clean_exts": [".R2"],
        "custom_content": {"order": ["pr_chemistry", "pr_counting", "pr_species", "pr_saturation", "pr_attrition"]},
        "report_section_order": {"sequali": {"order": -1000}},
        "software_versions": overview.software(),
        "make_data_dir": True,
    }


def main(snakemake) -> None:
    """Write multiqc.html and its data folder."""
    given, output = snakemake.input, snakemake.output
    chemistry = tabulate_chemistry([json.loads(Path(path).read_text()) for path in given.chemistry])
    audits = [json.loads(Path(path).read_text()) for path in given.audits]
    curves = {
        audit["sample"]: pd.read_csv(path, sep="\t") for audit, path in zip(audits, given.saturation, strict=True)
    }
    attrition = read_labelled(given.attrition)
    quality = pd.concat([read_labelled(path) for path in given.quality]) if given.quality else NO_QUALITY
    with tempfile.TemporaryDirectory(dir=snakemake.resources.get("tmpdir")) as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for path in given.sequali:
            shutil.copy(path, folder / "in")
        for stem, document in sections(chemistry, audits, curves, attrition, quality).items():
            (folder / "in" / f"{stem}_mqc.json").write_text(json.dumps(document))
        (folder / "config.yaml").write_text(yaml.safe_dump(settings()))
        run_tool([
            "multiqc", "--no-version-check", "--no-megaqc-upload", "--no-ai", "--no-ansi", "--force", "--strict",
            "--config", folder / "config.yaml", "--module", "sequali", "--module", "custom_content",
            "--outdir", folder / "out", "--filename", "multiqc.html", folder / "in",
        ], makes=[folder / "out" / "multiqc.html", folder / "out" / "multiqc_data"])  # fmt: skip
        shutil.move(folder / "out" / "multiqc.html", output.html)
        for stem in TRANSIENT:
            (folder / "out" / "multiqc_data" / stem).unlink(missing_ok=True)
        shutil.rmtree(output.data, ignore_errors=True)
        shutil.move(folder / "out" / "multiqc_data", output.data)


if __name__ == "__main__":
    job.run(main, snakemake)
