"""Whether config and sheets make a design: known names, one entry per sample, a baseline for every comparison.

Every check yields where something is wrong, and what, with what to do about it.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pandas as pd

from scripts.study.check_perturbed import check_controls, check_perturbed
from scripts.study.check_pools import check_pools, check_settings_of_pools
from scripts.study.config import at as at_key
from scripts.study.config import cells_settings
from scripts.study.design import Design, Problems
from scripts.study.schema import suggest


def problems_of_design(design: Design) -> list[str]:
    """Return all mistakes of the first kind that has any: names, then entries, then comparisons."""
    if design.samples.empty:
        return [f"{design.sample(2)}: the sheet has no samples; add a row for each"]
    for checks in CHECKS:
        found = [f"{place}: {message}" for check in checks for place, message in check(design)]
        if found:
            return found
    return []


def check_names(design: Design) -> Problems:
    """Models, timepoints and arms are those of the config; an arm is one of its model's."""
    config = design.config
    models = {entry["model"]: entry["arms"] for entry in config["models"]}
    arms = [entry["arm"] for entry in config["arms"]]
    known = {"model": list(models), "timepoint": config["timepoints"], "arm": arms}
    for row in design.learned_from.itertuples():
        for column, names in known.items():
            name = getattr(row, column)
            if name not in names:
                hint = suggest(name, names) or f"; known are {', '.join(names[:8])}"
                message = f"{name!r} is not among {column}s of the config{hint}; correct it or add it there"
                yield design.sample(row.Index, column), message
        own = models.get(row.model, arms)
        if row.arm in arms and row.arm not in own:
            message = f"{row.model} has no arm {row.arm!r} (it has {', '.join(own)}); correct it or add it to the model"
            yield design.sample(row.Index, "arm"), message


def check_samples(design: Design) -> Problems:
    """Samples are unique, and so are replicates within model, timepoint, arm and assay."""
    yield from repeated(design.sample, design.samples, ["sample"], "is already the sample of", "give each its own name")
    rows = design.learned_from.drop_duplicates("sample")
    keys = ["replicate", "model", "timepoint", "arm", "assay"]
    yield from repeated(
        design.sample, rows, keys, "of its model, timepoint and arm is already", "number the replicates"
    )


def check_lanes(design: Design) -> Problems:
    """Lanes belong to libraries of the samples sheet and are unique there."""
    sheet = design.config["samples"]
    assay = dict(zip(design.counted["library"], design.counted["assay"], strict=True))
    pooled = {row.sample: row.pool for row in design.samples.itertuples() if row.pool}
    for row in design.units.itertuples():
        place = design.lane(row.Index, "sample")
        if row.sample in pooled and row.sample not in assay:
            yield place, f"{row.sample!r} is in a pool, whose lanes these are; write {pooled[row.sample]!r} here"
        elif row.sample not in assay:
            hint = suggest(row.sample, list(assay)) or "; add it there or remove the lane"
            yield place, f"{row.sample!r} is not in {sheet}{hint}"
        elif assay[row.sample] == "profile":
            yield place, f"{row.sample!r} has assay profile in {sheet}; remove the lane or correct the assay"
    yield from repeated(
        design.lane, design.units, ["unit", "sample"], "of its sample is already", "give each its own name"
    )


