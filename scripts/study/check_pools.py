"""Checks of pools: several samples of one library, each with its own tag, and a table that assigns their cells."""

from __future__ import annotations

from scripts.study.config import at as at_key
from scripts.study.design import Design, Problems
from scripts.study.schema import suggest

LIBRARY_KEYS = ("expected_cells", "empty_drops")
"""Settings of ``cells`` that are of a whole library: a pool's droplets are called before they are its samples'."""
SHARED = ("matrix", "barcodes", "species", "introns", "expected_cells")
"""Columns that are the same for all samples of a pool."""
MIN_SAMPLES = 2


def check_pools(design: Design) -> Problems:
    """Pools have several samples of single cells, each with its tag, of one library."""
    rows = design.samples
    names = set(rows["sample"])
    for row in rows.itertuples():
        pool, tag = design.sample(row.Index, "pool"), design.sample(row.Index, "tag")
        if row.tag and not row.pool:
            yield pool, f"is empty, but the sample has the tag {row.tag!r}; name its pool, or empty the tag"
        elif row.pool and row.assay != "scrna":
            yield pool, f"{row.pool!r} is for assay scrna only; empty the cell or correct the assay"
        elif row.pool and not row.tag:
            yield tag, f"is empty, but the sample is in the pool {row.pool!r}; give its label there"
        elif row.pool in names and row.pool:
            yield pool, f"{row.pool!r} is the name of a sample too; give the pool another"
    for pool, own in rows[(rows["pool"] != "") & (rows["assay"] == "scrna")].groupby("pool", sort=False):
        if len(own) < MIN_SAMPLES:
            message = f"{pool!r} has this one sample; add the others of the pool, or empty pool and tag"
            yield design.sample(own.index[0], "pool"), message
        first = own.iloc[0]
        seen: dict[str, int] = {}
        for row in own.itertuples():
            if row.tag and row.tag in seen:
                message = f"{row.tag!r} is already the tag of row {seen[row.tag]} in {pool!r}; give each sample its own"
                yield design.sample(row.Index, "tag"), message
            seen.setdefault(row.tag, row.Index)
            for column in SHARED:
                if getattr(row, column) != first[column]:
                    message = f"{getattr(row, column)!r} is not what row {own.index[0]} of the pool {pool!r} has"
                    remedy = "a pool is one library: give all its samples the same"
                    yield design.sample(row.Index, column), f"{message} ({first[column]!r}); {remedy}"


def check_settings_of_pools(design: Design) -> Problems:
    """Each pool has what distinguishes its samples, and settings of a library are given for the pool."""
    rows = design.samples[design.samples["pool"] != ""]
    given, pools = design.config["cells"]["pools"], list(dict.fromkeys(rows["pool"]))
    for pool, settings in given.items():
        place = at_key("cells", "pools", pool)
        if pool not in pools:
            hint = suggest(pool, pools) or "; correct or remove it"
            yield place, f"no sample of {design.config['samples']} is in a pool of this name{hint}"
        elif len(settings) != 1:
            said = "assignments (a table of barcodes and tags), hashtags (counts of tags) and hashtag_reads (FASTQ)"
            yield place, f"needs one of {said}"
        elif (reads := settings.get("hashtag_reads")) and len(reads["fq1"]) != len(reads["fq2"]):
            message = (
                f"names {len(reads['fq2'])} files, fq1 {len(reads['fq1'])}; give both mates of each lane, in order"
            )
            yield at_key("cells", "pools", pool, "hashtag_reads", "fq2"), message
    for pool, own in rows.groupby("pool", sort=False):
        if pool not in given and not own["matrix"].iloc[0]:
            remedy = "give its assignments, hashtags or hashtag_reads"
            message = f"is missing, but reads of {pool!r} don't distinguish its samples; {remedy}"
            yield at_key("cells", "pools", pool), message
    for row in rows.itertuples():
        for key in LIBRARY_KEYS:
            if key in (design.config["cells"]["overrides"].get(row.sample) or {}):
                message = f"is a setting of the whole library; give it for the pool {row.pool!r}"
                yield at_key("cells", "overrides", row.sample, key), message
