"""Make a section of the page from the results of stages: figures, tables and their words.

``resources/words/<section>.yaml`` says what it shows: ``section`` (title, lead, and under ``absent`` why there may be
nothing), and ``blocks``, in the order of reading. A block is a key of ``figures``, ``tables`` or ``texts`` of the
same file; ``stage/key`` is one of another stage's file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from scripts.figure import words
from scripts.figure.figure import from_columnar
from scripts.report.page import Drawn, Section, Table
from scripts.report.source import Source
from scripts.report.text import bullets, paragraph, warning

Block = Drawn | Table | Markup


def made_by(source: Source, stage: str, name: str) -> dict[str, Any] | None:
    """Return what a stage wrote about one of its figures, tables or texts; None if it has none of that name."""
    folder = f"{stage}/figures"
    path = source.root / folder / f"{name}.json"
    return json.loads(path.read_text()) if source.has(folder) and path.exists() else None


def bind_figure(source: Source, stage: str, name: str, made: Mapping[str, Any], places: Mapping[str, Any]) -> Drawn:
    """Return a figure with its words."""
    sentences = words.read(stage)["figures"][name].get("notes", {})
    notes = [words.fill(sentences[key], {**places, **values}).strip() for key, values in made["notes"].items()]
    return Drawn(
        name=name,
        **words.of_figure(stage, name, places),
        note=" ".join(notes),
        drawn=made,
        folder=source.root / stage / "figures",
    )


def bind_text(stage: str, name: str, made: Mapping[str, Any], places: Mapping[str, Any]) -> Markup:
    """Return sentences with their numbers."""
    found = words.read(stage)["texts"][name]
    sentences = {"": found} if isinstance(found, str) else found
    said = [words.fill(sentences[key], {**places, **values}).strip() for key, values in made["parts"]]
    if made["as"] == "bullets":
        return bullets(said)
    return {"paragraph": paragraph, "warning": warning}[made["as"]](" ".join(said))


def read_file(source: Source, pattern: str) -> pd.DataFrame | None:
    """Return a table, or all that fit a pattern with names in braces, one below the other; None if there are none."""
    if "{" not in pattern:
        return source.table(pattern)
    fits = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(pattern)))
    parts = []
    for path in sorted(source.files):
        if found := fits.fullmatch(path):
            table = source.table(path)
            new = {key: value for key, value in found.groupdict().items() if key not in table}
            parts.append(table.assign(**new)[[*new, *table.columns]])
    return pd.concat(parts, ignore_index=True) if parts else None


def bind_table(
    source: Source, stage: str, name: str, made: Mapping[str, Any] | None, places: Mapping[str, Any]
) -> Table | None:
    """Return a table with its words; None if the study has none, or one without rows.

    Its rows are those of ``file``, or what the stage's figures made of them (kind ``table``).
    """
    entry = words.read(stage)["tables"][name]
    if made is None and "file" not in entry:
        return None
    if made is None:
        frame, path = read_file(source, entry["file"]), entry["file"]
    elif made["kind"] == "table":
        frame, path = from_columnar(made["data"]), made["source"]
        # A column of numbers without any has no type in JSON.
        frame = frame.astype({column: float for column in made["numeric"] if frame[column].dtype == object})
    else:
        return None
    if frame is None or not len(frame):
        return None
    if entry.get("columns"):
        frame = frame[[column for column in entry["columns"] if column in frame]]
    if entry.get("drop_empty"):
        frame = frame[[column for column in frame if frame[column].notna().any()]]
    return Table(
        name=name,
        title=words.fill(entry["title"], places),
        caption=words.fill(entry["caption"], places),
        frame=frame,
        source=re.sub(r"\{(\w+)\}", r"<\1>", path),
        shown=tuple(entry.get("shown", ())),
        meaning=source.meanings(re.sub(r"\{\w+\}", "x", path)),
        limit=entry.get("limit", 500),
    )


def bind_block(source: Source, stage: str, name: str, places: Mapping[str, Any]) -> Block | tuple[str, dict] | None:
    """Return a block; the reason (key, values) if the stage gives one for its absence; None if it does not exist."""
    made = made_by(source, stage, name)
    if made is not None and made["kind"] == "absent":
        return made["reason"], made["values"]
    of_stage = words.read(stage)
    if name in of_stage.get("figures", {}):
        return None if made is None else bind_figure(source, stage, name, made, places)
    if name in of_stage.get("tables", {}):
        return bind_table(source, stage, name, made, places)
    if name in of_stage.get("texts", {}):
        return None if made is None else bind_text(stage, name, made, places)
    raise KeyError(f"{name}: resources/words/{stage}.yaml has no figure, table or text of this name")


def reason_of(stage: str, name: str, reason: str, values: Mapping, places: Mapping) -> Markup | None:
    """Return the sentence in the place of a figure, table or text, if its words have one for this reason."""
    of_stage = words.read(stage)
    entries = [of_stage.get(kind, {}).get(name) for kind in ("figures", "tables", "texts")]
    for entry in entries:
        if isinstance(entry, dict) and reason in entry.get("absent", {}):
            return paragraph(words.fill(entry["absent"][reason], {**places, **values}).strip())
    return None


def build(source: Source, stage: str) -> Section:
    """Return the section of a stage: its blocks, or why there are none.

    The reason is ``not_run`` if no stage of its blocks was run in this study; else the first that a figure gave and
    that ``absent`` of the section knows; else ``none_found``.
    """
    found = words.read(stage)
    places = words.terms(source.config, cells=bool(len(source.libraries)))
    blocks, reasons, stages = [], [], {stage}
    for block in found["blocks"]:
        owner, _, name = block.rpartition("/")
        owner = owner or stage
        stages.add(owner)
        made = bind_block(source, owner, name, places)
        if isinstance(made, tuple):
            reasons.append(made)
            made = reason_of(owner, name, *made, places)
        if made is not None:
            blocks.append(made)
    section, absent = found["section"], ""
    if not any(isinstance(block, Drawn | Table) for block in blocks):
        known = section.get("absent", {})
        run = any(source.has(f"{name}/figures") for name in stages)
        reason, values = next((pair for pair in reasons if pair[0] in known), ("none_found" if run else "not_run", {}))
        absent = words.fill(known[reason], {**places, **values}).strip() if reason in known else ""
        blocks = [] if absent else blocks
    return Section(stage, section["title"], words.fill(section["lead"], places).strip(), tuple(blocks), absent)
