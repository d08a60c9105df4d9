"""Filter the barcodes of one library, and keep its tumour cells, host cells and normal cells.

A barcode is removed for the first reason in this order: empty, host, mixed, doublet, normal, low_counts, high_counts,
few_genes, many_genes, high_mt, unsure. Normal and unsure cells are called only in tumours without a host.
"""

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from scripts.base import job
from scripts.cells import ambient, annotation, doublets, host_cells, malignant, qc, species, summaries, unexpressed
from scripts.cells.lineages import ANNOTATION, MARKERS

LABELS = ("sample", "model", "timepoint", "arm", "replicate")
MEASURES = ("total_counts", "n_genes", "pct_counts_mt", "graft_fraction", "ambient_fraction", "doublet_score")
QUALITY = tuple(name for name in MEASURES if name != "graft_fraction")
"""Measures of a cell whose quantiles are summarised."""


def make_cells(counts: sparse.csr_matrix, table: pd.DataFrame, genes: pd.DataFrame, labels: dict):
    """Return an AnnData of cells × genes with unique symbols, the sample's labels and the cells' measures."""
    import anndata

    obs = pd.DataFrame(
        {name: str(labels[name]) for name in LABELS}, index=labels["sample"] + ":" + table["barcode"].astype(str)
    )
    obs.index.name = "cell"
    for name, value in labels.get("own", {}).items():
        obs[name] = value
    for name in MEASURES:
        obs[name] = table[name].to_numpy()
    var = pd.DataFrame({"gene_id": genes.index.astype(str)}, index=qc.unique_symbols(genes["symbol"]))
    matrix = counts.tocsr().astype(np.int32)
    matrix.sort_indices()
    return anndata.AnnData(matrix, obs=obs, var=var)


