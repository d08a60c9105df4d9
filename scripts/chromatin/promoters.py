"""Transcription starts from an annotation (GTF) or a table of promoters, and their distance to peaks."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job, names
from scripts.base.files import open_bytes
from scripts.chromatin.peaks import bare_contig, merge

STARTS = ["gene", "chromosome", "position", "length"]
GENES = ["gene", "chromosome", "position", "length", "n_starts"]
ATTRIBUTE = re.compile(r'(gene_id|gene_name|transcript_id) "([^"]*)"')
COLUMNS = {"gene": ("gene", "symbol", "gene_name"), "chromosome": ("chr", "chrom", "chromosome", "#chrom", "#chr")}
"""What the columns of a table of promoters may be called."""
BEYOND = 2_000_000
"""Bases (bp) behind the last gene of a chromosome from which a peak counts as beyond its end."""
MOST_BEYOND = 0.01
"""Share of peaks beyond the ends of chromosomes at which the peaks are of another genome."""
SHIFT = 1_000_000
"""How far (bp) peaks are moved to see how many lie at promoters by chance."""
LEAST_RATIO = 2.0
"""Share of peaks at promoters over that by chance, below which the genome may be another: ten and more for marks of
promoters, about one for coordinates of another release.
"""
WANTED = "give columns chr, start, end (a base per promoter, from 0) and gene"


def read_promoters(path: str | Path, prefix: str = "") -> pd.DataFrame:
    """Return the transcription starts of all genes (:data:`STARTS`), one row per gene and position.

    Parameters
    ----------
    path
        A GTF, or a table with a header (columns chr, start, end, gene, optionally length), plain or gzip.
    prefix
        Prefix of the genes and contigs of the tumour's species in a GTF; others are left out.

    Returns
    -------
    DataFrame
        Chromosome without ``chr``; position from 0; length: from the gene's first to its last base (bp), NaN if a table
        of promoters does not give it.

    Raises
    ------
    job.UserError
        If the file is not readable as either.
    """
    lines = read_lines(path)
    is_gtf = any(not line.startswith("#") and line.count("\t") == 8 for line in lines[:50])
    table = of_gtf(lines, prefix, path) if is_gtf else of_table(lines, path)
    if table.empty:
        raise job.UserError(f"{path}: no gene with a position{f' and prefix {prefix!r}' if prefix else ''}; {WANTED}")
    return table.drop_duplicates(["gene", "chromosome", "position"]).reset_index(drop=True)


def read_lines(path: str | Path) -> list[str]:
    """Return the lines of an annotation with positions of genes and transcripts; all lines of a table."""
    try:
        with open_bytes(path) as handle:
            head = handle.read(64)
        names.check_kind(path, head, "a GTF or a table of promoters")
        kept = []
        with open_bytes(path) as handle:
            for line in handle:
                if line.count(b"\t") != 8 or b"\ttranscript\t" in line or b"\tgene\t" in line:
                    kept.append(line.decode().rstrip("\r\n"))
    except (OSError, EOFError, ValueError) as error:
        raise job.UserError(f"{path}: can't be read ({error}); {WANTED}") from error
    return kept


def of_gtf(lines: list[str], prefix: str, path: str | Path) -> pd.DataFrame:
    """Return :data:`STARTS` from an annotation: from its transcripts, or from its genes if it has no transcripts.

    Raises :class:`job.UserError` for a position that is no number, and for an annotation that names no gene (GFF3).
    """
    found: dict[str, list[tuple]] = {"gene": [], "transcript": []}
    for line in lines:
        fields = line.split("\t")
        if len(fields) != 9 or fields[2] not in found or not fields[0].startswith(prefix):
            continue
        values = dict(ATTRIBUTE.findall(fields[8]))
        gene = values.get("gene_name") or values.get("gene_id", "")
        if not (fields[3].isdigit() and fields[4].isdigit()):
            raise job.UserError(
                f"{path}: {fields[2]} {gene!r} from {fields[3]!r} to {fields[4]!r}: positions are whole numbers; "
                "correct them"
            )
        start, end = int(fields[3]) - 1, int(fields[4]) - 1
        position = end if fields[6] == "-" else start
        contig = bare_contig(fields[0].removeprefix(prefix))
        found[fields[2]].append((gene.removeprefix(prefix), contig, position, start, end))
    rows = found["transcript"] or found["gene"]
    table = pd.DataFrame(rows, columns=["gene", "chromosome", "position", "first", "last"])
    if len(table) and (table["gene"] == "").all():
        kind = "a GFF3" if any("ID=" in line for line in lines[:1000]) else "without gene_id and gene_name"
        raise job.UserError(f"{path}: no gene has a name (the file is {kind}); {WANTED}")
    place = table.groupby(["gene", "chromosome"])
    length = place["last"].transform("max") - place["first"].transform("min") + 1
    return table.assign(length=length.astype(float))[table["gene"] != ""][STARTS]


def of_table(lines: list[str], path: str | Path) -> pd.DataFrame:
    """Return :data:`STARTS` from a table of promoters; raise :class:`job.UserError` if a column or number is
    missing.
    """
    header = [names.clean(field).lower() for field in lines[0].split("\t")] if lines else []
    at = {name: next((header.index(key) for key in keys if key in header), -1) for name, keys in COLUMNS.items()}
    at["position"] = header.index("start") if "start" in header else -1
    if lost := [name for name, number in at.items() if number < 0]:
        raise job.UserError(f"{path}: no column {lost[0].replace('position', 'start')} in its header; {WANTED}")
    length_at = header.index("length") if "length" in header else None
    rows = []
    for number, line in enumerate(lines[1:], 2):
        fields = [names.clean(field) for field in line.split("\t")]
        if not line.strip():
            continue
        try:
            gene, contig, position = fields[at["gene"]], fields[at["chromosome"]], int(fields[at["position"]])
            length = float(fields[length_at]) if length_at is not None else np.nan
        except (IndexError, ValueError) as error:
            raise job.UserError(f"{path}, line {number}: no gene with a position ({error}); {WANTED}") from error
        rows.append((gene, bare_contig(contig), position, length))
    table = pd.DataFrame(rows, columns=STARTS)
    return table[table["gene"] != ""]


def list_genes(starts: pd.DataFrame) -> pd.DataFrame:
    """Return the genes (:data:`GENES`) in the order of the genome: chromosome and position of their first start."""
    groups = starts.sort_values(["chromosome", "position"], kind="stable").groupby("gene", sort=False)
    table = groups.agg(
        chromosome=("chromosome", "first"), position=("position", "first"), length=("length", "max"),
        n_starts=("position", "size"),
    )  # fmt: skip
    return table.sort_values(["chromosome", "position"], kind="stable").reset_index()[GENES]


def distances(starts: pd.DataFrame, peaks: pd.DataFrame) -> np.ndarray:
    """Return the distance (bp) from each start to the nearest peak; 0 within a peak, infinite without a peak."""
    union, found = merge(peaks), np.full(len(starts), np.inf)
    for chromosome, rows in starts.groupby("chromosome").indices.items():
        if chromosome not in union:
            continue
        first, end = union[chromosome]
        position = starts["position"].to_numpy()[rows]
        left = np.searchsorted(first, position, "right") - 1
        behind = np.where(left >= 0, np.maximum(position - (end[np.maximum(left, 0)] - 1), 0), np.inf)
        right = np.minimum(left + 1, len(first) - 1)
        ahead = np.where(left + 1 < len(first), first[right] - position, np.inf)
        found[rows] = np.minimum(behind, ahead)
    return found


def distance_by_gene(starts: pd.DataFrame, peaks: pd.DataFrame) -> pd.Series:
    """Return, by gene, the distance (bp) between the nearest peak and any of its starts."""
    return pd.Series(distances(starts, peaks), index=starts["gene"]).groupby(level=0).min()


def peak_distances(peaks: pd.DataFrame, starts: pd.DataFrame) -> np.ndarray:
    """Return the distance (bp) from each peak to the nearest start, 0 if it covers one."""
    found = np.full(len(peaks), np.inf)
    places = {name: np.sort(own["position"].to_numpy()) for name, own in starts.groupby("chromosome")}
    for chromosome, rows in peaks.groupby("chromosome").indices.items():
        if chromosome not in places:
            continue
        position, own = places[chromosome], peaks.iloc[rows]
        start, last = own["start"].to_numpy(), own["end"].to_numpy() - 1
        at = np.searchsorted(position, start, "left")
        ahead = np.where(at < len(position), np.maximum(position[np.minimum(at, len(position) - 1)] - last, 0), np.inf)
        behind = np.where(at > 0, start - position[np.maximum(at - 1, 0)], np.inf)
        found[rows] = np.minimum(ahead, behind)
    return found


def check_genome(peaks: pd.DataFrame, starts: pd.DataFrame, window: int, path: str | Path) -> dict[str, float]:
    """Return the location of peaks relative to genes; raise :class:`job.UserError` if they are of another genome.

    Parameters
    ----------
    peaks, starts
        Peaks of one file; transcription starts.
    window
        Distance (bp) to a start within which a peak lies at a promoter.

    Returns
    -------
    dict
        ``unplaced``: share of peaks on contigs without a gene. ``promoter``: share of the other peaks at a promoter.
        ``shifted``: the latter share of the peaks moved by :data:`SHIFT`, mean over both directions.

    Raises
    ------
    job.UserError
        If no contig has a gene, if more than :data:`MOST_BEYOND` of the peaks lie beyond the ends of chromosomes, or if
        no peak lies at a promoter and ten are expected by chance.
    """
    ends = starts.groupby("chromosome")["position"].max()
    known = peaks["chromosome"].isin(ends.index).to_numpy()
    remedy = "give peaks of the annotation's own genome and release, or lift them over"
    if not known.any():
        here, there = ", ".join(sorted(set(peaks["chromosome"]))[:3]), ", ".join(ends.index[:3])
        raise job.UserError(f"{path}: on no chromosome of the annotation ({here} …; annotation: {there} …); {remedy}")
    placed = peaks[known]
    beyond = (placed["start"].to_numpy() > placed["chromosome"].map(ends).to_numpy() + BEYOND).mean()
    if beyond > MOST_BEYOND:
        raise job.UserError(
            f"{path}: {beyond:.0%} of its peaks lie more than {BEYOND:,} bp beyond the last gene of their chromosome; "
            f"{remedy}"
        )
    at_promoter = float((peak_distances(placed, starts) <= window).mean())
    moved = [placed.assign(start=placed["start"] + by, end=placed["end"] + by) for by in (-SHIFT, SHIFT)]
    shifted = float(np.mean([(peak_distances(own, starts) <= window).mean() for own in moved]))
    if at_promoter == 0 and shifted * len(placed) >= 10:
        raise job.UserError(f"{path}: none of {len(placed)} peaks lies at a promoter; {remedy}")
    return {"unplaced": float(1 - known.mean()), "promoter": at_promoter, "shifted": shifted}
