"""Write a ranking database of peaks, and the motif table with rows for its tracks."""

from scripts.base import job
from scripts.base.files import open_bytes
from scripts.chromatin import promoters, tracks
from scripts.chromatin.peaks import read_peaks
from scripts.scenic import motif_table


def join_annotations(motifs: str, factors: dict[str, str]) -> str:
    """Return the text of a motif table with additional rows for tracks, in the order of its own columns."""
    header = motif_table.read_header(motifs)
    with open_bytes(motifs) as handle:
        text = handle.read().decode("utf-8-sig")
    rows = tracks.annotate(factors).reindex(columns=header).fillna("None")
    return text.rstrip("\r\n") + "\n" + rows.to_csv(sep="\t", index=False, header=False)


def main(snakemake) -> None:
    """Read promoters, the peaks of factors and the motif table; write database and table."""
    params = snakemake.params
    starts = promoters.read_promoters(snakemake.input.promoters, params.prefix)
    factors = {entry["name"]: entry["factor"] for entry in params.sets if entry["factor"]}
    peaks = {entry["name"]: read_peaks(entry["peaks"]) for entry in params.sets if entry["factor"]}
    for entry in params.sets:
        if entry["factor"]:
            promoters.check_genome(peaks[entry["name"]], starts, params.promoter, entry["peaks"])
    rankings = tracks.make_rankings(starts, peaks, reach=params.distal, random=params.random, seed=params.seed)
    tracks.write_database(rankings, snakemake.output.database)
    with open(snakemake.output.motifs, "w", encoding="utf-8") as handle:
        handle.write(join_annotations(snakemake.input.motifs, factors))
    job.log.info("%d tracks of %d factors, %d genes", len(factors), len(set(factors.values())), rankings.shape[1])


if __name__ == "__main__":
    job.run(main, snakemake)