def keep(
    counts: sparse.csr_matrix,
    genes: pd.DataFrame,
    soup_counts: np.ndarray,
    settings: dict,
    *,
    seed: int,
    barcodes: pd.Series,
    labels: pd.Series | None = None,
    kit: str = "",
) -> tuple:
    """Classify the droplets called cells (``counts``: droplets × genes; ``genes``: symbol, species).

    ``labels``: the user's labels of single cells, by barcode; ``kit``: a value of `reads.chemistry`, if known. Returns
    a table with one row per droplet (measures, species_call, doublet, malignant, lineage, copy_number_score,
    filter_failed, host_filter), the ambient :class:`Soup`, and the summary.
    """
    is_host = genes["species"].astype(str).eq("host").to_numpy()
    host = np.asarray(counts[:, is_host].sum(axis=1)).ravel().astype(np.int64)
    graft = np.asarray(counts.sum(axis=1)).ravel().astype(np.int64) - host
    notes = []
    cuts = {"graft_min": settings["species"]["graft_min"], "host_max": settings["species"]["host_max"]}
    rules = {rule: species.call_species(graft, host, method=rule, **cuts) for rule in species.RULES}
    chosen = rules[settings["species"]["method"]]
    calls = chosen.calls
    if chosen.note and is_host.any():
        notes.append(chosen.note)
    is_graft, is_stroma = calls == "graft", calls == "host"

    soup = ambient.find_soup(counts, calls, soup_counts, is_host)
    if not is_host.any():
        notes.append("no host genes: mixed droplets can't be recognised")
    elif not soup.host_share >= ambient.MIN_SHARE:
        notes.append(f"host share of the soup {soup.host_share:.3g}: too low to measure ambient RNA in graft cells")
    elif soup.source != "empty droplets":
        notes.append(f"soup estimated from {soup.source}: the matrix has no empty droplets")
    fraction = np.full(len(calls), np.nan)
    fraction[is_graft] = ambient.cell_fractions(graft[is_graft], host[is_graft], soup.host_share)
    fraction[is_stroma] = ambient.cell_fractions(host[is_stroma], graft[is_stroma], 1 - soup.host_share)

    kinds = doublets.count_kinds(chosen, rules["ambient"])
    own = settings["doublets"]
    per_1000 = own["rate_per_1000_cells"]
    rate = doublets.expected_rate(
        *kinds,
        n_droplets=len(calls),
        rate=own["rate"],
        rate_per_1000_cells=doublets.rate_of_kit(kit) if per_1000 == "auto" else per_1000,
        min_species_fraction=own["min_species_fraction"],
    )
    found = doublets.find(counts[is_graft][:, ~is_host], rate.among_graft, own, seed=seed, what="graft")
    if found.note:
        notes.append(found.note)

    mitochondrial = qc.mitochondrial_genes(genes)
    table = pd.DataFrame(
        {"counts_graft": graft, "counts_host": host, "species_call": calls, "doublet": False, "doublet_score": np.nan}
    )
    table.loc[is_graft, "doublet_score"], table.loc[is_graft, "doublet"] = found.scores, found.flagged
    table["graft_fraction"], table["ambient_fraction"] = species.graft_fraction(graft, host), fraction
    measured = qc.measure_cells(counts[:, ~is_host], mitochondrial[~is_host])
    of_host = qc.measure_cells(counts[:, is_host], mitochondrial[is_host])
    for column in measured:
        table[column] = np.where(is_stroma, of_host[column], measured[column])
    if not mitochondrial[~is_host].any():
        notes.append("no mitochondrial graft gene: no cut on the mitochondrial share")
    singles = is_graft & ~table["doublet"].to_numpy()
    composition = malignant.composition_of(settings["composition"], is_host)
    own_soup = soup.counts[~is_host] if soup.source == "empty droplets" else None
    named = malignant.name_cells(
        counts[singles][:, ~is_host], pd.Index(genes["symbol"][~is_host].astype(str)), barcodes[singles], own_soup,
        labels, seek=composition == "tumour" and settings["malignant"] == "auto",
    )  # fmt: skip
    notes += named.notes
    table["malignant"], table["lineage"], table["lineage_by"], table["copy_number_score"] = "", "", "", np.nan
    columns = ["malignant", "lineage", "copy_number_score"]
    table.loc[singles, columns] = np.column_stack([named.verdict, named.lineage, named.score])
    table.loc[singles, "lineage_by"] = np.where(named.lineage == "", "", np.where(named.own, ANNOTATION, MARKERS))
    table["copy_number_score"] = table["copy_number_score"].astype(float)
    if composition == "tumour" and not is_host.any():
        shed = unexpressed.measure(
            counts[singles], pd.Index(genes["symbol"].astype(str)), own_soup, named.lineage, seed=seed
        )
        fraction[singles] = shed.fractions
        table["ambient_fraction"] = fraction
        notes.append(shed.note)
    elif not is_host.any():
        notes.append("no host genes and no normal cells: ambient RNA can't be measured")
    of_stroma = host_cells.judge(
        counts[is_stroma][:, is_host],
        table[is_stroma],
        doublets.among_host(rate.per_droplet, kinds),
        settings,
        seed=seed,
    )
    found = doublets.plant(
        found, counts[is_graft][:, ~is_host], rate.among_graft, own, seed=seed, ambient=fraction[is_graft]
    )
    table["host_filter"] = ""
    table.loc[is_stroma, "host_filter"], table.loc[is_stroma, "doublet_score"] = of_stroma.verdict, of_stroma.scores
    is_normal = (table["malignant"] == malignant.NORMAL).to_numpy()
    tumour = singles & ~is_normal
    limits = qc.quality_limits(table[tumour], **settings["qc"])
    reasons = [is_stroma, ~is_graft, table["doublet"], is_normal]
    verdict = np.select(reasons, ["host", "mixed", "doublet", "normal"], "").astype(object)
    verdict[tumour] = qc.quality_verdict(table[tumour], limits)
    verdict[(verdict == "") & (table["malignant"] == malignant.UNSURE)] = "unsure"
    table["filter_failed"] = verdict

    comparison = species.tabulate_rules(rules)
    mixed = kinds[2] / sum(kinds) if sum(kinds) else float("nan")
    modelled = rules["ambient"].posterior
    alone = np.ones(len(calls)) if modelled is None else 1 - modelled[:, species.COMPONENTS.index("mixed")]
    summary = {
        "species_method": settings["species"]["method"],
        "cells": len(calls),
        "cells_graft": int(is_graft.sum()),
        "cells_host": int(is_stroma.sum()),
        "cells_mixed": int((calls == "mixed").sum()),
        "cells_normal": int(is_normal.sum()),
        "cells_unsure": int((verdict == "unsure").sum()),
        "cells_kept": int((verdict == "").sum()),
        "cells_host_kept": int((of_stroma.verdict == "").sum()),
        "composition": composition,
        "malignant_evidence": named.evidence,
        "lineages": table.loc[is_normal, "lineage"].value_counts().sort_index().to_dict(),
        "mixed_rate": mixed if is_host.any() else float("nan"),
        "mixed_rate_source": "ambient model" if rules["ambient"].posterior is not None else "species calls",
        "soup_host_fraction": soup.host_share,
        "soup_source": soup.source,
        "ambient_fraction": (
            ambient.library_fraction(graft[singles], host[singles], soup.host_share, single=alone[singles])
            if is_host.any()
            else unexpressed.library_fraction(fraction[tumour], graft[tumour])
        ),
        "ambient_fraction_host_cells": ambient.library_fraction(
            host[is_stroma],
            graft[is_stroma],
            1 - soup.host_share,
            single=alone[is_stroma] * (of_stroma.verdict != "doublet"),
        ),
        "doublet_rate": asdict(rate),
        "doublet_threshold": found.threshold,
        "doublets_expected": found.expected,
        "doublets_left": found.left,
        "doublets_flagged": int(table["doublet"].sum()),
        "qc_limits": limits,
        "host_doublets_flagged": int((of_stroma.verdict == "doublet").sum()),
        "host_doublets_left": of_stroma.doublets_left,
        "host_qc_limits": of_stroma.limits,
        "species_model": rules["ambient"].model,
        "species_rules": comparison.to_dict("records"),
        "notes": notes,
    }
    return table, soup, summary


