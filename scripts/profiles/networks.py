"""Read networks, gene sets and published signatures in the forms they are shared in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from scripts.base import job
from scripts.base.files import bare_name
from scripts.profiles.genes import looks_spoilt
from scripts.profiles.tables import read_columns, read_text

COLUMNS = {
    "source": ("source", "tf", "regulator"),
    "target": ("target", "gene", "genesymbol"),
    "weight": ("weight", "mor", "mode", "sign", "importance"),
}
"""Names that a network's columns have, the best first; ``mor`` is decoupler's mode of regulation."""


NETWORK = "a table with source, target and mor (sign or weight)"
SETS = "a .gmt, a table of sets and genes, or a list of genes"


def read_network(path: str) -> pd.DataFrame:
    """Return source, target and weight (signed; 1 where there is none), one row per edge.

    Edges named twice are averaged; those whose signs cancel out are left out.
    """
    table = read_columns(read_text(path, NETWORK), path, NETWORK)
    lower = {name.lower(): name for name in table.columns}
    found = {key: next((lower[name] for name in names if name in lower), None) for key, names in COLUMNS.items()}
    for key in ("source", "target"):
        if found[key] is None:
            raise job.UserError(f"{path}: no column {key!r}; give {NETWORK}")
    edges = pd.DataFrame({key: table[found[key]].str.strip() for key in ("source", "target")})
    weight = pd.to_numeric(table[found["weight"]], errors="coerce") if found["weight"] else pd.Series(1.0, edges.index)
    wrong = np.flatnonzero(weight.isna())
    if len(wrong):
        said = table[found["weight"]].iloc[wrong[0]]
        raise job.UserError(
            f"{path}, row {wrong[0] + 2}, column {found['weight']}: {said!r} is not a number; give one, or remove the "
            "edge"
        )
    edges = edges.assign(weight=weight.astype(float))
    edges = edges.groupby(["source", "target"], sort=True, as_index=False)["weight"].mean()
    return edges[(edges["weight"] != 0) & (edges["target"] != "")].reset_index(drop=True)


def read_sets(path: str) -> dict[str, list[str]]:
    """Return genes by set: of a .gmt file, of a table (set, gene), or of a list with one gene a line (set: its file).

    Names that a spreadsheet has spoilt are left out and named in the log.
    """
    lines = [line.rstrip("\r\n") for line in read_text(path, SETS).split("\n")]
    lines = [line for line in lines if line.strip()]
    if not lines:
        raise job.UserError(f"{path}: the file is empty; give {SETS}")
    fields = [line.split("\t") for line in lines]
    found: dict[str, list[str]] = {}
    if ".gmt" in Path(path).suffixes or all(len(row) > 3 for row in fields):
        for row in fields:
            found.setdefault(row[0], []).extend(row[2:])
    elif len(fields[0]) > 1:
        names = [name.lower() for name in fields[0]]
        gene = names.index("gene") if "gene" in names else 1
        for number, row in enumerate(fields[1:], start=2):
            if len(row) <= gene:
                raise job.UserError(f"{path}, row {number}: no gene next to {row[0]!r}; add it, or remove the row")
            found.setdefault(row[0], []).append(row[gene])
    else:
        found[bare_name(path)] = [row[0] for row in fields]
    clean = {}
    for name, own in found.items():
        genes = [gene.strip() for gene in own if gene.strip()]
        spoilt = [gene for gene in genes if looks_spoilt(gene)]
        if spoilt:
            job.log.warning("%s, %s: %d names are dates or numbers, left out (%s)", path, name, len(spoilt), spoilt[0])
        clean[name] = list(dict.fromkeys(gene for gene in genes if not looks_spoilt(gene)))
    return clean


def set_table(sets: dict[str, list[str]]) -> pd.DataFrame:
    """Return sets as rows of source and target, as decoupler takes them."""
    rows = [(name, gene) for name, genes in sets.items() for gene in genes]
    return pd.DataFrame(rows, columns=["source", "target"]).drop_duplicates()
