"""Contents of the user's own tables: published rankings, changes by perturbations, and labels of cells."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from scripts.base import job
from scripts.cells.annotation import read_samples
from scripts.perturbations.tables import read_p, read_table
from scripts.published.signatures import read_ranking
from scripts.study.files import missing_entry


def read_scores(config: dict, place: tuple) -> str:
    """Return how many factors a published ranking names, or how many genes a perturbation's table."""
    entry = reduce(lambda value, key: value[key], place, config)
    if missing := missing_entry(config, entry):
        raise job.UserError(missing)
    if place[0] == "published":
        return f"{len(read_ranking(entry['path']))} factors"
    given = config["perturbations"][place[1]]
    if given["p_column"]:
        read_p(entry["path"], given["p_column"], given["name"])
    return f"{len(read_table(entry['path'], given['column'], given['name'])):,} genes with a change"


def describe_annotation(path: str, samples: Sequence[str]) -> str:
    """Return how many cells have labels; raise :class:`job.UserError` if the table names a sample of no study."""
    found = read_samples(path)
    if unknown := sorted(found.keys() - {"", *samples}):
        raise job.UserError(f"{path}, column sample: {unknown[0]!r} is not a library of the study; correct it")
    return f"{sum(map(len, found.values())):,} labels of cells"
