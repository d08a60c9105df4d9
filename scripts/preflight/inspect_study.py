"""Checks before long jobs run: the start of every file, gene names shared by annotation and databases, disk space, and
the questions that the design can answer.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from scripts.activity.design import design_table
from scripts.base import job
from scripts.base.files import is_gzip, open_bytes, sha256_of
from scripts.base.names import check_kind
from scripts.cells.fates import TWO, UNASSIGNED
from scripts.cells.tags import check_tags, read_assignments, read_sequences
from scripts.counts.matrices import TEXT_SUFFIXES
from scripts.preflight.estimate import reference_sizes
from scripts.preflight.findings import Finding, look
from scripts.preflight.gene_names import compare_list, compare_names
from scripts.preflight.user_tables import describe_annotation, read_scores
from scripts.reads.check_reads import check_pair
from scripts.study.carried import days
from scripts.study.config import at, list_files
from scripts.study.files import genome_files, missing_entry
from scripts.study.resources import bytes_of
from scripts.study.study import Study

FIRST_READS = 1_000
"""Reads of a lane that are examined: its beginning, read in under a second."""
HDF5 = b"\x89HDF\r\n\x1a\n"
READS, TEMPORARY, CHUNKS, LIBRARY = 0.1, 2.5, 1.5, 0.3e9
"""Disk by what is given. What stays of reads, and what counting them holds for a while: bytes per compressed byte of
FASTQ. What STAR sorts in chunks while it makes its index: bytes per byte of index (measured: 1.4). Everything else of a
library: bytes.
"""


def gigabytes(size: float) -> str:
    """Return a size with its unit (kB, MB or GB)."""
    unit, name = (1e9, "GB") if size >= 1e8 else (1e6, "MB") if size >= 1e5 else (1e3, "kB")
    return f"{size / unit:.1f} {name}"


def look_at_lanes(study: Study) -> Iterator[Finding]:
    """Check the first reads of every lane: FASTQ, complete gzip blocks, matching mates."""
    for lane in study.units.itertuples():

        def question(lane=lane) -> str:
            seen = check_pair(lane.fq1, lane.fq2, most=FIRST_READS)
            lengths = [seen[f"read{mate}_length"]["mode"] for mate in (1, 2)]
            size = gigabytes(bytes_of(lane.fq1) + bytes_of(lane.fq2))
            return f"{lengths[0]} + {lengths[1]} bp, {size}"

        yield look("reads", f"{lane.sample} {lane.unit}", question, "broken")


def look_at_matrices(study: Study) -> Iterator[Finding]:
    """Check the first bytes of every matrix, of libraries and of profiles."""
    given = study.all_samples.loc[study.all_samples["matrix"] != ""]
    for path, rows in given.groupby("matrix", sort=False):

        def question(path=path) -> str:
            begin(path)
            return gigabytes(bytes_of(path))

        subject = rows.index[0] if len(rows) == 1 else f"{len(rows)} samples from {rows.index[0]} on"
        yield look("matrices", subject, question, "broken")


def begin(path: str) -> bytes:
    """Return the first bytes of a file. Raises :class:`job.UserError` if its content does not match its name."""
    place = Path(path)
    if place.is_dir():
        if not any(place.iterdir()):
            raise job.UserError(f"{path}: the folder is empty; correct the path or fetch it again")
        return b""
    try:
        if place.stat().st_size == 0:
            raise job.UserError(f"{path}: the file is empty; fetch it again")
        if place.suffix == ".gz" and not is_gzip(place):
            raise job.UserError(f"{path}: not gzip although it is named .gz; compress it, or rename it")
        with open_bytes(place) as handle:
            first = handle.read(1 << 16)
    except (OSError, EOFError, zlib.error) as error:
        raise job.UserError(
            f"{path}: can't be read ({error}); correct the path, its permissions, or the file"
        ) from error
    kinds = {suffix.lower() for suffix in place.suffixes}
    if kinds & TEXT_SUFFIXES:
        check_kind(path, first[:64], "a text table")
    if place.suffix in (".h5", ".hdf5", ".h5ad") and not first.startswith(HDF5):
        raise job.UserError(f"{path}: not an HDF5 file although it is named {place.suffix}; fetch it again")
    return first


def look_at_genomes(study: Study) -> Iterator[Finding]:
    """Check the first bytes of FASTA and GTF."""
    for place, path in genome_files(study.config["references"]):

        def question(place=place, path=path) -> str:
            lines = [line for line in begin(path).split(b"\n") if line and not line.startswith(b"#")]
            if place.endswith("fasta") and not (lines and lines[0].startswith(b">")):
                raise job.UserError(f"{path}: doesn't begin with '>', so it is not a FASTA; correct {place}")
            if place.endswith("gtf") and (not lines or lines[0].count(b"\t") != 8):
                raise job.UserError(f"{path}: its first line does not have the nine columns of a GTF; correct {place}")
            return gigabytes(bytes_of(path))

        yield look("genomes", place.removeprefix("config, "), question)


def look_at_databases(study: Study) -> Iterator[Finding]:
    """Check databases, motif table and factors: SHA-256, and agreement with each other, annotation and thresholds."""
    regulons = study.config["regulons"]
    entries = [(at("regulons", "databases", i), entry) for i, entry in enumerate(regulons["databases"])]
    entries += [(at("regulons", key), regulons[key]) for key in ("motif_annotations", "tfs") if regulons[key]]
    here = True
    for place, entry in entries:
        subject = place.removeprefix("config, ")
        if not entry.get("path"):
            here = False
            yield Finding("databases", subject, "note", f"will be fetched from {entry['url']}")
            continue

        def question(place=place, entry=entry) -> str:
            if missing := missing_entry(study.config, entry):
                raise job.UserError(missing)
            begin(entry["path"])
            given = (entry.get("sha256") or "").strip().lower()
            if given and (found := sha256_of(entry["path"])) != given:
                raise job.UserError(f"{entry['path']}: SHA-256 is {found}, {place} says {given}; fetch it again")
            return f"{gigabytes(bytes_of(entry['path']))}, SHA-256 {'as given' if given else 'not given'}"

        finding = look("databases", subject, question)
        here &= finding.verdict == "ok"
        yield finding
    if not entries and study.groups:
        message = (
            "none are given: `snakemake expression` is the last target that can be made. Regulons and switches need "
            "databases, and a run of all targets is refused without them"
        )
        yield Finding("databases", "regulons", "note", message)
    if entries and here:
        yield look("databases", "together", lambda: compare_names(study))


def look_at_gene_lists(study: Study) -> Iterator[Finding]:
    """Check that networks, gene sets and signatures are readable and share gene names with databases and annotation."""
    files = list_files(study.config)
    wanted = (("activity",), ("expression",), ("published", "signatures"))
    entries = [(place, entry) for place, entry in files if any(place[: len(own)] == own for own in wanted)]
    for place, entry in entries:
        if entry.get("path"):
            yield look(
                "gene lists", at(*place).removeprefix("config, "), lambda entry=entry: compare_list(study, entry)
            )
    tables = [(place, entry) for place, entry in files if place[:2] == ("published", "regulators")]
    tables += [(place, entry) for place, entry in files if place[0] == "perturbations"]
    for place, entry in tables:
        if entry.get("path"):
            yield look(
                "gene lists", at(*place).removeprefix("config, "), lambda place=place: read_scores(study.config, place)
            )


def look_at_annotation(study: Study) -> Iterator[Finding]:
    """Check that the labels of cells are readable, and that samples of the study have some."""
    for path in dict.fromkeys(study.annotations):
        yield look("annotation", path, lambda path=path: describe_annotation(path, study.all_libraries))


def estimate_disk(study: Study) -> tuple[float, float]:
    """Return the size of the results, and of temporary files while the index is made or the largest library counted, in
    bytes.
    """
    genomes, index = reference_sizes(study)
    lanes = {sample: study.fastqs(sample) for sample in study.all_sequenced}
    reads = {sample: sum(bytes_of(path) for mates in own for path in mates) for sample, own in lanes.items()}
    stays = genomes + index + READS * sum(reads.values()) + LIBRARY * len(study.all_libraries)
    chunks = CHUNKS * index if study.config["counts"]["aligner"] == "starsolo" else 0.0
    return stays, max(chunks, TEMPORARY * max(reads.values(), default=0))


def taken_by(results: Path) -> int:
    """Return the current size of the results in bytes; links to files of the user have no size.

    Other jobs write and remove files at the same time; removed files are not counted.
    """
    total = 0
    for folder, _, names in os.walk(results):
        for name in names:
            with contextlib.suppress(OSError):
                status = os.lstat(os.path.join(folder, name))
                total += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return total


def look_at_disk(study: Study, results: Path, at_once: int = 1) -> tuple[Finding, str]:
    """Check that the results' disk has enough space. Free space is reported separately, since it differs each time.

    ``at_once``: libraries that may be counted at the same time. It is reported only if space is insufficient for them,
    since the findings of a valid study must not depend on the machine.
    """
    stays, passing = estimate_disk(study)
    need = f"about {gigabytes(stays)} of results"
    if passing:
        need += f", and {gigabytes(passing)} for each library while it is counted"
    free = shutil.disk_usage(results).free
    if free + taken_by(results) < stays + passing * at_once:
        together = f" ({at_once} at once)" if at_once > 1 and passing else ""
        remedy = "free space, or move the results (pathvars: results)"
        message = f"{need}{together}, but {gigabytes(free)} are free; {remedy}"
        return Finding("disk", "results", "note", message), ""
    return Finding("disk", "results", "ok", need), f"{gigabytes(free)} are free"


def look_at_thresholds(study: Study) -> Iterator[Finding]:
    """Check the thresholds against the numbers of seeds and models."""
    regulons, seeds = study.config["regulons"], len(study.config["regulons"]["seeds"])
    if not study.groups:
        return
    needed = {"seeds": (regulons["min_seeds"], seeds), "models": (regulons["min_groups"], len(study.models))}
    message = "an edge needs " + " and ".join(f"{least} of {number} {what}" for what, (least, number) in needed.items())
    lenient = [what for what, (least, number) in needed.items() if least == 1 < number]
    remark = f": one of the {' and of the '.join(lenient)} is sufficient" if lenient else ""
    yield Finding("thresholds", "consensus", "note" if lenient else "ok", message + remark)


def look_at_pools(study: Study) -> Iterator[Finding]:
    """Check that each pool's table has the tags of its samples; counts in a matrix are read with the matrix."""
    for pool, tags in study.pools.items():
        settings = study.pool_settings(pool)

        def question(pool=pool, tags=tags, settings=settings) -> str:
            if path := settings["assignments"]:
                labels = read_assignments(path)
                lost = labels.isin([UNASSIGNED, TWO])
                check_tags(path, tags, labels[~lost])
                return f"{len(tags)} samples; of {len(labels)} barcodes {int(lost.sum())} have no tag or two"
            if reads := study.tag_reads(pool):
                found = read_sequences(reads["sequences"][0], tags)
                for path in [*reads["fq1"], *reads["fq2"]]:
                    begin(path)
                return f"{len(tags)} samples, by reads of {len(found)} tags"
            path = settings["hashtags"] or study.library_row(pool)["matrix"]
            begin(path)
            return f"{len(tags)} samples, by counts of their tags in {path}"

        yield look("pools", pool, question, "broken")