def check_entries(design: Design) -> Problems:
    """A library comes as reads or as a matrix; a profile as a column of a matrix."""
    for row in design.samples.itertuples():
        for column in ("species", "barcodes"):
            if getattr(row, column) and not (row.assay == "scrna" and row.matrix):
                message = f"{getattr(row, column)!r} is for a matrix of assay scrna only; empty the cell"
                yield design.sample(row.Index, column), message
    first = {row.sample: row.Index for row in design.units[::-1].itertuples()}
    for row in design.counted.itertuples():
        matrix, column = design.sample(row.Index, "matrix"), design.sample(row.Index, "column")
        if row.assay == "profile":
            if not row.matrix:
                yield matrix, "is empty, but the assay is profile; give the table of genes × samples"
            if not row.column:
                yield column, "is empty, but the assay is profile; give the sample's column in the matrix"
        elif row.matrix and row.library in first:
            yield (
                matrix,
                f"{row.library!r} has a matrix and reads ({design.lane(first[row.library])}); keep one of them",
            )
        elif not row.matrix and row.library not in first:
            remedy = f"add its lanes to {design.config['units']}" if design.config["units"] else "name a units sheet"
            yield matrix, f"{row.library!r} has neither a matrix nor reads; give the matrix or {remedy}"
        elif row.column:
            yield column, f"{row.column!r} is for assay profile only; empty the cell or correct the assay"
        elif row.platform not in ("", "single-cell"):
            place = design.sample(row.Index, "platform")
            yield place, f"{row.platform!r} is for assay profile only; empty the cell or correct the assay"


def check_columns(design: Design) -> Problems:
    """No profile and no matrix of cells is used twice."""
    profiles = design.samples[(design.samples["assay"] == "profile") & (design.samples["column"] != "")]
    yield from repeated(
        design.sample, profiles, ["column", "matrix"], "of this matrix is already", "correct the column"
    )
    counted = design.counted
    matrices = counted[(counted["assay"] == "scrna") & (counted["matrix"] != "")]
    # Several libraries may lie in one matrix, each with barcodes of its own.
    picked = matrices["barcodes"].where(matrices.duplicated("matrix", keep=False), "")
    whole = matrices.assign(barcodes=picked.replace("all", ""))
    shared = set(whole.loc[whole["barcodes"] == "", "matrix"])
    keys = ["matrix", "barcodes"]
    remedy = "correct the path, or state in column barcodes which barcodes belong to each sample"
    yield from repeated(
        design.sample, whole.assign(barcodes=whole["barcodes"].mask(whole["matrix"].isin(shared), "")), keys,
        "is already the matrix of", remedy,
    )  # fmt: skip


def check_files_once(design: Design) -> Problems:
    """No FASTQ file is used twice."""
    seen: dict[str, str] = {}
    for row in design.units.itertuples():
        for column in ("fq1", "fq2"):
            path = os.path.normpath(getattr(row, column))
            if path in seen:
                message = f"{getattr(row, column)!r} is already used in {seen[path]}; correct one of them"
                yield design.lane(row.Index, column), message
            seen.setdefault(path, f"row {row.Index}, column {column}")


def check_joined_names(design: Design) -> Problems:
    """Names that files join by '_' stay different: a_b + c and a + b_c would be one file."""
    if "timepoint" in design.config["regulons"]["group_by"]:
        groups = design.libraries.drop_duplicates(["model", "timepoint"])
        joined = groups.assign(joined=groups["model"] + "_" + groups["timepoint"])
        what = "joined to its timepoint by '_' is the same name as that of"
        yield from repeated(design.sample, joined, ["joined"], what, "rename the model", "model")


def check_arms_of_timepoints(design: Design) -> Problems:
    """Arms without drugs at the baseline, arms with drugs at all other timepoints."""
    baseline = design.config["contrast"]["baseline"]
    drugs = {entry["arm"]: entry["drugs"] for entry in design.config["arms"]}
    for row in design.learned_from.itertuples():
        place = design.sample(row.Index, "arm")
        if row.timepoint == baseline and drugs[row.arm]:
            yield place, f"{row.arm!r} is a treatment, but {baseline!r} is before it; give an arm without drugs"
        elif row.timepoint != baseline and not drugs[row.arm]:
            yield place, f"{row.arm!r} has no drugs, but {row.timepoint!r} is under treatment; give the treatment"


def check_baselines(design: Design) -> Problems:
    """Every treated model has a baseline of the same assay to be compared with."""
    baseline = design.config["contrast"]["baseline"]
    for (model, assay), rows in design.learned_from.groupby(["model", "assay"], sort=False):
        if baseline not in set(rows["timepoint"]):
            message = f"{model} has no {baseline!r} sample of assay {assay} for comparison; add one"
            yield design.sample(rows.index[0], "timepoint"), message


