"""Which of the files that config and sheets name are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from scripts.study.config import at as at_key
from scripts.study.config import list_files
from scripts.study.design import Design
from scripts.study.study import Study


def missing_files(study: Study, design: Design) -> list[str]:
    """Return one line that names the first file that doesn't exist and how many don't, or nothing.

    Databases are not checked here: only the stage regulons needs them (:func:`missing_entry`).
    """
    lanes = design.units.itertuples()
    places = [(design.lane(row.Index, column), getattr(row, column)) for row in lanes for column in ("fq1", "fq2")]
    places += [(design.sample(row.Index, "matrix"), row.matrix) for row in design.samples.itertuples() if row.matrix]
    for sample in study.all_libraries:
        if path := study.cells_config(sample)["annotation"]:
            places.append((at_key("cells", "annotation"), path))
    for pool in study.pools:
        told = study.pool_settings(pool).items()
        places += [(at_key("cells", "pools", pool, key), path) for key, path in told if path]
        for key, paths in study.tag_reads(pool).items():
            places += [(at_key("cells", "pools", pool, "hashtag_reads", key), path) for path in paths]
    if study.all_sequenced:
        places += list(genome_files(study.config["references"]))
    places += list(peak_files(study.config["chromatin"]))
    there, barred = {}, {}
    for path in dict.fromkeys(path for _, path in places):
        try:
            # Whether a file is in its store, Snakemake asks itself.
            there[path] = path in study.stored or Path(path).exists()
        except OSError as error:  # a folder on the way that this user may not enter
            there[path], barred[path] = False, error.strerror
    lost = [(place, path) for place, path in places if not there[path]]
    if not lost:
        return []
    number = sum(not found for found in there.values())
    more = f"; {number} files are missing, next {' and '.join(place for place, _ in lost[1:3])}" if number > 1 else ""
    place, path = lost[0]
    if path in barred:
        return [f"{place}: {path!r} can't be reached ({barred[path]}); change its permissions{more}"]
    remedy = f"correct the path, which starts from {str(Path.cwd())!r}, or copy the file there"
    return [f"{place}: there is no {path!r}; {remedy}{more}"]


def remote_files(study: Study, design: Design) -> list[str]:
    """Return one line that names the first file whose address has another scheme than s3, or nothing."""
    sheets = [(design.lane, design.units, ("fq1", "fq2")), (design.sample, design.samples, ("matrix",))]
    places = [
        (place(row.Index, column), getattr(row, column))
        for place, sheet, columns in sheets
        for row in sheet.itertuples()
        for column in columns
    ]
    places += [(at_key(*place, "path"), entry.get("path") or "") for place, entry in list_files(study.config)]
    places += list(genome_files(study.config["references"])) if study.config["references"] else []
    remote = [(place, path) for place, path in places if "://" in str(path)]
    if not remote:
        return []
    place, path = remote[0]
    more = f"; so are {len(remote) - 1} more" if len(remote) > 1 else ""
    return [
        f"{place}: {path!r} is an address, and the workflow fetches those of s3:// alone; fetch the file first "
        f"(from another store with its own client or rclone) and give its path{more}"
    ]


def missing_entry(config: dict, entry: dict) -> str:
    """Return one line about a file of the config that isn't where its path says, or nothing."""
    path = entry["path"]
    if Path(path).exists():
        return ""
    place = next((place for place, other in list_files(config) if other == entry), ())
    remedy = f"correct the path, which starts from {str(Path.cwd())!r}, or copy the file there"
    return f"{at_key(*place, 'path')}: there is no {path!r}; {remedy}"


def peak_files(chromatin: dict) -> Iterator[tuple[str, str]]:
    """Yield the key and path of every file of peaks, of their counts and of promoters."""
    for number, entry in enumerate(chromatin["peaks"]):
        for key in ("peaks", "counts"):
            if entry.get(key):
                yield at_key("chromatin", "peaks", number, key), entry[key]
    if chromatin["peaks"] and chromatin["promoters"]:
        yield at_key("chromatin", "promoters"), chromatin["promoters"]


def genome_files(references: dict) -> Iterator[tuple[str, str]]:
    """Yield the key and path of every genome file that is used."""
    parts = ["joined"] if references.get("joined") else [name for name in ("graft", "host") if references.get(name)]
    for name in parts:
        for part in ("fasta", "gtf"):
            if references[name].get(part):
                yield at_key("references", name, part), references[name][part]
