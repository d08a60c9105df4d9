"""Read all peaks, and report their location and distance to each gene: per set, and of gained, lost and kept peaks."""

import pandas as pd

from scripts.base import job
from scripts.chromatin import changes, promoters
from scripts.chromatin.peaks import bare_contig, read_counts, read_peaks
from scripts.chromatin.terms import CHANGES

SETS = [
    "peak_set", "factor", "mark", "peak_sample", "state", "peaks", "median_width", "promoter_share",
    "promoter_by_chance", "distal_share", "unplaced_share", "note",
]  # fmt: skip
PEAK_CHANGES = ["subject", "peak_sample", "change", "peaks", "by"]
OTHER_GENOME = "few peaks at promoters: check that their genome is that of the annotation"
COMMON = 0.9
"""Share of intervals that two tables of counts have in common; others were counted differently."""


def name_of(*parts: str) -> str:
    """Return the column name for distances of a peak set, or of a subject's peaks of one change."""
    return "|".join(parts)


def describe(entry: dict, peaks: pd.DataFrame, starts: pd.DataFrame, promoter: int, distal: int) -> dict:
    """Return the row (:data:`SETS`) of a peak set; raise :class:`job.UserError` if it is of another genome."""
    found = promoters.check_genome(peaks, starts, promoter, entry["peaks"])
    near = promoters.peak_distances(peaks, starts)
    note = OTHER_GENOME if found["promoter"] < promoters.LEAST_RATIO * found["shifted"] else ""
    return {
        "peak_set": entry["name"], "factor": entry["factor"], "mark": entry["mark"], "peak_sample": entry["sample"],
        "state": entry["state"], "peaks": len(peaks), "median_width": float((peaks["end"] - peaks["start"]).median()),
        "promoter_share": found["promoter"], "promoter_by_chance": found["shifted"],
        "distal_share": float(((near > promoter) & (near <= distal)).mean()), "unplaced_share": found["unplaced"],
        "note": note,
    }  # fmt: skip


def main(snakemake) -> None:
    """Read promoters, peaks and counts; write the sets, changes between states, and distances by gene."""
    params = snakemake.params
    starts = promoters.read_promoters(snakemake.input.promoters, params.prefix)
    genes = promoters.list_genes(starts)
    read = {entry["name"]: read_peaks(entry["peaks"]) for entry in params.sets}
    rows, columns = [], {}
    for entry in params.sets:
        peaks = read[entry["name"]]
        rows.append(describe(entry, peaks, starts, params.promoter, params.distal))
        columns[name_of("set", entry["name"])] = peaks
        if rows[-1]["note"]:
            job.log.warning(
                "%s: %.1f %% of its peaks lie at promoters, %.1f %% by chance; %s", entry["peaks"],
                100 * rows[-1]["promoter_share"], 100 * rows[-1]["promoter_by_chance"], "check its genome",
            )  # fmt: skip
    names = params.contrast
    found = []
    pairs = changes.pairs_of(params.sets, names["baseline"], names["persister"])
    for (subject, sample), (before, after) in pairs.items():
        counted = bool(before["counts"] and after["counts"])
        if counted:
            tables = read_counts(before["counts"]), read_counts(after["counts"])
            table = changes.change_of_counts(*tables)
            if len(table) < COMMON * max(map(len, tables)):
                raise job.UserError(
                    f"{before['counts']} and {after['counts']}: {len(table)} intervals in common, of "
                    f"{len(tables[0])} and {len(tables[1])}; count the same intervals in both"
                )
        else:
            table = changes.change_of_peaks(read[before["name"]], read[after["name"]])
        for change in CHANGES:
            own = table[table["change"] == change]
            columns[name_of("change", subject, sample, change)] = own
            found.append((subject, sample, change, len(own), "reads" if counted else "presence"))
    distances = {key: promoters.distance_by_gene(starts, own).reindex(genes["gene"]) for key, own in columns.items()}
    table = pd.concat([genes, pd.DataFrame({key: own.to_numpy() for key, own in distances.items()})], axis=1)
    table.to_parquet(snakemake.output.genes, index=False)
    pd.DataFrame(rows, columns=SETS).to_csv(snakemake.output.sets, sep="\t", index=False, float_format="%.6g")
    pd.DataFrame(found, columns=PEAK_CHANGES).to_csv(snakemake.output.changes, sep="\t", index=False)
    contigs = {bare_contig(name) for name in genes["chromosome"]}
    job.log.info("%d genes on %d chromosomes, %d peak sets, %d pairs", len(genes), len(contigs), len(rows), len(pairs))


if __name__ == "__main__":
    job.run(main, snakemake)
