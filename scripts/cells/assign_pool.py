"""Assign every cell of a pool to a sample, by a table of assignments or by counts of tags."""

import pandas as pd

from scripts.base import job
from scripts.cells import tags as tagged
from scripts.cells.call_tags import call_tags
from scripts.cells.fates import EMPTY, OTHER, SAMPLE, TWO, UNASSIGNED

POOL = ["pool", "fate", "sample", "tag", "barcodes", "share", "doublets_left"]
FEWEST = 0.5
"""Minimum share of the pool's cells in the file. Below it, the file is of another library or names barcodes
differently."""
MANY_LOST = 0.3
"""Share of cells without a sample at which a warning is logged."""


def match(cells: pd.Series, labels: pd.Series, path: str) -> pd.Series:
    """Return the label of each of ``cells`` (barcodes); ``unassigned`` if it isn't in the file.

    Barcodes are compared with and without the number of their GEM well; the comparison with more matches is used.
    Raises :class:`job.UserError` if the file contains fewer than :data:`FEWEST` of the cells.
    """
    found = cells.map(labels)
    bare = labels.set_axis([tagged.core(name) for name in labels.index])
    if not bare.index.has_duplicates:
        other = cells.map(tagged.core).map(bare)
        found = other if other.notna().sum() > found.notna().sum() else found
    known = int(found.notna().sum())
    if known < FEWEST * len(cells):
        some = f"{cells.iloc[0]!r} and {labels.index[0]!r}" if len(labels) else f"{cells.iloc[0]!r} and none"
        raise job.UserError(
            f"{path}: it has {known} of the pool's {len(cells)} cells (barcodes have the form of {some}); give the "
            "table of this library, with barcodes as in its counts"
        )
    return found.fillna(UNASSIGNED)


def assign(labels: pd.Series, tags: dict[str, str]) -> pd.DataFrame:
    """Return tag, sample and fate of each cell by its label; ``tags``: tag → sample."""
    known = labels.isin(list(tags))
    words = labels.where(labels.isin([UNASSIGNED, TWO]), OTHER)
    fate = words.mask(known, SAMPLE)
    tag = labels.where(fate.isin([SAMPLE, OTHER]), "")
    return pd.DataFrame({"tag": tag, "sample": labels.map(tags).fillna(""), "fate": fate})


def summarise(pool: str, cells: pd.DataFrame, n_empty: int, tags: dict[str, str]) -> pd.DataFrame:
    """Return one row (:data:`POOL`) per fate of the pool's barcodes and, of those with a sample, per sample.

    ``share``: of the cells. ``doublets_left``: expected doublets of two cells of the same sample, which tags can't
    detect. They are estimated from the n doublets of two samples: a sample with share p has n p² / (1 − Σp²) of them.
    """
    n = len(cells)
    two = int((cells["fate"] == TWO).sum())
    numbers = {sample: int((cells["sample"] == sample).sum()) for sample in tags.values()}
    total = sum(numbers.values())
    apart = 1 - sum((number / total) ** 2 for number in numbers.values()) if total else 0.0
    rows = [(pool, EMPTY, "", "", n_empty, float("nan"), float("nan"))]
    for fate in (UNASSIGNED, TWO, OTHER):
        number = int((cells["fate"] == fate).sum())
        rows.append((pool, fate, "", "", number, number / n if n else float("nan"), float("nan")))
    for tag, sample in tags.items():
        number = numbers[sample]
        left = two * (number / total) ** 2 / apart if apart > 0 else float("nan")
        rows.append((pool, SAMPLE, sample, tag, number, number / n if n else float("nan"), left))
    return pd.DataFrame(rows, columns=POOL)


def main(snakemake) -> None:
    """Read the pool's calls and its table; write tag, sample and fate of every cell, and their numbers."""
    path, given = str(snakemake.input.tags[0]), snakemake.params.pool
    pool, tags = snakemake.wildcards.sample, dict(given["tags"])
    calls = pd.read_parquet(snakemake.input.calls)
    cells = calls.loc[calls["cell_call"], "barcode"].astype(str).reset_index(drop=True)
    if not len(cells):
        raise job.UserError(f"pool {pool}: no barcode was called a cell; examine cells.expected_cells and the counts")
    try:
        if given["assigned"]:
            labels = tagged.read_assignments(path)
            tagged.check_tags(path, tags, labels[~labels.isin([UNASSIGNED, TWO])])
            found = match(cells, labels, path)
        else:
            counts = tagged.read_counts(path, tags)
            rows = match(cells, pd.Series(counts.index, index=counts.index), path)
            own = counts.reindex(rows).fillna(0).set_axis(cells.to_numpy(), axis=0)
            found = call_tags(own).reset_index(drop=True)
    except job.UserError as error:
        raise job.UserError(f"pool {pool}: {error}") from error
    table = assign(found, tags).assign(barcode=cells)
    table[["barcode", "tag", "sample", "fate"]].to_parquet(snakemake.output.cells, index=False)
    numbers = summarise(pool, table, int((~calls["cell_call"]).sum()), tags)
    numbers.to_csv(snakemake.output.pool, sep="\t", index=False, float_format="%.6g")
    lost = float((table["fate"] != SAMPLE).mean())
    for row in numbers[numbers["fate"] != EMPTY].itertuples():
        job.log.info("%s %s: %d cells", row.fate, row.sample, row.barcodes)
    if lost > MANY_LOST:
        job.log.warning("%.0f %% of the cells belong to no sample: see cells/%s.pool.tsv", 100 * lost, pool)
    for sample in numbers.loc[(numbers["fate"] == SAMPLE) & (numbers["barcodes"] == 0), "sample"]:
        job.log.warning("no cell of the pool belongs to sample %s: check its tag", sample)


if __name__ == "__main__":
    job.run(main, snakemake)