def subtract_soup(cells, table: pd.DataFrame, soup: ambient.Soup, is_host: np.ndarray, seed: int) -> int | None:
    """Subtract the cells' ambient UMIs from X, and return their number. The layer ``uncorrected`` keeps the counts.

    If the ambient share is unknown, nothing is changed and None is returned.
    """
    if not table["ambient_fraction"].notna().any() or soup.source == "unknown":
        job.log.warning("nothing subtracted: the ambient share of the cells is not known")
        return None
    of_host = soup.host_share if is_host.any() else 0.0
    umis = (table["ambient_fraction"] * (table["counts_graft"] + table["counts_host"]) * (1 - of_host)).fillna(0)
    cells.layers["uncorrected"] = cells.X.copy()
    cells.X = ambient.subtract(cells.X, soup.counts[~is_host], umis.to_numpy(), seed=seed)
    taken = int(cells.layers["uncorrected"].sum() - cells.X.sum())
    job.log.info("subtracted %d ambient UMIs from %d cells", taken, cells.n_obs)
    return taken


def main(snakemake) -> None:
    """Read counts, calls and soup; write graft cells, host cells, all barcodes' verdicts and the summary."""
    import anndata

    settings, labels = snakemake.params.cells, snakemake.params.labels
    droplets = pd.read_parquet(snakemake.input.calls)
    soup_table = pd.read_parquet(snakemake.input.soup)
    summary = json.loads(Path(snakemake.input.summary).read_text())
    backed = anndata.read_h5ad(snakemake.input.counts, backed="r")
    if not np.array_equal(backed.obs_names.astype(str), droplets["barcode"].astype(str)):
        raise job.UserError(
            f"{snakemake.input.calls}: barcodes differ from {snakemake.input.counts}; remove it and run again"
        )
    rows = np.flatnonzero(droplets["cell_call"].to_numpy())
    genes = backed.var.copy()
    counts = backed[rows].to_memory().X.tocsr() if len(rows) else sparse.csr_matrix((0, backed.n_vars), dtype=np.int32)
    backed.file.close()

    barcodes = droplets["barcode"].iloc[rows].reset_index(drop=True)
    path = settings["annotation"]
    own = annotation.read_annotation(path, labels["sample"]) if path else None
    chemistry = next(iter(getattr(snakemake.input, "chemistry", [])), None)
    table, soup, found = keep(
        counts, genes, soup_table["counts"].to_numpy(), settings, seed=settings["seed"], barcodes=barcodes, labels=own,
        kit=doublets.kit_of(json.loads(Path(chemistry).read_text())) if chemistry else "",
    )  # fmt: skip
    table.insert(0, "barcode", barcodes)
    for note in found["notes"]:
        job.log.warning("%s", note)

    is_host = genes["species"].astype(str).eq("host").to_numpy()
    kept = (table["filter_failed"] == "").to_numpy()
    stroma = ((table["species_call"] == "host") & (table["host_filter"] == "")).to_numpy()
    graft = make_cells(counts[kept][:, ~is_host], table[kept], genes[~is_host], labels)
    if settings["ambient"]["subtract"]:
        taken = subtract_soup(graft, table[kept], soup, is_host, settings["seed"])
        found |= {} if taken is None else {"ambient_umis_subtracted": taken}
    if not graft.n_obs:
        job.log.warning("no graft cell passes all steps: see cells/attrition.tsv and the barnyard plot")
    graft.write_h5ad(snakemake.output.cells, compression="gzip")
    host = make_cells(counts[stroma][:, is_host], table[stroma], genes[is_host], labels)
    host.write_h5ad(snakemake.output.host, compression="gzip")
    is_normal = (table["filter_failed"] == "normal").to_numpy()
    normal = make_cells(counts[is_normal][:, ~is_host], table[is_normal], genes[~is_host], labels)
    for name in ("lineage", "lineage_by"):
        normal.obs[name] = table.loc[is_normal, name].to_numpy(dtype=str)
    normal.write_h5ad(snakemake.output.normal, compression="gzip")

    judged = (
        table.drop(columns=["barcode", "counts_graft", "counts_host", "lineage_by"])
        .set_axis(rows)
        .reindex(np.arange(len(droplets)))
    )
    verdicts = pd.concat([droplets, judged], axis=1)
    verdicts["species_call"] = verdicts["species_call"].fillna("")
    verdicts["doublet"] = verdicts["doublet"].eq(True)
    text = ["malignant", "lineage", "host_filter"]
    verdicts[text] = verdicts[text].fillna("")
    verdicts["filter_failed"] = verdicts["filter_failed"].fillna("empty")
    verdicts.to_parquet(snakemake.output.droplets, index=False)
    for frame, path in (
        (summaries.summarise_quality(table[kept], QUALITY), snakemake.output.quality),
        (summaries.bin_droplets(verdicts), snakemake.output.barnyard),
        (summaries.rank_barcodes(verdicts), snakemake.output.ranks),
    ):
        labelled = frame.assign(**{name: str(labels[name]) for name in LABELS[:4]})[[*LABELS[:4], *frame]]
        labelled.to_csv(path, sep="\t", index=False, float_format="%.6g")
    steps = qc.attrition(verdicts["filter_failed"].to_numpy(), summary.pop("elsewhere", None)).to_dict("records")
    everything = {
        **{name: labels[name] for name in LABELS},
        **{f"droplets_{k}" if k in ("method", "note") else k: v for k, v in summary.items()},
        **found,
        "attrition": steps,
    }
    Path(snakemake.output.summary).write_text(
        json.dumps(summaries.without_nan(everything), indent=2, allow_nan=False) + "\n"
    )
    job.log.info("kept %d graft cells and %d host cells of %d droplets with cells", graft.n_obs, host.n_obs, len(table))


if __name__ == "__main__":
    job.run(main, snakemake)
