"""Draw the figures of a stage: read the tables that each names, call its function, write the folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from scripts.base import job
from scripts.base.tables import read_labelled
from scripts.figure import export
from scripts.figure.figure import Absent, Figure, Table, Text
from scripts.figure.style import Style

TEXT = dict.fromkeys(
    ("cluster_from", "cluster_to", "timepoint_from", "timepoint_to", "nearest", "phase", "label", "note", "left_out",
     "models", "subject", "other", "members", "collection", "gene_set"),
    str,
)  # fmt: skip
"""Columns read as text in addition to labels, even if they look like numbers; empty cells are missing (NaN)."""
Entry = tuple[Callable[..., Figure | Table | Text | Absent | None], str | list[str]]
"""A figure's function, and the tables that it is called with, in this order: see :func:`load`."""


def read_table(path: Path) -> pd.DataFrame:
    """Return a TSV table with labels as text (an empty label is an empty text), or a Parquet table."""
    return pd.read_parquet(path) if path.suffix == ".parquet" else read_labelled(path, dtype=TEXT)


def load(name: str, given: Mapping[str, Path]) -> pd.DataFrame | None:
    """Return a table, or None if the study has no such result.

    Parameters
    ----------
    name
        Path of a table relative to the results (``cells/attrition.tsv``). With names in braces
        (``counts/{sample}.saturation.tsv``) all tables that fit, one below the other in the order of the job's inputs;
        a name that is no column of theirs becomes one. A leading ``?`` means that the figure can do without: its
        function is then given None.
    given
        Path relative to the results → path of the job's inputs.
    """
    name = name.removeprefix("?")
    if "{" not in name:
        return read_table(given[name]) if name in given else None
    pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(name)))
    parts = []
    for path, place in given.items():
        if found := pattern.fullmatch(path):
            table = read_table(place)
            new = {key: value for key, value in found.groupdict().items() if key not in table}
            parts.append(table.assign(**new)[[*new, *table.columns]])
    # Tables without rows have no types, and would make text of the others' numbers.
    return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True) if parts else None


def draw(entry: Entry, given: Mapping[str, Path], style: Style) -> Figure | Table | Text | Absent:
    """Return what an entry of a stage's ``FIGURES`` shows, or why it shows nothing."""
    function, names = entry
    names = [names] if isinstance(names, str) else names
    tables = []
    for name in names:
        tables.append(load(name, given))
        if tables[-1] is None and not name.startswith("?"):
            return Absent("no_table", {"table": name})
    return function(*tables, style) or Absent("nothing")


def draw_all(
    figures: Mapping[str, Entry], given: Mapping[str, Path], style: Style, words: Mapping[str, Any], folder: Path
) -> None:
    """Write all figures of a stage; for a figure that is not drawn, ``<name>.json`` gives the reason.

    ``words``: figure → title and alt, see :func:`scripts.figure.words.for_rule`.
    """
    for name, entry in figures.items():
        made = draw(entry, given, style)
        if isinstance(made, Absent):
            job.log.info("%s isn't drawn: %s %s", name, made.reason, dict(made.values) or "")
            content = {"kind": "absent", "reason": made.reason, "values": dict(made.values)}
            export.write_json(folder / f"{name}.json", content)
        elif isinstance(made, Text):
            parts = [[key, dict(values)] for key, values in made.parts]
            export.write_json(folder / f"{name}.json", {"kind": "text", "as": made.kind, "parts": parts})
        elif isinstance(made, Table):
            export.save_table(name, made, folder)
        else:
            if name not in words:
                raise KeyError(f"{name}: no words of this figure in resources/words")
            said = words[name]
            tables = [path.removeprefix("?") for path in ([entry[1]] if isinstance(entry[1], str) else entry[1])]
            options = {"warning": said.get("warning", ""), "tables": tables}
            export.save(name, made, folder, title=said["title"], alt=said["alt"], **options)
            job.log.info("%s: %d panels. %s", name, len(made.panels), made.n)


def find_root(folder: Path, tables: list[Path]) -> Path:
    """Return the results folder that the tables lie in.

    It is the folder's grandparent; or, where a job run by hand (:mod:`scripts.base.mock`) writes elsewhere, the end of
    that path which all tables begin with: outputs keep the path that they have in the workflow.

    Raises
    ------
    ValueError
        If there is none.
    """
    parts = folder.parent.parent.parts
    for start in range(len(parts)):
        for root in (Path(*parts[start:]), Path("/", *parts[start:])):
            if all(table.is_relative_to(root) for table in tables):
                return root
    raise ValueError(f"{folder}: the tables of its figures lie in no folder that its path ends with")


def main(figures: Mapping[str, Entry], snakemake: Any) -> None:
    """Write the folder of a stage's figures.

    The job has ``input.tables``; ``params.figures`` (:func:`scripts.figure.rule.params_of`) and perhaps
    ``params.settings``; and the folder ``<results>/<stage>/figures`` as its output.
    """
    alt.data_transformers.disable_max_rows()
    folder = Path(str(snakemake.output[0]))
    tables = [Path(path) for path in snakemake.input.tables]
    root = find_root(job.place_of(folder), tables)
    given = {str(path.relative_to(root)): path for path in tables}
    style = Style(**snakemake.params.figures["style"], settings=snakemake.params.get("settings", {}))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    draw_all(figures, given, style, snakemake.params.figures["words"], folder)