def look_at_composition(study: Study) -> Iterator[Finding]:
    """Check how tumour cells are distinguished from normal cells without a host."""
    told = []
    for sample in study.all_libraries:
        settings = study.cells_config(sample)
        if settings["composition"] == "tumour" or (
            settings["composition"] == "auto" and not study.references.get("host")
        ):
            told.append("annotation" if settings["annotation"] else "markers")
    if n := told.count("markers"):
        message = (
            f"{n} librar{'y holds' if n == 1 else 'ies hold'} cells of one species: normal cells are identified by "
            "lineage markers and copy numbers; for a cell line, set cells.composition: pure"
        )
        yield Finding("composition", "tumour cells", "note", message)
    elif told:
        yield Finding("composition", "tumour cells", "ok", "normal cells are those of cells.annotation")


def design_of(study: Study) -> pd.DataFrame:
    """Return the questions that contrasts can answer if no sample fails: one row per contrast and arm, with the number
    of models that have single cells (``n_single_cell``).
    """
    groups = {sample: group for group in study.groups for sample in study.samples_of_group(group)}
    fdr, contrast = study.config["statistics"]["fdr"], study.config["contrast"]
    table = design_table(study.samples, contrast, groups, fdr, days=days(study.samples))
    return table.assign(n_single_cell=[len(set(names.split(",")) & set(study.models)) for names in table["models"]])


def inspect(study: Study) -> list[Finding]:
    """Return all findings except those on disk space and design."""
    found = [*look_at_lanes(study), *look_at_matrices(study), *look_at_pools(study)]
    if study.all_sequenced:
        found += look_at_genomes(study)
    found += [
        *look_at_composition(study),
        *look_at_databases(study),
        *look_at_gene_lists(study),
        *look_at_annotation(study),
    ]
    return [*found, *look_at_thresholds(study)]