def check_overridden_samples(design: Design) -> Problems:
    """Settings of single samples are for libraries of the sheet."""
    rows = design.samples[design.samples["assay"] == "scrna"]
    libraries = [*rows["sample"], *dict.fromkeys(pool for pool in rows["pool"] if pool)]
    for sample in design.config["cells"]["overrides"]:
        if sample not in libraries:
            hint = suggest(sample, libraries) or "; correct or remove it"
            message = f"no scrna sample of {design.config['samples']} has this name{hint}"
            yield at_key("cells", "overrides", sample), message


def check_composition(design: Design) -> Problems:
    """Without a host's genome, something else distinguishes tumour cells from others, or there are no others."""
    config = design.config
    has_host = bool((config["references"] or {}).get("host"))
    own = config["cells"]["overrides"]
    libraries = design.samples[design.samples["assay"] == "scrna"].drop_duplicates("sample")
    seen: set[tuple] = set()
    for row in libraries.itertuples():
        settings = cells_settings(config, row.sample)
        keys = ("composition", "malignant", "annotation")
        place = ("cells", "overrides", row.sample) if set(keys) & set(own.get(row.sample) or {}) else ("cells",)
        composition = settings["composition"]
        problem, untold = None, settings["malignant"] != "auto" and not settings["annotation"]
        if composition == "xenograft" and not has_host:
            problem = "composition", "is xenograft, but references has no host; give its genome, or another composition"
        elif untold and (composition == "tumour" or (composition == "auto" and not has_host)):
            problem = (
                "malignant",
                "is off, and without a host normal cells can't be recognised; keep auto, name a table "
                "of cells (cells.annotation), or set cells.composition: pure if this is a cell line",
            )
        if problem and (*place, problem[0]) not in seen:
            seen.add((*place, problem[0]))
            yield at_key(*place, problem[0]), problem[1]


def check_groups(design: Design) -> Problems:
    """No more models must agree on an edge than there are."""
    needed, number = design.config["regulons"]["min_groups"], design.libraries["model"].nunique()
    if design.config["regulons"]["databases"] and 0 < number < needed:
        message = f"groups of {needed} models must agree, but the study has {number} with single cells; lower it"
        yield at_key("regulons", "min_groups"), message


def check_queries_have_a_reference(design: Design) -> Problems:
    """Biopsies are scored against something."""
    if design.config["biopsy"]["reference"] is None and design.learned_from.empty:
        message = f"is missing, but all samples of {design.config['samples']} are queries"
        yield at_key("biopsy", "reference"), f"{message}; name a folder that `snakemake freeze` wrote"


def check_reads_have_references(design: Design) -> Problems:
    """Reads need genomes."""
    if design.config["references"] is None and len(design.units):
        message = f"is missing, but {design.lane(design.units.index[0])} has reads; give graft and host"
        yield at_key("references"), message


def repeated(
    place: Callable[[int, str], str], table: pd.DataFrame, keys: list[str], what: str, remedy: str, column: str = ""
) -> Problems:
    """Yield every row whose keys a row above it has too; ``column`` (else the first key) is the one to name."""
    column = column or keys[0]
    seen: dict[tuple, int] = {}
    for row, cells in table.to_dict("index").items():
        key = tuple(cells[name] for name in keys)
        if key in seen:
            yield place(row, column), f"{cells[column]!r} {what} row {seen[key]}; {remedy}"
        seen.setdefault(key, row)


CHECKS = (
    (check_names, check_samples, check_lanes),
    (check_pools, check_perturbed),
    (check_controls,),
    (check_settings_of_pools,),
    (check_entries, check_columns, check_files_once, check_joined_names),
    (check_queries_have_a_reference, check_reads_have_references),
    (check_arms_of_timepoints, check_baselines, check_overridden_samples, check_composition, check_groups),
)
"""Kinds of checks: each kind runs only if those before found nothing."""
